"""Precision, recall, density and coverage of generated images, by balls of nearest neighbours."""

from typing import NamedTuple

import numpy as np

from tfgen.core import check_count
from tfgen.core.typing import ArrayLike
from tfgen.evaluation.fidelity.features import check_pair
from tfgen.evaluation.fidelity.neighbours import common_rows, pairs_of_blocks, radii


class PrecisionRecall(NamedTuple):
    """See `precision_recall`.

    Attributes:
        precision: share of generated images among the real ones.
        recall: share of real images among the generated ones.
    """

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """See `density_coverage`.

    Attributes:
        density: how many of k balls a generated image lies in, on average: 1 is what real images
            would have; it may be above.
        coverage: share of real images whose ball holds a generated one.
    """

    density: float
    coverage: float


def precision_recall(real: ArrayLike, fake: ArrayLike, k: int = 3) -> PrecisionRecall:
    """How many generated images look real, and how many real ones could have been generated.

    A set's support is estimated by balls about its points that reach to the k-th nearest other
    point; precision is the share of generated points within the real support, recall that of real
    points within the generated one (Kynkaanniemi et al. 2019, Eq. 2). The number of images matters:
    compare figures of equally many.

    Args:
        real, fake: features, `[n, d]` and `[m, d]`, each more than k rows.
        k: of the k-th nearest neighbour; 3 as in the paper.
    Returns:
        `PrecisionRecall`, both in [0, 1].
    Raises:
        ValueError: bad features, or k that they do not have.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(50, 2))
        >>> precision_recall(x, x[:10] / 100)
        PrecisionRecall(precision=1.0, recall=0.0)
    """
    figures = _figures(real, fake, k)
    return PrecisionRecall(figures["precision"], figures["recall"])


def density_coverage(real: ArrayLike, fake: ArrayLike, k: int = 5) -> DensityCoverage:
    """How densely generated images lie among real ones, and how many of these they reach.

    Density is 1 / (k m) sum_j sum_i [fake_j in the ball of real_i], coverage 1 / n sum_i [the ball
    of real_i holds a fake_j], with balls as for `precision_recall`, about real points alone: an
    outlier among the generated ones changes neither (Naeem et al. 2020, Eq. 4 and 5).

    Args:
        real, fake: features, `[n, d]`, more than k rows, and `[m, d]`.
        k: of the k-th nearest neighbour; 5 as in the paper.
    Returns:
        `DensityCoverage`.
    Raises:
        ValueError: bad features, or k that they do not have.
    """
    figures = _figures(real, fake, k, of_fake=False)
    return DensityCoverage(figures["density"], figures["coverage"])


def prdc(real: ArrayLike, fake: ArrayLike, k: int = 5) -> dict[str, float]:
    """All four at one k, for the price of one: see `precision_recall` and `density_coverage`.

    Args:
        real, fake: features, `[n, d]` and `[m, d]`, each more than k rows.
        k: of the k-th nearest neighbour.
    Returns:
        `{"precision": ..., "recall": ..., "density": ..., "coverage": ...}`.
    Raises:
        ValueError: bad features, or k that they do not have.
    """
    return _figures(real, fake, k)


def _figures(real, fake, k, of_fake=True):
    real, fake = check_pair(real, fake, least=1)
    check_count(k, "k")
    for name, x in {"real": real, **({"fake": fake} if of_fake else {})}.items():
        if len(x) <= k:
            raise ValueError(f"expected more than k = {k} rows of {name}. Received: {len(x)}")
    (real, fake), _ = common_rows(real, fake)
    real_radii = radii(real, [k])[k]
    fake_radii = radii(fake, [k])[k] if of_fake else None
    balls = np.zeros(len(fake), "int64")  # of real points about each fake one
    holds = np.zeros(len(real), bool)
    recalled = np.zeros(len(real), bool)
    for rows, columns in pairs_of_blocks(real, fake):
        # The balls are closed: a point on the surface, as of duplicates, is in whatever rounding.
        found = real.distances(rows, fake, columns, least=True)
        within = found <= real_radii[rows, None]
        balls[columns] += np.count_nonzero(within, axis=0)
        holds[rows] |= within.any(axis=1)
        if of_fake:
            recalled[rows] |= (found <= fake_radii[columns]).any(axis=1)
    figures = {
        "precision": float(np.mean(balls > 0)),
        "density": float(balls.sum() / (k * len(fake))),
        "coverage": float(holds.mean()),
    }
    if of_fake:
        figures["recall"] = float(recalled.mean())
    return {
        name: figures[name]
        for name in ("precision", "recall", "density", "coverage")
        if name in figures
    }
