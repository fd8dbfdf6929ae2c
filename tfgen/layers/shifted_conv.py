"""Convolutions whose kernels reach up, or up and to the left."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import MOST_PARTS, check_parts, check_size_list, check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape, Tensors


class ShiftedConv2D(ConfiguredLayer):
    """A convolution shifted by padding alone, so that no pixel sees a later one: both kinds' base.

    Salimans et al. (2017), section 2.3 and their published code. With a stride s an image of
    height h becomes one of height ceil(h / s), whose row i is at row s i: it sees that row and the
    ones above. The width alike.

    Args:
        filters: number of output features.
        kernel_size: `(rows, columns)`.
        strides: int.
        kernel_initializer: of the kernel.
    Input: `[batch, height, width, features]`.
    Output: `[batch, ceil(height / strides), ceil(width / strides), filters]`.
    Raises:
        ValueError: sizes below 1.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        strides: int = 1,
        kernel_initializer: str | keras.Initializer = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_sizes(filters=filters)
        check_parts(strides=strides)
        self.filters = filters
        self.kernel_size = check_size_list(kernel_size, "kernel_size", least=2, most=MOST_PARTS)
        self.strides = strides
        self.kernel_initializer = kernel_initializer

    def build(self, input_shape: BatchShape) -> None:
        shape = (*self.kernel_size, input_shape[-1], self.filters)
        self.kernel = self.add_weight(shape, self.kernel_initializer, name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")


class DownShiftedConv2D(ShiftedConv2D):
    """A convolution that sees its own row and those above, as many columns to either side.

    See `ShiftedConv2D`; `kernel_size` has an odd number of columns, and is 2 x 3 by default.
    """

    def __init__(self, filters: int, kernel_size: tuple[int, int] = (2, 3), **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, **kwargs)
        if self.kernel_size[1] % 2 == 0:
            raise ValueError(f"expected an odd number of columns. Received: {self.kernel_size}")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.row(tf.pad(x, ((0, 0), (self.kernel_size[0] - 1, 0), (0, 0), (0, 0))))

    def row(self, rows: tf.Tensor) -> tf.Tensor:
        """`call`, given the rows above instead of zeros.

        Args:
            rows: `[batch, kernel_rows - 1 + height, width, features]`.
        Returns:
            `[batch, ceil(height / strides), ceil(width / strides), filters]`.
        """
        side = self.kernel_size[1] // 2
        padding = ((0, 0), (0, 0), (side, side), (0, 0))
        return tf.nn.conv2d(rows, self.kernel, self.strides, padding) + self.bias


class DownRightShiftedConv2D(ShiftedConv2D):
    """A convolution that sees its own pixel, those to the left, and the same columns above.

    See `ShiftedConv2D`; `kernel_size` is 2 x 2 by default. `from_above` and `pixel` compute it in
    pieces.
    """

    def __init__(self, filters: int, kernel_size: tuple[int, int] = (2, 2), **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, **kwargs)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        above, left = (size - 1 for size in self.kernel_size)
        padding = ((0, 0), (above, 0), (left, 0), (0, 0))
        return tf.nn.conv2d(x, self.kernel, self.strides, padding) + self.bias

    def from_above(self, rows: tf.Tensor) -> tf.Tensor:
        """What a row of the output owes to the rows above it.

        Args:
            rows: `[batch, kernel_rows - 1, kernel_columns - 1 + width, features]`, the rows above
                with the zeros to their left.
        Returns:
            `[batch, ceil(width / strides), filters]`.
        """
        kernel = tf.convert_to_tensor(self.kernel)[:-1]
        return tf.nn.conv2d(rows, kernel, self.strides, "VALID")[:, 0]

    def pixel(self, pixels: list[tf.Tensor] | Tensors, above: tf.Tensor | float = 0.0) -> tf.Tensor:
        """One pixel of the output.

        Args:
            pixels: list of `[batch, features]`, one for each of the kernel's columns: those to the
                left, then the pixel's own.
            above: `[batch, filters]`, from `from_above`; 0 where the kernel has one row.
        Returns:
            `[batch, filters]`.
        """
        kernel = tf.reshape(tf.convert_to_tensor(self.kernel)[-1], (-1, self.filters))
        return tf.matmul(tf.concat(pixels, axis=-1), kernel) + above + self.bias
