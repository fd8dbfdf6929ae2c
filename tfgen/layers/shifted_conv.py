"""Convolutions whose kernels reach up, or up and to the left, and their transposes."""

import tensorflow as tf

from tfgen.core import check_count
from tfgen.layers.configured_layer import ConfiguredLayer


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
        self, filters, kernel_size, strides=1, kernel_initializer="glorot_uniform", **kwargs
    ):
        super().__init__(**kwargs)
        self.filters = check_count(filters, "filters")
        self.kernel_size = tuple(check_count(size, "kernel_size") for size in kernel_size)
        self.strides = check_count(strides, "strides")
        self.kernel_initializer = kernel_initializer

    def build(self, input_shape):
        shape = (*self.kernel_size, input_shape[-1], self.filters)
        self.kernel = self.add_weight(shape, self.kernel_initializer, name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")


class DownShiftedConv2D(ShiftedConv2D):
    """A convolution that sees its own row and those above, as many columns to either side.

    See `ShiftedConv2D`; `kernel_size` has an odd number of columns, and is 2 x 3 by default.
    """

    def __init__(self, filters, kernel_size=(2, 3), **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        if self.kernel_size[1] % 2 == 0:
            raise ValueError(f"expected an odd number of columns. Received: {self.kernel_size}")

    def call(self, x):
        return self.row(tf.pad(x, ((0, 0), (self.kernel_size[0] - 1, 0), (0, 0), (0, 0))))

    def row(self, rows):
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

    def __init__(self, filters, kernel_size=(2, 2), **kwargs):
        super().__init__(filters, kernel_size, **kwargs)

    def call(self, x):
        above, left = (size - 1 for size in self.kernel_size)
        padding = ((0, 0), (above, 0), (left, 0), (0, 0))
        return tf.nn.conv2d(x, self.kernel, self.strides, padding) + self.bias

    def from_above(self, rows):
        """What a row of the output owes to the rows above it.

        Args:
            rows: `[batch, kernel_rows - 1, kernel_columns - 1 + width, features]`, the rows above
                with the zeros to their left.
        Returns:
            `[batch, ceil(width / strides), filters]`.
        """
        kernel = tf.convert_to_tensor(self.kernel)[:-1]
        return tf.nn.conv2d(rows, kernel, self.strides, "VALID")[:, 0]

    def pixel(self, pixels, above=0.0):
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

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = check_count(filters, "filters")

    def build(self, input_shape):
        shape = (2, self.columns, self.filters, input_shape[-1])
        self.kernel = self.add_weight(shape, "glorot_uniform", name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")

    def call(self, x):
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

    def row(self, row, parity):
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

    def pixel(self, pixel, row_parity, column_parity):
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
