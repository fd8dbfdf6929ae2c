"""What a model's latent variables say of its data."""

import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgen.core import GenerativeModel, check_count, check_seed, fold_in
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.distributions import sample_and_log_prob
from tfgen.evaluation.estimate import Estimate, RunningMoments, bits_per_dim
from tfgen.evaluation.estimators import check_method, posterior_log_prob
from tfgen.evaluation.likelihood import protocol_of

# Densities of one z under q(z | x_n) at a time: bounds the memory, at 4 bytes for each dimension.
_PAIRS = 2**18


class LatentInformation(NamedTuple):
    """Where the bound of a latent-variable model goes, in nats (see `latent_information`).

    Attributes:
        distortion: -E_q[log p(x | z)], an `Estimate`, like the four below.
        rate: E_q[log q(z | x) - log p(z)], KL(q(z | x) || p(z)).
        mutual_information: E_q[log q(z | x) - log q(z)], I(x; z) of the N examples.
        aggregate_kl: E_q[log q(z) - log p(z)], KL(q(z) || p(z)).
        activity: variance over x of the mean of q(z | x), `[dim]`.
        active_units: how many latent dimensions have an activity above the threshold.
    """

    distortion: Estimate
    rate: Estimate
    mutual_information: Estimate
    aggregate_kl: Estimate
    activity: np.ndarray
    active_units: int


def latent_information(
    model: GenerativeModel,
    x: ArrayLike,
    *,
    condition: ArrayLike | None = None,
    num_draws: int = 1,
    threshold: float = 0.01,
    seed: SeedLike = 0,
    batch_size: int = 100,
    protocol: dict[str, Any] | None = None,
) -> LatentInformation:
    """Rate = mutual information + KL of the aggregate posterior to the prior.

    The aggregate posterior is q(z) = 1/N sum_n q(z | x_n) over the N examples that are given, and
    x one of them, each as likely: I(x; z) is then at most log N, and
    E_x KL(q(z | x) || p(z)) = I(x; z) + KL(q(z) || p(z))  (Hoffman & Johnson 2016, Eq. 6). The
    same draws of z go into all four, so that the equation holds for the estimates. A latent
    dimension is active where Var_x(E_q[z]) > 0.01  (Burda et al. 2016, section 5.2).

    Each draw is compared with all N posteriors: N^2 num_draws densities. 10,000 examples are a
    minute's work, and more than most tables of these figures have.

    Args:
        model: one with `posterior_params`, `posterior` and `log_joint`, such as `VAE`.
        x: `[n, *event_shape]`, float32; images in [0, 1].
        condition: for a model that has one: one for each example, or one for all. The mutual
            information is then that with x and y together.
        num_draws: of z for each x.
        threshold: of activity.
        seed: of the draws.
        batch_size: examples of one call.
        protocol: what else is known of the data (see `likelihood`).
    Returns:
        `LatentInformation`; its standard errors are over examples and draws.
    Raises:
        ValueError: a model without an encoder's parameters, or with a posterior without an inverse,
            as planar flows; bad x, conditions or numbers.

    Example:
        >>> model = tfgen.VAE.default((4,), latent_dim=2)
        >>> found = latent_information(model, tf.round(model.sample(20, seed=0)))
        >>> parts = found.mutual_information.mean + found.aggregate_kl.mean
        >>> np.allclose(parts, found.rate.mean, atol=1e-5)
        True
    """
    check_method("latent information", model, "posterior_params")
    check_count(num_draws, "num_draws")
    check_count(batch_size, "batch_size")
    if not threshold >= 0:
        raise ValueError(f"expected threshold to be 0 or more. Received: {threshold!r}")
    x = model.check(x)
    given = model.read_condition(condition, tf.shape(x)[0])
    cut = lambda array, rows: None if array is None else array[rows]
    parts = [slice(begin, begin + batch_size) for begin in range(0, len(x), batch_size)]
    params = tf.concat(
        [tf.cast(model.posterior_params(x[p], cut(given, p)), tf.float32) for p in parts], axis=0
    )
    figures = [RunningMoments() for _ in range(4)]
    codes = []
    for index, part in enumerate(parts):
        shape = (num_draws, len(x[part]), model.latent_dim)
        draws = tf.random.stateless_normal(shape, fold_in(check_seed(seed), index))
        z, log_q = sample_and_log_prob(model.posterior(params[part]), draws)
        codes.append(model.encode_mean(x[part], cut(given, part)))
        log_prior = model.prior_distribution().log_prob(z)
        log_aggregate = aggregate_log_prob(model, z, params)
        log_likelihood = model.p(z, cut(given, part)).log_prob(x[part])
        terms = (
            -log_likelihood,
            log_q - log_prior,
            log_q - log_aggregate,
            log_aggregate - log_prior,
        )
        for figure, term in zip(figures, terms, strict=True):
            # Draws for one x are not independent examples.
            figure.add(tf.reduce_mean(term, axis=0))
    facts = protocol_of(model, len(x), seed, protocol)

    def estimate(figure, kind, levels=None):
        bits = bits_per_dim(-figure.mean, model.event_shape, levels)
        return Estimate(figure.mean, figure.standard_error, kind, bits, facts)

    activity = np.var(tf.concat(codes, axis=0), axis=0)
    return LatentInformation(
        estimate(figures[0], "distortion", model.levels),
        estimate(figures[1], "rate"),
        estimate(figures[2], "I(x; z)"),
        estimate(figures[3], "KL(q(z) || p(z))"),
        activity,
        int(np.sum(activity > threshold)),
    )


def aggregate_log_prob(model: GenerativeModel, z: tf.Tensor, params: tf.Tensor) -> tf.Tensor:
    """log q(z) = log 1/N sum_n q(z | x_n).

    Args:
        model: gives `posterior`.
        z: `[..., dim]`.
        params: of the N posteriors, `[N, params_size]`.
    Returns:
        `[...]`, in nats.
    """
    flat = tf.reshape(z, (-1, 1, z.shape[-1]))
    size = max(1, _PAIRS // len(params))
    parts = [
        _log_sum(model, flat[begin : begin + size], params) for begin in range(0, len(flat), size)
    ]
    return tf.reshape(tf.concat(parts, axis=0), z.shape[:-1]) - math.log(len(params))


@tf.function(reduce_retracing=True, autograph=False)
def _log_sum(model, z, params):
    # Flows do not broadcast z against their parameters.
    z = tf.repeat(z, tf.shape(params)[0], axis=1)
    return tf.reduce_logsumexp(posterior_log_prob(model.posterior(params), z), axis=-1)
