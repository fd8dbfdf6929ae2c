"""Penalties of a discriminator, beside its loss."""

import abc
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_not_negative, check_positive
from tfgen.losses.second_order import check_second_order

# Inside the root of a norm, whose slope at 0 would be infinite.
_EPSILON = 1e-12

Judge = Callable[[tf.Tensor], tf.Tensor]


class Penalty(Configured, abc.ABC):
    """What a discriminator minimises beside the loss of its pair."""

    @abc.abstractmethod
    def __call__(
        self, judge: Judge, real: tf.Tensor, fake: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        """The penalty, a float32 scalar.

        Args:
            judge: the discriminator, `[batch, ...]` to `[batch]`, each output of its own example.
            real: `[batch, ...]`, float32, examples of what it takes for real.
            fake: `[batch, ...]`, float32, as many of what it takes for generated.
            seed: int32 `(2,)`.
        """

    def check(self, network: keras.Model) -> None:
        """Checks that a network can be trained under this penalty.

        Args:
            network: built Keras model of a discriminator.
        Raises:
            ValueError: it cannot, and why.
        """


class GradientPenalty(Penalty):
    """weight E[(|grad D(x)| - target)^2] at x = u real + (1 - u) fake, u ~ U(0, 1).

    Gulrajani et al. (2017), Eq. 3: one u for each pair of examples, the norm over all dimensions.

    Args:
        weight: lambda, positive.
        target: the norm that D is pulled to, 0 or more.
    Raises:
        ValueError: a weight or a target out of range.
    """

    def __init__(self, weight: float = 10.0, target: float = 1.0) -> None:
        self.weight = check_positive(weight, "weight")
        self.target = check_not_negative(target, "target")

    def __call__(
        self, judge: Judge, real: tf.Tensor, fake: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        shape = [tf.shape(real)[0], *[1] * (real.shape.rank - 1)]
        u = tf.random.stateless_uniform(shape, seed)
        x = tf.stop_gradient(u * real + (1 - u) * fake)
        norms = tf.sqrt(_squared_gradients(judge, x) + _EPSILON)
        return self.weight * tf.reduce_mean((norms - self.target) ** 2)

    def check(self, network: keras.Model) -> None:
        check_second_order(network, self)


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

    def __call__(
        self, judge: Judge, real: tf.Tensor, fake: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        squares = _squared_gradients(judge, tf.stop_gradient(real))
        return self.weight / 2 * tf.reduce_mean(squares)

    def check(self, network: keras.Model) -> None:
        check_second_order(network, self)


class Drift(Penalty):
    """weight E[D(x)^2] at real examples x, which keeps the outputs near 0.

    Karras et al. (2018), appendix A.1: a Wasserstein loss says nothing of the outputs' level.

    Args:
        weight: epsilon_drift, positive.
    Raises:
        ValueError: a weight that is not positive.
    """

    def __init__(self, weight: float = 1e-3) -> None:
        self.weight = check_positive(weight, "weight")

    def __call__(
        self, judge: Judge, real: tf.Tensor, fake: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        return self.weight * tf.reduce_mean(tf.cast(judge(real), tf.float32) ** 2)


class SumOfPenalties(Penalty):
    """Several penalties at once, such as `SumOfPenalties((GradientPenalty(), Drift()))`.

    Args:
        penalties: at least one.
    Raises:
        ValueError: something else than penalties.
    """

    def __init__(self, penalties: Sequence[Penalty]) -> None:
        penalties = tuple(penalties)
        if not penalties or not all(isinstance(each, Penalty) for each in penalties):
            raise ValueError(f"expected penalties, at least one. Received: {penalties!r}")
        self.penalties = penalties

    def __call__(
        self, judge: Judge, real: tf.Tensor, fake: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        return tf.add_n([penalty(judge, real, fake, seed) for penalty in self.penalties])

    def check(self, network: keras.Model) -> None:
        for penalty in self.penalties:
            penalty.check(network)


def _squared_gradients(judge, x):
    """|grad D(x)|^2 of each example, float32 `[batch]`."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        # The sum's gradient is each example's own.
        total = tf.reduce_sum(judge(x))
    gradient = tf.cast(tape.gradient(total, x), tf.float32)
    return tf.reduce_sum(gradient**2, axis=range(1, gradient.shape.rank))
