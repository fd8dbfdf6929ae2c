"""The Gaussian forward process of a schedule, its posteriors, and the reverse variances."""

import abc

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured
from tfgen.diffusion.schedules import Schedule

tfd = tfp.distributions


def like(value: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Casts `[batch]` or scalar coefficients to x's dtype, with axes to multiply x's events."""
    value = tf.cast(value, x.dtype)
    if value.shape.rank == 0:
        return value
    return tf.reshape(value, [-1] + [1] * (x.shape.rank - 1))


def normal(mean: tf.Tensor, variance: tf.Tensor) -> tfd.Independent:
    """N(mean, variance I) over whole examples; `variance` is `[batch]` or a scalar."""
    scale = like(tf.sqrt(variance), mean) * tf.ones_like(mean)
    return tfd.Independent(tfd.Normal(mean, scale), mean.shape.rank - 1)


def forward(schedule: Schedule, x0: tf.Tensor, t: int | tf.Tensor) -> tfd.Independent:
    """q(x_t | x_0) = N(sqrt(alpha_bar_t) x_0, (1 - alpha_bar_t) I)  (Ho et al. 2020, Eq. 4).

    Args:
        schedule: a `Schedule`.
        x0: `[batch, *event_shape]`, floating point.
        t: integers, `[batch]` or a scalar, in 0..T; at t = 0 the variance is 0.
    Returns:
        `tfd.Distribution`, batch shape `[batch]`.
    """
    alpha_bar = schedule.alpha_bar(t)
    return normal(like(tf.sqrt(alpha_bar), x0) * x0, 1 - alpha_bar)


def posterior_variance(schedule: Schedule, t: int | tf.Tensor, s: int | tf.Tensor) -> tf.Tensor:
    """Variance of q(x_s | x_t, x_0), s < t: float64; beta_tilde_t (Eq. 7) at s = t - 1."""
    alpha_bar_t, alpha_bar_s = schedule.alpha_bar(t), schedule.alpha_bar(s)
    return (1 - alpha_bar_s) / (1 - alpha_bar_t) * (1 - alpha_bar_t / alpha_bar_s)


def posterior_mean(
    schedule: Schedule, xt: tf.Tensor, x0: tf.Tensor, t: int | tf.Tensor
) -> tf.Tensor:
    """mu_tilde_t(x_t, x_0), the mean of q(x_{t-1} | x_t, x_0)  (Ho et al. 2020, Eq. 7)."""
    alpha_bar, previous = schedule.alpha_bar(t), schedule.alpha_bar(t - 1)
    beta = schedule.beta(t)
    x0_weight = tf.sqrt(previous) * beta / (1 - alpha_bar)
    xt_weight = tf.sqrt(1 - beta) * (1 - previous) / (1 - alpha_bar)
    return like(x0_weight, x0) * x0 + like(xt_weight, xt) * xt


class ReverseVariance(Configured, abc.ABC):
    """sigma_t^2, the variance of p(x_{t-1} | x_t)."""

    @abc.abstractmethod
    def __call__(self, schedule: Schedule, t: int | tf.Tensor) -> tf.Tensor:
        """sigma_t^2 for integer t in 1..T: float64, the shape of t."""


class PosteriorVariance(ReverseVariance):
    """sigma_t^2 = beta_tilde_t: right for data at one point (Ho et al. 2020, section 3.2).

    beta_tilde_1 = 0 would make the last step a point: t = 1 takes beta_tilde_2.
    """

    def __call__(self, schedule: Schedule, t: int | tf.Tensor) -> tf.Tensor:
        t = tf.maximum(t, 2)
        return posterior_variance(schedule, t, t - 1)


class ForwardVariance(ReverseVariance):
    """sigma_t^2 = beta_t: right for x_0 ~ N(0, I) (Ho et al. 2020, section 3.2).

    t = 1 takes beta_tilde_2 instead, as the authors' code does: their bound is tighter with it.
    """

    def __call__(self, schedule: Schedule, t: int | tf.Tensor) -> tf.Tensor:
        first = posterior_variance(schedule, 2, 1)
        return tf.where(tf.equal(t, 1), first, schedule.beta(t))
