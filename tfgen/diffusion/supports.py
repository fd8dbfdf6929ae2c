"""What x_0 may be: every prediction of it is moved there."""

import abc

import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_finite, check_positive


class Support(Configured, abc.ABC):
    """A set that holds every x_0, in the model's scale: images are in [-1, 1]."""

    @abc.abstractmethod
    def project(self, x0: tf.Tensor) -> tf.Tensor:
        """The nearest points of the set, to predictions `[batch, *event_shape]` of x_0."""


class Everywhere(Support):
    """Any values."""

    def project(self, x0: tf.Tensor) -> tf.Tensor:
        return x0


class Interval(Support):
    """Each value by itself in [low, high].

    Args:
        low, high: the ends.
    Raises:
        ValueError: `high` is not above `low`.
    """

    def __init__(self, low: float = -1.0, high: float = 1.0) -> None:
        self.low, self.high = check_finite(low, "low"), check_finite(high, "high")
        if low >= high:
            raise ValueError(f"expected low < high. Received: {low!r}, {high!r}")

    def project(self, x0: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(x0, self.low, self.high)


class Sphere(Support):
    """Examples of one Euclidean norm, as embeddings have it.

    Args:
        radius: the norm, positive.
    Raises:
        ValueError: `radius` is not positive.
    """

    def __init__(self, radius: float = 1.0) -> None:
        self.radius = check_positive(radius, "radius")

    def project(self, x0: tf.Tensor) -> tf.Tensor:
        axes = list(range(1, x0.shape.rank))
        squares = tf.reduce_sum(tf.square(x0), axis=axes, keepdims=True)
        # The centre has no nearest point: it stays.
        return self.radius * tf.math.divide_no_nan(x0, tf.sqrt(squares))
