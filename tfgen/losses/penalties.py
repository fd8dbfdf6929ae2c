"""Penalties of a discriminator, beside its loss."""

import abc
from collections.abc import Callable

import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_positive


class Penalty(Configured, abc.ABC):
    """What a discriminator minimises beside the loss of its pair."""

    @abc.abstractmethod
    def __call__(self, judge: Callable[[tf.Tensor], tf.Tensor], real: tf.Tensor) -> tf.Tensor:
        """The penalty, a float32 scalar.

        Args:
            judge: the discriminator, `[batch, ...]` to `[batch]`, each output of its own example.
            real: `[batch, ...]`, examples of what it takes for real.
        """


class R1(Penalty):
    """weight / 2 E[|grad D(x)|^2] at real examples x  (Mescheder et al. 2018, Eq. 9).

    The gradient is that of the discriminator's outputs (logits, where they mean probabilities) in
    x. It vanishes at the equilibrium; without it the two networks may circle around that point.

    Args:
        weight: gamma, positive; the paper's images have 10.
    Raises:
        ValueError: a weight that is not positive.
    """

    def __init__(self, weight: float = 10.0) -> None:
        self.weight = check_positive(weight, "weight")

    def __call__(self, judge: Callable[[tf.Tensor], tf.Tensor], real: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(real)
            # The sum's gradient is each example's own.
            total = tf.reduce_sum(judge(real))
        gradient = tf.cast(tape.gradient(total, real), tf.float32)
        squares = tf.reduce_sum(gradient**2, axis=range(1, gradient.shape.rank))
        return self.weight / 2 * tf.reduce_mean(squares)
