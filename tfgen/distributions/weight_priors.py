"""Densities of a network's weights, before it has seen any data."""

import abc

import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_positive


class WeightPrior(Configured, abc.ABC):
    """A density p(W) of weights, as the penalty -log p(W)."""

    @abc.abstractmethod
    def penalty(self, weights: tf.Tensor) -> tf.Tensor:
        """-log p(W) up to a constant, in nats, a scalar.

        Args:
            weights: W, of any shape.
        """


class NormalWeights(WeightPrior):
    """Independent normals around 0, the penalty sum w^2 / (2 scale^2): weight decay.

    Args:
        scale: standard deviation of a weight, positive.
    Raises:
        ValueError: a wrong scale.
    """

    def __init__(self, scale: float) -> None:
        self.scale = check_positive(scale, "scale")

    def penalty(self, weights: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(weights**2) / (2 * self.scale**2)


class LaplaceWeights(WeightPrior):
    """Independent Laplace densities around 0, the penalty sum |w| / scale: few large weights.

    Args:
        scale: mean absolute value of a weight, positive.
    Raises:
        ValueError: a wrong scale.
    """

    def __init__(self, scale: float) -> None:
        self.scale = check_positive(scale, "scale")

    def penalty(self, weights: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.abs(weights)) / self.scale
