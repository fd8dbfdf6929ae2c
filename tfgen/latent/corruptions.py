"""Corruptions: what a denoising autoencoder has to undo."""

import abc

import tensorflow as tf

from tfgen.core import Configured, split_seed
from tfgen.core.size_checks import check_positive, check_rate


class Corruption(Configured, abc.ABC):
    """A random x~ for every x, anew at each step."""

    @abc.abstractmethod
    def __call__(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draws x~ given x.

        Args:
            x: `[batch, ...]`, floating point.
            seed: int32 `(2,)`.
        Returns:
            x~, shaped like x; it may leave the range and the levels of x.
        """


class GaussianNoise(Corruption):
    """x~ = x + scale * noise, the noise standard normal (Vincent et al. 2010, section 3.2).

    Args:
        scale: standard deviation, positive, in the units of x.
    Raises:
        ValueError: a scale that is not positive.
    """

    def __init__(self, scale: float) -> None:
        self.scale = check_positive(scale, "scale")

    def __call__(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        return x + self.scale * tf.random.stateless_normal(tf.shape(x), seed, dtype=x.dtype)


class MaskingNoise(Corruption):
    """Some of the dimensions are set to 0 (Vincent et al. 2008, section 2.3).

    Each dimension is set to 0 by itself, with probability `rate`, where the paper chooses a fixed
    number of them.

    Args:
        rate: of dimensions that are set to 0, in [0, 1).
    Raises:
        ValueError: a rate outside [0, 1).
    """

    def __init__(self, rate: float) -> None:
        self.rate = check_rate(rate, "rate")

    def __call__(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        return tf.where(_chosen(x, self.rate, seed), tf.zeros_like(x), x)


class SaltAndPepper(Corruption):
    """Some of the dimensions are set to 0 or to 1, by a fair coin (Vincent et al. 2010, 3.2).

    Args:
        rate: of dimensions that are set, each by itself, in [0, 1).
    Raises:
        ValueError: a rate outside [0, 1).
    """

    def __init__(self, rate: float) -> None:
        self.rate = check_rate(rate, "rate")

    def __call__(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        place, coin = split_seed(seed, 2)
        grains = tf.cast(_chosen(x, 0.5, coin), x.dtype)
        return tf.where(_chosen(x, self.rate, place), grains, x)


def _chosen(x, rate, seed):
    """True with probability `rate`, for each dimension by itself."""
    return tf.random.stateless_uniform(tf.shape(x), seed) < rate
