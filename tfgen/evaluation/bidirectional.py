"""How far annealed importance sampling is from log p(x), on data for which that can be said."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import GenerativeModel, check_count, check_seed, fold_in, split_seed
from tfgen.core.arrays import whole_batches
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.evaluation.annealed_importance_sampling import AnnealedImportanceSampling
from tfgen.evaluation.estimate import Estimate, RunningMoments, bits_per_dim
from tfgen.evaluation.likelihood import protocol_of


class Bidirectional(NamedTuple):
    """log p(x) of examples drawn from a model, between two bounds, each an `Estimate`.

    Attributes:
        lower: of walks from the prior to p(x, z).
        upper: of walks back, from the z of which x was drawn.
        gap: upper - lower, of each example: no less than what either is off by, on average.
    """

    lower: Estimate
    upper: Estimate
    gap: Estimate


def bidirectional_gap(
    model: GenerativeModel,
    num_examples: int,
    *,
    condition: ArrayLike | None = None,
    estimator: AnnealedImportanceSampling = AnnealedImportanceSampling(),
    seed: SeedLike = 0,
    batch_size: int | None = 100,
) -> Bidirectional:
    """log p(x) of simulated x from below and from above (Grosse et al. 2015, section 3).

    z, x ~ p(z) p(x | z) makes z an exact draw of p(z | x). Walks from there back to the prior have
    E[1 / w] = p(x)^-1 where w is as the walks there have it, so that
    E[log mean(w)] <= log p(x) <= E[-log mean(1 / w)]. A small gap says that the estimator does well
    on data like the model's own, and whether on others, too, as far as these are like them.

    Args:
        model: one with `log_joint`.
        num_examples: how many are drawn, at least 2.
        condition: for a model that has one: one for each example, or one for all.
        estimator: whose gap is asked.
        seed: of all draws.
        batch_size: examples of one call; None for all at once.
    Returns:
        `Bidirectional`.
    Raises:
        ValueError: a model without `log_joint`, or bad arguments.

    Example:
        >>> from tfgen.evaluation import AnnealedImportanceSampling
        >>> model = tfgen.VAE.default((4,), latent_dim=2)
        >>> short = AnnealedImportanceSampling(num_steps=5, num_chains=4)
        >>> bidirectional_gap(model, 10, estimator=short).gap.kind
        'gap of AIS, 5 steps, 4 chains'
    """
    kind = estimator.kind(model)
    if check_count(num_examples, "num_examples") < 2:
        raise ValueError(f"expected num_examples to be at least 2. Received: {num_examples}")
    given = model.read_condition(condition, num_examples)
    size = min(num_examples, check_count(batch_size or num_examples, "batch_size"))
    moments = [RunningMoments() for _ in range(3)]
    for index, rows in enumerate(whole_batches(num_examples, size)):
        part = None if given is None else tf.gather(given, rows)
        bounds = _bounds(model, size, part, estimator, fold_in(check_seed(seed), index))
        lower, upper = (each[: num_examples - index * size] for each in bounds)
        for values, figure in zip((lower, upper, upper - lower), moments, strict=True):
            figure.add(values)
    protocol = protocol_of(model, num_examples, seed, {"data": "drawn from the model"})

    def estimate(figure, kind, is_density):
        levels = model.levels if is_density else None
        bits = bits_per_dim(figure.mean, model.event_shape, levels)
        return Estimate(figure.mean, figure.standard_error, kind, bits, protocol)

    lower, upper, gap = moments
    return Bidirectional(
        estimate(lower, kind, True),
        estimate(upper, f"{kind}, from above", True),
        estimate(gap, f"gap of {kind}", False),
    )


def _bounds(model, size, given, estimator, seed):
    z_seed, x_seed, lower_seed, upper_seed = split_seed(seed, 4)
    z = model.prior_distribution().sample(size, seed=z_seed)
    # Not `model.sample`, which clips continuous images: then z would be no draw of p(z | x).
    x = model.p(z, given).sample(seed=x_seed)
    there = estimator.log_weights(model, x, given, lower_seed)
    back = estimator.reverse_log_weights(model, z, x, given, upper_seed)
    lower = tfp.math.reduce_logmeanexp(there, axis=0)
    upper = -tfp.math.reduce_logmeanexp(back, axis=0)
    return np.asarray(lower, "float64"), np.asarray(upper, "float64")
