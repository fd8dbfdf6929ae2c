"""A term that keeps a generator from ignoring its noise (Mao et al. 2019)."""

import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_positive

# Of the ratio, which is 0 where the noise changes nothing.
_EPSILON = 1e-5


class ModeSeeking(Configured):
    """weight E|z_a - z_b| / E|x_a - x_b|, of x_a = G(z_a) and x_b = G(z_b), for the generator.

    Mao et al. (2019) maximise the ratio of the distances of two images and of their noise, under
    the same condition; here its inverse is minimised, which asks for less the more the two differ.
    Distances are means of absolute differences over the batch and all dimensions.

    Args:
        weight: lambda, positive.
    Raises:
        ValueError: a weight that is not positive.
    """

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = check_positive(weight, "weight")

    def __call__(self, z_a: tf.Tensor, z_b: tf.Tensor, x_a: tf.Tensor, x_b: tf.Tensor) -> tf.Tensor:
        """The term, a float32 scalar.

        Args:
            z_a, z_b: `[batch, latent_dim]`, two independent draws of the noise.
            x_a, x_b: `[batch, *event_shape]`, what the generator makes of them under the same
                conditions.
        """
        ratio = _distance(x_a, x_b) / _distance(z_a, z_b)
        return self.weight / (ratio + _EPSILON)


def _distance(a, b):
    return tf.reduce_mean(tf.abs(tf.cast(a, tf.float32) - tf.cast(b, tf.float32)))
