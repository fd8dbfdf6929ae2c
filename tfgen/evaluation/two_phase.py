"""A dear estimate of all examples from a cheap one of all and the gap between both on a few."""

import math
from typing import Any

import numpy as np

from tfgen.core import GenerativeModel, check_count, check_seed, split_seed
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.evaluation.estimate import Estimate, RunningMoments, bits_per_dim
from tfgen.evaluation.estimators import Estimator, ImportanceWeighted
from tfgen.evaluation.likelihood import protocol_of, scored_blocks


def two_phase_likelihood(
    model: GenerativeModel,
    data: Any,
    *,
    condition: ArrayLike | None = None,
    cheap: Estimator = ImportanceWeighted(50),
    dear: Estimator = ImportanceWeighted(5000),
    num_examples: int = 500,
    seed: SeedLike = 0,
    batch_size: int | None = 100,
    verbose: int = 0,
    protocol: dict[str, Any] | None = None,
) -> Estimate:
    """mean(cheap) over all N examples + mean(dear - cheap) over a random n of them.

    An unbiased estimate of the mean of the dear one over all (double sampling, Cochran 1977,
    section 12.1). Its variance over data and choices is S^2(dear) / N + (1 - n / N) S^2(gap) / n,
    with the sample variances S^2 of the n; so the dear estimator is called on few examples where
    the gap varies less than log p(x) does.

    Args:
        model, data, condition, seed, batch_size, verbose, protocol: as for `likelihood`.
        cheap: estimator for all examples.
        dear: estimator for some.
        num_examples: n, at least 2; all of them where there are no more.
    Returns:
        The `Estimate`; its protocol says n as "num_dear_examples".
    Raises:
        ValueError: as for `likelihood`, or bad numbers.

    Example:
        >>> model = tfgen.VAE.default((4,), latent_dim=2)
        >>> x = tf.round(model.sample(60, seed=0))
        >>> few, many = (tfgen.evaluation.ImportanceWeighted(k) for k in (1, 100))
        >>> two_phase_likelihood(model, x, cheap=few, dear=many, num_examples=20).kind
        'IWAE, k = 1, and its mean gap to IWAE, k = 100'
    """
    if check_count(num_examples, "num_examples") < 2:
        raise ValueError(f"expected num_examples to be at least 2. Received: {num_examples}")
    kind = f"{cheap.kind(model)}, and its mean gap to {dear.kind(model)}"
    first_seed, second_seed, choice_seed = split_seed(check_seed(seed), 3)
    chosen, moments = _Reservoir(num_examples, choice_seed.numpy()), RunningMoments()
    for (x, y), values in scored_blocks(
        model, data, cheap, condition, seed=first_seed, batch_size=batch_size, verbose=verbose
    ):
        moments.add(values)
        chosen.add(np.asarray(x), None if y is None else np.asarray(y), values)
    x, y, before = chosen.columns()
    after, gap = RunningMoments(), RunningMoments()
    for _, values in scored_blocks(
        model, x, dear, y, seed=second_seed, batch_size=batch_size, verbose=verbose
    ):
        gap.add(values - before[after.count : after.count + len(values)])
        after.add(values)
    total, few = moments.count, after.count
    variance = after.variance / total + (1 - few / total) * gap.variance / few
    mean = moments.mean + gap.mean
    return Estimate(
        mean,
        math.sqrt(variance) if math.isfinite(variance) else None,
        kind,
        bits_per_dim(mean, model.event_shape, model.levels),
        {**protocol_of(model, total, seed, protocol), "num_dear_examples": few},
    )


class _Reservoir:
    """n rows of a stream of unknown length, each set of n as likely (Vitter 1985, Algorithm R)."""

    def __init__(self, size, seed):
        self._size, self._seen, self._rows = size, 0, []
        self._random = np.random.default_rng(np.asarray(seed, "uint32"))

    def add(self, *columns):
        for index in range(len(columns[0])):
            place = int(self._random.integers(self._seen + 1))
            self._seen += 1
            if len(self._rows) < self._size:
                place = len(self._rows)
                self._rows.append(None)
            if place < self._size:
                self._rows[place] = tuple(None if c is None else c[index].copy() for c in columns)

    def columns(self):
        """What was kept, column by column; None for a column of which there was none."""
        columns = zip(*self._rows, strict=True)
        return [None if column[0] is None else np.stack(column) for column in columns]
