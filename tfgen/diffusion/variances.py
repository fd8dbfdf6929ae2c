"""Variances of the reverse step from noise level t to s < t, in the scale x = x_0 + sigma noise.

Each is a function of the two levels, float64 scalars or `[n]`, and of what a denoiser says of the
variance, and gives the variance of p(x_s | x_t).
"""

import tensorflow as tf


def posterior_variance(t: tf.Tensor, s: tf.Tensor, share: tf.Tensor | None = None) -> tf.Tensor:
    """Of q(x_s | x_t, x_0), s^2 (t^2 - s^2) / t^2: beta_tilde_t of Ho et al. (2020), Eq. 7.

    In the scale of the paper's x_s it is divided by 1 + s^2.

    Args:
        t, s: noise levels, float64, t > s >= 0.
        share: not read.
    """
    return tf.square(s / t) * _added(t, s)


def forward_variance(t: tf.Tensor, s: tf.Tensor, share: tf.Tensor | None = None) -> tf.Tensor:
    """Of x_s given x_t where x_0 ~ N(0, I), (t^2 - s^2) (1 + s^2) / (1 + t^2): the paper's beta_t.

    Args:
        t, s: noise levels, float64, t > s >= 0.
        share: not read.
    """
    return _added(t, s) * (1 + tf.square(s)) / (1 + tf.square(t))


def learned_variance(t: tf.Tensor, s: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    """exp(share log forward + (1 - share) log posterior)  (Nichol & Dhariwal 2021, Eq. 15).

    Args:
        t, s: noise levels, float64 scalars, t > s > 0.
        share: in [0, 1], `[n, *event]`.
    Returns:
        `[n, *event]`, share's dtype.
    """
    posterior = posterior_variance(t, s)
    log_ratio = tf.cast(tf.math.log(forward_variance(t, s) / posterior), share.dtype)
    return tf.cast(posterior, share.dtype) * tf.exp(share * log_ratio)


def _added(t, s):
    """t^2 - s^2, without cancellation where the two are close."""
    return (t - s) * (t + s)
