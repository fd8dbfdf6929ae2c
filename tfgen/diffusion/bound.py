"""The variational bound of a diffusion model."""

import math
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import integer_by_example, normal_by_example
from tfgen.diffusion import process
from tfgen.distributions import reparameterize

tfd = tfp.distributions


def variational_bound(
    model: Any,
    x: tf.Tensor,
    num_terms: int,
    *,
    seeds: tf.Tensor,
    given: tf.Tensor | None = None,
) -> tf.Tensor:
    """-(L_T + sum_{t > 1} L_{t-1} + L_0) <= log p(x)  (Ho et al. 2020, Eq. 5), estimated.

    Every term takes one draw of x_t, so the estimate is unbiased. Of the T terms `num_terms` are
    taken, stratified over t, which keeps it so and makes it noisier.

    Args:
        model: a `DiffusionModel`.
        x: `[batch, *event_shape]`, float32; images in [0, 1].
        num_terms: evaluations of the denoiser for each example, an int in 1..T.
        seeds: int32 `[batch, 2]`, one for each example.
        given: what the denoiser reads of the conditions, `[batch, ...]`.
    Returns:
        `[batch]`, in nats, summed over dimensions.
    """
    num_steps = model.schedule.num_steps
    x0 = model.rescale(x)
    low, high = (-1, 1) if model.is_image else (0, 1)
    # The density of the data, not of x_0: dx_0 = 2 dx for images.
    log_volume = 0.0 if model.levels else math.log(high - low) * math.prod(model.event_shape)
    # The integers k T + offset, k < num_terms, are a stratified cover of 0..(num_terms T - 1).
    offset = integer_by_example(seeds, num_steps)

    def add_term(k, total):
        t = 1 + (k * num_steps + offset) // num_terms
        noise = normal_by_example(seeds, model.event_shape, k)
        xt = reparameterize(model.q(x0, t), noise)
        p = model.p(xt, t, given)
        # KL(q || p) at t = 1 would be of a point: L_0 takes its place.
        kl = model.posterior(xt, x0, tf.maximum(t, 2)).kl_divergence(p)
        if model.levels is None:
            decoder_log_prob = p.log_prob(x0)
        else:
            decoder_log_prob = discretized_log_prob(p, x0, model.levels, low, high)
        return k + 1, total + tf.where(t > 1, kl, -decoder_log_prob)

    # One term at a time: each one at work needs memory of its own, and TensorFlow's fused bfloat16
    # convolutions on CPUs crash where two iterations run the same one together.
    _, total = tf.while_loop(
        lambda k, total: k < num_terms,
        add_term,
        [0, tf.zeros(tf.shape(x0)[:1])],
        parallel_iterations=1,
    )
    prior_kl = model.q(x0, num_steps).kl_divergence(process.normal(tf.zeros_like(x0), 1.0))
    return log_volume - prior_kl - total * num_steps / num_terms


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
