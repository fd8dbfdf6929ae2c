"""The numbers of words, and a vector beside them, out of one array."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer


class SplitWords(ConfiguredLayer):
    """The first `length` numbers, as int32, and the others.

    Words keep their numbers under every precision policy.

    Args:
        length: number of words.
    Input: `[batch, length + dim]`, float32.
    Output: `[batch, length]`, int32, and `[batch, dim]`, float32.
    Raises:
        ValueError: `length` is below 1.
    """

    def __init__(self, length: int, **kwargs: Any) -> None:
        # Half precision has not the numbers above 256, or 2048.
        super().__init__(autocast=False, **kwargs)
        check_sizes(length=length)
        self.length = length

    def call(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.cast(inputs[:, : self.length], tf.int32), inputs[:, self.length :]

    def compute_output_spec(self, inputs: keras.KerasTensor) -> tuple[keras.KerasTensor, ...]:
        batch, size = inputs.shape
        return (
            keras.KerasTensor((batch, self.length), "int32"),
            keras.KerasTensor((batch, size - self.length), inputs.dtype),
        )
