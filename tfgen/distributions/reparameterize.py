"""Draws from draws of a standard normal."""

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


def reparameterize(normal: tfd.Distribution, draws: tf.Tensor) -> tf.Tensor:
    """mean + standard deviation * draws  (Kingma & Welling 2014, section 2.4).

    Args:
        normal: independent normals, batch and event shape `[..., *event_shape]`.
        draws: of standard normals; broadcast against the former.
    """
    return normal.mean() + normal.stddev() * draws
