"""The variational bound of a diffusion model, and which of its terms are drawn."""

import math
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import integer_by_example, normal_by_example
from tfgen.diffusion import process
from tfgen.diffusion.schedules import Schedule
from tfgen.distributions import reparameterize

tfd = tfp.distributions

_FINE = 1 << 24  # steps of a uniform draw


def variational_bound(
    model: Any,
    x: tf.Tensor,
    num_terms: int,
    *,
    seeds: tf.Tensor,
    given: tf.Tensor | None = None,
) -> tf.Tensor:
    """-(L_T + sum_{t > 1} L_{t-1} + L_0) <= log p(x)  (Ho et al. 2020, Eq. 5), estimated.

    Every term takes one draw of x_t. Of the T terms `num_terms` are taken, stratified over the
    distribution of `term_probabilities` and divided by their probability: the estimate stays
    unbiased, fewer terms make it noisier.

    Args:
        model: a `DiffusionModel`.
        x: `[batch, *event_shape]`, float32; images in [0, 1].
        num_terms: evaluations of the denoiser for each example, an int in 1..T.
        seeds: int32 `[batch, 2]`, one for each example.
        given: what the denoiser reads of the conditions, `[batch, ...]`.
    Returns:
        `[batch]`, in nats, summed over dimensions.
    """
    x0 = model.rescale(x)
    probabilities = term_probabilities(model.schedule, num_terms)
    cumulative = tf.constant(np.cumsum(probabilities)[:-1])
    offset = (tf.cast(integer_by_example(seeds, _FINE), tf.float64) + 0.5) / _FINE

    def add_term(k, total):
        place = (tf.cast(k, tf.float64) + offset) / num_terms
        t = 1 + tf.searchsorted(cumulative, place, side="right")
        noise = normal_by_example(seeds, model.event_shape, k)
        xt = reparameterize(model.q(x0, t), noise)
        term = negative_bound_term(model, x0, xt, t, model.p(xt, t, given))
        weight = 1 / (num_terms * tf.gather(tf.constant(probabilities), t - 1))
        return k + 1, total + tf.cast(weight, tf.float32) * term

    # One term at a time: each one at work needs memory of its own, and TensorFlow's fused bfloat16
    # convolutions on CPUs crash where two iterations run the same one together.
    _, total = tf.while_loop(
        lambda k, total: k < num_terms,
        add_term,
        [0, tf.zeros(tf.shape(x0)[:1])],
        parallel_iterations=1,
    )
    return fixed_part(model, x0) - total


def term_probabilities(schedule: Schedule, num_terms: int) -> np.ndarray:
    """How often each of the T terms is drawn where only some are: float64 `[num_steps]`.

    L_0 has a stratum to itself, so that two terms or more always hold it. The others are drawn as
    large as they are for x_0 ~ N(0, I), (1 / s_{t-1}^2 - 1 / s_t^2) s_t^2 / (1 + s_t^2) with
    s = sigma, and a tenth of the time evenly, which bounds their weights. All T terms come once
    each.

    Args:
        schedule: a `Schedule`.
        num_terms: in 1..T.
    """
    num_steps = schedule.num_steps
    if num_terms == num_steps:
        return np.full(num_steps, 1 / num_steps)
    squares = schedule.sigmas() ** 2
    sizes = (squares[1:] / squares[:-1] - 1) / (1 + squares[1:])
    others = 0.9 * sizes / sizes.sum() + 0.1 / len(sizes)
    first = 1 / max(num_terms, 2)
    return np.append(first, (1 - first) * others)


def fixed_part(model: Any, x0: tf.Tensor) -> tf.Tensor:
    """What no denoiser changes of the bound, -L_T, and the volume where x is rescaled: `[batch]`.

    Args:
        model: a `DiffusionModel`.
        x0: `[batch, *event_shape]`, float32, in the model's scale.
    """
    low, high = model.data_range
    # The density of the data, not of x_0: dx_0 = 2 dx for images.
    log_volume = 0.0 if model.levels else math.log(high - low) * math.prod(model.event_shape)
    last = model.q(x0, model.schedule.num_steps)
    return log_volume - last.kl_divergence(process.normal(tf.zeros_like(x0), 1.0))


def negative_bound_term(
    model: Any, x0: tf.Tensor, xt: tf.Tensor, t: tf.Tensor, p: tfd.Independent
) -> tf.Tensor:
    """L_{t-1} = KL(q(x_{t-1} | x_t, x_0) || p), or L_0 = -log p(x_0 | x_1) where t = 1: `[batch]`.

    Args:
        model: a `DiffusionModel`.
        x0, xt: `[batch, *event_shape]`, float32, in the model's scale.
        t: integers in 1..T, `[batch]`.
        p: p(x_{t-1} | x_t).
    """
    # KL(q || p) at t = 1 would be of a point: L_0 takes its place.
    kl = model.posterior(xt, x0, tf.maximum(t, 2)).kl_divergence(p)
    if model.levels is None:
        decoder_log_prob = p.log_prob(x0)
    else:
        decoder_log_prob = discretized_log_prob(p, x0, model.levels, *model.data_range)
    return tf.where(t > 1, kl, -decoder_log_prob)


def discretized_log_prob(
    p: tfd.Independent, x0: tf.Tensor, levels: int, low: float, high: float
) -> tf.Tensor:
    """log p(x_0 | x_1), p integrated over each level's bin  (Ho et al. 2020, Eq. 13).

    The bins of the first and the last level reach to infinity.

    Args:
        p: p(x_0 | x_1), `tfd.Independent` of `tfd.Normal`.
        x0: `[batch, *event_shape]`, on `levels` equally spaced values from `low` to `high`.
    Returns:
        `[batch]`, in nats, summed over dimensions.
    """
    per_unit = (levels - 1) / (high - low)
    normal = p.distribution
    # Quantized takes the integral over (level - 1, level].
    in_levels = tfd.Normal((normal.loc - low) * per_unit - 0.5, normal.scale * per_unit)
    quantized = tfd.QuantizedDistribution(in_levels, low=0.0, high=levels - 1.0)
    log_probs = quantized.log_prob(tf.round((x0 - low) * per_unit))
    return tf.reduce_sum(log_probs, axis=list(range(1, x0.shape.rank)))
