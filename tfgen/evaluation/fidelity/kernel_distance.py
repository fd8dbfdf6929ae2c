"""The kernel distance between two sets of features, KID (Binkowski et al. 2018)."""

from typing import NamedTuple

import numpy as np

from tfgen.core import check_count
from tfgen.core.size_checks import check_not_negative, check_positive
from tfgen.core.typing import ArrayLike
from tfgen.evaluation.fidelity.features import check_pair


class KernelDistance(NamedTuple):
    """A kernel distance, and how well it is known (see `kernel_distance`).

    Attributes:
        mean: over the subsets. Unbiased: around 0 for two sets of one distribution, and so below
            0 as often as above.
        standard_error: of the mean, over the images.
        standard_deviation: of one subset, over the subsets; packages print it beside the mean.
    """

    mean: float
    standard_error: float
    standard_deviation: float


def kernel_distance(
    real: ArrayLike,
    fake: ArrayLike,
    *,
    num_subsets: int = 100,
    max_subset_size: int = 1000,
    degree: int = 3,
    gamma: float | None = None,
    coef0: float = 1.0,
    seed: int = 0,
) -> KernelDistance:
    """Squared maximum mean discrepancy with a polynomial kernel, the mean over random subsets.

    The kernel is (gamma x.y + coef0)^degree; with the features of InceptionV3 this is the "kernel
    inception distance". The sets are shuffled and cut into subsets again and again: those of one
    shuffle share no image, so that their spread says how well the mean is known.

    Args:
        real, fake: features, `[n, d]` and `[m, d]`, at least 4 rows.
        num_subsets: at least 2.
        max_subset_size: rows of a subset of each, at least 2; at most half of the smaller set.
        degree, gamma, coef0: of the kernel; gamma None is 1 / d.
        seed: of the shuffles.
    Returns:
        `KernelDistance`.
    Raises:
        ValueError: bad features or numbers.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(40, 2))
        >>> kernel_distance(x, x + 1).mean > 1
        True
    """
    real, fake = check_pair(real, fake, least=4)
    for name, value in (("num_subsets", num_subsets), ("max_subset_size", max_subset_size)):
        if check_count(value, name) < 2:
            raise ValueError(f"expected {name} to be at least 2. Received: {value!r}")
    kernel = {"degree": degree, "gamma": gamma, "coef0": coef0}
    random = np.random.default_rng(seed)
    fewest = min(len(real), len(fake))
    size = min(max_subset_size, fewest // 2)
    estimates: list[float] = []
    within = []
    while len(estimates) < num_subsets:
        orders = random.permutation(len(real)), random.permutation(len(fake))
        apart = [
            maximum_mean_discrepancy(
                *(x[o[b : b + size]] for x, o in zip((real, fake), orders, strict=True)), **kernel
            )
            for b in range(0, size * min(fewest // size, num_subsets - len(estimates)), size)
        ]
        estimates += apart
        if len(apart) > 1:
            within.append(np.var(apart, ddof=1) / min(fewest // size, num_subsets))
    return KernelDistance(
        float(np.mean(estimates)), float(np.sqrt(np.mean(within))), float(np.std(estimates))
    )


def maximum_mean_discrepancy(
    x: ArrayLike,
    y: ArrayLike,
    *,
    degree: int = 3,
    gamma: float | None = None,
    coef0: float = 1.0,
) -> float:
    """MMD^2 with the kernel (gamma x.y + coef0)^degree, unbiased (Gretton et al. 2012, Eq. 3).

    mean_{i != j} k(x_i, x_j) + mean_{i != j} k(y_i, y_j) - 2 mean_{i, j} k(x_i, y_j). All pairs
    are held at once.

    Args:
        x, y: features, `[n, d]` and `[m, d]`, at least 2 rows.
        degree: integer of at least 1.
        gamma: positive; None is 1 / d.
        coef0: 0 or more.
    Raises:
        ValueError: bad features or numbers.
    """
    x, y = (each.astype("float64") for each in check_pair(x, y))
    check_count(degree, "degree")
    gamma = 1 / x.shape[1] if gamma is None else check_positive(gamma, "gamma")
    check_not_negative(coef0, "coef0")

    def kernel(a, b):
        base = gamma * (a @ b.T) + coef0
        value = base.copy()
        for _ in range(degree - 1):  # `**` takes ten times as long
            value *= base
        return value

    def mean_of_others(a):
        values = kernel(a, a)
        return (values.sum() - np.trace(values)) / (len(a) * (len(a) - 1))

    return float(mean_of_others(x) + mean_of_others(y) - 2 * kernel(x, y).mean())
