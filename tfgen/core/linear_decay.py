"""A learning rate that stays, and then falls to 0 along a line."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.checks import check_count
from tfgen.core.size_checks import check_positive


@keras.saving.register_keras_serializable(package="tfgen")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """One rate for `num_constant` updates, then down a line to 0 after `num_decaying` more.

    A schedule as Keras's own: `compile(learning_rate=LinearDecay(2e-4, 1000, 1000))`.

    Args:
        learning_rate: the first one, positive.
        num_constant, num_decaying: updates of an optimizer, at least 1 each.
    Raises:
        ValueError: wrong arguments.
    """

    def __init__(self, learning_rate: float, num_constant: int, num_decaying: int) -> None:
        super().__init__()
        self.learning_rate = check_positive(learning_rate, "learning_rate")
        self.num_constant = check_count(num_constant, "num_constant")
        self.num_decaying = check_count(num_decaying, "num_decaying")

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The rate after `step` updates, a float32 scalar."""
        left = self.num_constant + self.num_decaying - tf.cast(step, tf.float32)
        return self.learning_rate * tf.clip_by_value(left / self.num_decaying, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "num_constant": self.num_constant,
            "num_decaying": self.num_decaying,
        }
