"""The transposes of the shifted convolutions: twice the height and width."""

from typing import Any

import tensorflow as tf

from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class ShiftedConv2DTranspose(ConfiguredLayer):
    """The transpose of a shifted convolution with stride 2: both kinds' base.

    Rows 2 i and 2 i + 1 of the output come from row i of the input alone, each by its own row of
    the kernel.

    Args:
        filters: number of output features.
    Input: `[batch, height, width, features]`.
    Output: `[batch, 2 height, 2 width, filters]`.
    Raises:
        ValueError: no filters.
    """

    columns = None

    def __init__(self, filters: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(filters=filters)
        self.filters = filters

    def build(self, input_shape: BatchShape) -> None:
        shape = (2, self.columns, self.filters, input_shape[-1])
        self.kernel = self.add_weight(shape, "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self._transpose(x, tf.convert_to_tensor(self.kernel))

    def _transpose(self, x, kernel):
        """The outputs of a kernel whose rows are all the rows that one row of x becomes."""
        batch, (height, width) = tf.shape(x)[0], x.shape[1:3]
        rows, overlap = kernel.shape[0], self.columns - 2
        shape = (batch, rows * height, 2 * width + overlap, self.filters)
        y = tf.nn.conv2d_transpose(x, kernel, shape, (rows, 2), "VALID")
        return y[:, :, overlap:] + self.bias


class DownShiftedConv2DTranspose(ShiftedConv2DTranspose):
    """The transpose of `DownShiftedConv2D`, 2 x 3: a pixel also sees one to its right.

    See `ShiftedConv2DTranspose`.
    """

    columns = 3

    def row(self, row: tf.Tensor, parity: tf.Tensor) -> tf.Tensor:
        """One of the two rows that a row becomes.

        Args:
            row: `[batch, 1, width, features]`.
            parity: int32 scalar, 0 for the upper one and 1 for the lower one.
        Returns:
            `[batch, 1, 2 width, filters]`.
        """
        return self._transpose(row, tf.gather(tf.convert_to_tensor(self.kernel), [parity]))


class DownRightShiftedConv2DTranspose(ShiftedConv2DTranspose):
    """The transpose of `DownRightShiftedConv2D`, 2 x 2: each pixel becomes four.

    See `ShiftedConv2DTranspose`.
    """

    columns = 2

    def pixel(self, pixel: tf.Tensor, row_parity: tf.Tensor, column_parity: tf.Tensor) -> tf.Tensor:
        """One of the four pixels that a pixel becomes.

        Args:
            pixel: `[batch, features]`.
            row_parity: int32 scalar, 0 for the upper ones and 1 for the lower ones.
            column_parity: int32 scalar, 0 for the left ones and 1 for the right ones.
        Returns:
            `[batch, filters]`.
        """
        kernel = tf.gather_nd(tf.convert_to_tensor(self.kernel), [row_parity, column_parity])
        return tf.matmul(pixel, kernel, transpose_b=True) + self.bias
