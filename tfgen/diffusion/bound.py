"""The variational bound of a diffusion model."""

import math

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import split_seed
from tfgen.diffusion import process

tfd = tfp.distributions


def variational_bound(model, x, num_terms, *, seed):
    """-(L_T + sum_{t > 1} L_{t-1} + L_0) <= log p(x)  (Ho et al. 2020, Eq. 5), estimated.

    Every term takes one draw of x_t, so the estimate is unbiased. Of the T terms `num_terms` are
    taken, stratified over t, which keeps it so and makes it noisier.

    Args:
        model: a `DiffusionModel`.
        x: `[batch, *event_shape]`, float32; images in [0, 1].
        num_terms: evaluations of the denoiser for each example, an int in 1..T.
        seed: int32 `(2,)`.
    Returns:
        `[batch]`, in nats, summed over dimensions.
    """
    num_steps = model.schedule.num_steps
    x0 = model.rescale(x)
    low, high = (-1, 1) if model.is_image else (0, 1)
    # The density of the data, not of x_0: dx_0 = 2 dx for images.
    log_volume = 0.0 if model.levels else math.log(high - low) * math.prod(model.event_shape)
    time_seed, noise_seed = split_seed(seed, 2)
    # The integers k T + offset, k < num_terms, are a stratified cover of 0..(num_terms T - 1).
    offset = tf.random.stateless_uniform(tf.shape(x0)[:1], time_seed, 0, num_steps, tf.int32)

    def add_term(k, total):
        t = 1 + (k * num_steps + offset) // num_terms
        xt = model.q(x0, t).sample(seed=tf.random.experimental.stateless_fold_in(noise_seed, k))
        p = model.p(xt, t)
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


def discretized_log_prob(p, x0, levels, low, high):
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
