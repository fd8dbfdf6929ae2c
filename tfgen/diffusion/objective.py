"""The loss of a denoiser: what it predicts, weighted by noise level, and the bound's terms."""

import math
from typing import Any

import tensorflow as tf

from tfgen.core import split_seed
from tfgen.diffusion.bound import fixed_part, negative_bound_term
from tfgen.diffusion.denoiser import Denoised
from tfgen.diffusion.process import ReverseVariance, like, stratified_times


def loss_terms(variance: ReverseVariance) -> tuple[str, ...]:
    """Names of the terms of `denoising_loss`, in order."""
    if variance.learned:
        return ("hybrid_loss", "denoising_mse", "negative_elbo")
    return ("denoising_mse",)


def denoising_loss(
    model: Any, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
) -> dict[str, tf.Tensor]:
    """E_{t, x_0, noise} w(sigma_t) |x_0 - x_0(x_t, t)|^2, t ~ U{1..T}.

    Without a weighting w = 1 / c_out^2, what the network outputs at all levels alike; with
    `Epsilon()` that is L_simple of Ho et al. (2020), Eq. 14. The mean over dimensions, not their
    sum, as in the papers' own figures. Times are stratified over the batch. In training the
    condition is left out at the model's `drop_rate` (`Condition.in_training`).

    Where the variance is learned it is Nichol & Dhariwal's (2021) hybrid, Eq. 16: the bound, in
    nats per dimension, is added with a small weight, and moves the variance alone.

    Args:
        model: a `DDPM`.
        batch: `(x,)` or `(x, given)`.
        seed: int32 `(2,)`.
        training: whether the denoiser itself runs, or its average.
    """
    x, given = (*batch, None)[:2]
    x0 = model.rescale(tf.cast(x, tf.float32))
    num_examples = tf.shape(x0)[0]
    time_seed, noise_seed, drop_seed = split_seed(seed, 3)
    t = stratified_times(num_examples, model.schedule.num_steps, time_seed)
    sigma = model.schedule.sigma(t)
    noise = tf.random.stateless_normal(tf.shape(x0), noise_seed)
    noisy = x0 + like(sigma, x0) * noise
    if training and given is not None:
        given = model.condition.in_training(given, model.drop_rate, drop_seed)
    network = model.denoiser if training else model.averaged_denoiser
    output, share = model.network_outputs(network, noisy, sigma, given, training)
    target = model.prediction.target(x0, noise, sigma)
    errors = tf.square(target - output)
    if model.weighting is not None:
        # w(sigma) |x_0 - prediction|^2, without the digits that x_0 - prediction loses.
        weight = model.weighting(sigma) * tf.square(model.prediction.c_out(sigma))
        errors *= like(weight, x0)
    mse = tf.reduce_mean(errors)
    if share is None:
        return {"denoising_mse": mse}
    start = model.support.project(model.prediction.start(output, noisy, sigma))
    xt = like(tf.sqrt(1 / (1 + tf.square(sigma))), x0) * noisy
    p = model.reverse(xt, t, Denoised(tf.stop_gradient(start), share))
    terms = model.schedule.num_steps * negative_bound_term(model, x0, xt, t, p)
    negative_elbo = tf.reduce_mean(terms - fixed_part(model, x0))
    per_dimension = negative_elbo / math.prod(model.event_shape)
    hybrid = mse + model.variance.bound_weight * per_dimension
    return {"hybrid_loss": hybrid, "denoising_mse": mse, "negative_elbo": negative_elbo}
