"""A weight of a loss that falls with the steps."""

import tensorflow as tf

from tfgen.core import Configured, check_count
from tfgen.core.size_checks import check_positive


class GeometricDecay(Configured):
    """A weight that falls, by the same factor at each of `num_steps` steps, from start to end.

    Args:
        start, end: weights, positive.
        num_steps: training steps, at least 1; the weight stays `end` afterwards.
    Raises:
        ValueError: wrong arguments.
    """

    def __init__(self, start: float, end: float, num_steps: int) -> None:
        self.start = check_positive(start, "start")
        self.end = check_positive(end, "end")
        self.num_steps = check_count(num_steps, "num_steps")

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The weight after `step` training steps, a float32 scalar."""
        fraction = tf.minimum(1.0, tf.cast(step, tf.float32) / self.num_steps)
        return self.start * (self.end / self.start) ** fraction
