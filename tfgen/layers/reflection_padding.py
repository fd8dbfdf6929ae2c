"""Padding by the mirrored inside of an image."""

from typing import Any

import tensorflow as tf

from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class ReflectionPadding2D(ConfiguredLayer):
    """Adds to each side the rows and columns that lie within it, mirrored at its edge.

    The edge itself is not repeated: 1 2 3 becomes 3 2 1 2 3 2 1 by two.

    Args:
        padding: rows or columns that each side gains, at least 1 and below the sides of the input.
    Input: `[batch, height, width, channels]`.
    Output: `[batch, height + 2 padding, width + 2 padding, channels]`.
    Raises:
        ValueError: a side is too short.
    """

    def __init__(self, padding: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(padding=padding)
        self.padding = padding

    def build(self, input_shape: BatchShape) -> None:
        if min(input_shape[1:3]) <= self.padding:
            raise ValueError(
                f"expected sides of more than padding={self.padding} to be mirrored."
                f" Received: {tuple(input_shape[1:3])}"
            )

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        batch, height, width, channels = input_shape
        return batch, height + 2 * self.padding, width + 2 * self.padding, channels

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        sides = (self.padding, self.padding)
        return tf.pad(inputs, ((0, 0), sides, sides, (0, 0)), mode="REFLECT")
