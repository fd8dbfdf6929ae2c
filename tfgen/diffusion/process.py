"""The Gaussian forward process of a schedule, its posteriors, and the reverse variances.

Functions of t speak of the paper's x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) noise.
"""

import abc

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured
from tfgen.core.size_checks import check_not_negative
from tfgen.diffusion import variances
from tfgen.diffusion.schedules import Schedule

tfd = tfp.distributions


def like(value: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Casts `[batch]` or scalar coefficients to x's dtype, with axes to multiply x's events."""
    return _spread(tf.cast(value, x.dtype), x)


def _spread(value, x):
    """`[batch]` as `[batch, 1, ...]`, of x's rank; what has another rank stays."""
    return tf.reshape(value, [-1] + [1] * (x.shape.rank - 1)) if value.shape.rank == 1 else value


def normal(mean: tf.Tensor, variance: tf.Tensor) -> tfd.Independent:
    """N(mean, variance) over whole examples; `variance` is `[batch]`, a scalar, or mean-shaped."""
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
    level = schedule.sigma(s)
    return variances.posterior_variance(schedule.sigma(t), level) / (1 + tf.square(level))


def posterior_mean(
    schedule: Schedule, xt: tf.Tensor, x0: tf.Tensor, t: int | tf.Tensor
) -> tf.Tensor:
    """mu_tilde_t(x_t, x_0), the mean of q(x_{t-1} | x_t, x_0)  (Ho et al. 2020, Eq. 7)."""
    alpha_bar, previous = schedule.alpha_bar(t), schedule.alpha_bar(t - 1)
    beta = schedule.beta(t)
    x0_weight = tf.sqrt(previous) * beta / (1 - alpha_bar)
    xt_weight = tf.sqrt(1 - beta) * (1 - previous) / (1 - alpha_bar)
    return like(x0_weight, x0) * x0 + like(xt_weight, xt) * xt


def stratified_times(num_examples: int | tf.Tensor, num_steps: int, seed: tf.Tensor) -> tf.Tensor:
    """Times for some examples, one in each of as many equal parts of 1..T.

    Each example's own time is uniform; together they are as even as can be, which takes most of
    the noise out of a mean over t (Kingma et al. 2021, appendix I.1).

    Args:
        num_examples: n, int or int32 scalar.
        num_steps: T.
        seed: int32 `(2,)`.
    Returns:
        int32 `[num_examples]`, in 1..T.
    """
    count = tf.cast(num_examples, tf.int64)
    offset = tf.random.stateless_uniform((), seed, maxval=count * num_steps, dtype=tf.int64)
    places = (tf.range(count) * num_steps + offset) % (count * num_steps)
    return 1 + tf.cast(places // count, tf.int32)


class ReverseVariance(Configured, abc.ABC):
    """The variance of p(x_{t-1} | x_t), a function of the two noise levels.

    Attributes:
        learned: whether the denoiser's output says it too, beside x_0.
    """

    learned = False

    @abc.abstractmethod
    def __call__(
        self, sigma: tf.Tensor, next_sigma: tf.Tensor, share: tf.Tensor | None = None
    ) -> tf.Tensor:
        """The variance of the step from one noise level to the next, of x_0 + next_sigma noise.

        Args:
            sigma, next_sigma: float64, of one shape that multiplies `share`, sigma > next_sigma.
            share: what the denoiser says of it (see `Denoised`); None where nothing is learned.
        """

    def first(self, schedule: Schedule, share: tf.Tensor | None = None) -> tf.Tensor:
        """sigma_1^2, of p(x_0 | x_1): beta_tilde_2, as beta_tilde_1 = 0 would make it a point."""
        return posterior_variance(schedule, 2, 1)

    def at(
        self, schedule: Schedule, t: int | tf.Tensor, share: tf.Tensor | None = None
    ) -> tf.Tensor:
        """sigma_t^2, of the paper's p(x_{t-1} | x_t).

        Args:
            schedule: a `Schedule`.
            t: integers in 1..T, `[batch]` or a scalar.
            share: `[batch, *event_shape]`, or None.
        Returns:
            float64 of the shape of t, or float32 `[batch, *event_shape]`.
        """
        # A step to the level 0 has a variance of 0, and no logarithm.
        later = tf.maximum(t, 2)
        sigma, next_sigma, is_later = (
            schedule.sigma(later),
            schedule.sigma(later - 1),
            tf.equal(t, later),
        )
        if share is not None:
            sigma, next_sigma, is_later = (
                _spread(each, share) for each in (sigma, next_sigma, is_later)
            )
        variance = self(sigma, next_sigma, share)
        variance /= tf.cast(1 + tf.square(next_sigma), variance.dtype)
        return tf.where(is_later, variance, tf.cast(self.first(schedule, share), variance.dtype))


class PosteriorVariance(ReverseVariance):
    """sigma_t^2 = beta_tilde_t: right for data at one point (Ho et al. 2020, section 3.2)."""

    def __call__(
        self, sigma: tf.Tensor, next_sigma: tf.Tensor, share: tf.Tensor | None = None
    ) -> tf.Tensor:
        return variances.posterior_variance(sigma, next_sigma)


class ForwardVariance(ReverseVariance):
    """sigma_t^2 = beta_t: right for x_0 ~ N(0, I) (Ho et al. 2020, section 3.2).

    t = 1 takes beta_tilde_2 instead, as the authors' code does: their bound is tighter with it.
    """

    def __call__(
        self, sigma: tf.Tensor, next_sigma: tf.Tensor, share: tf.Tensor | None = None
    ) -> tf.Tensor:
        return variances.forward_variance(sigma, next_sigma)


class LearnedVariance(ReverseVariance):
    """Learned, between the two on a logarithmic scale  (Nichol & Dhariwal 2021, Eq. 15 and 16).

    The denoiser has twice the channels, the latter half for the variances, each in its limits. The
    loss is L_simple + bound_weight L_vlb, whose gradient moves the variances alone; L_vlb is in
    nats per dimension.

    Args:
        bound_weight: their lambda, not negative.
    Raises:
        ValueError: `bound_weight` is negative.
    """

    learned = True

    def __init__(self, bound_weight: float = 0.001) -> None:
        self.bound_weight = check_not_negative(bound_weight, "bound_weight")

    def __call__(
        self, sigma: tf.Tensor, next_sigma: tf.Tensor, share: tf.Tensor | None = None
    ) -> tf.Tensor:
        return variances.learned_variance(sigma, next_sigma, share)

    def first(self, schedule: Schedule, share: tf.Tensor | None = None) -> tf.Tensor:
        """Between beta_tilde_2 and beta_1."""
        least = posterior_variance(schedule, 2, 1)
        log_ratio = tf.math.log(schedule.beta(1) / least)
        return tf.cast(least, share.dtype) * tf.exp(share * tf.cast(log_ratio, share.dtype))
