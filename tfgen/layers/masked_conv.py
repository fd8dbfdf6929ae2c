"""The masked convolution in raster order: each pixel sees only those that come before it."""

import numpy as np
import tensorflow as tf

from tfgen.layers.masked_convolution import MaskedConvolution


class MaskedConv2D(MaskedConvolution):
    """y = (kernel * mask) conv x + bias, where the mask hides every later pixel in raster order.

    van den Oord, Kalchbrenner & Kavukcuoglu (2016), section 3.4: the kernel keeps the rows above
    and, in its middle row, what is left of the centre. See `MaskedConvolution` for the channels
    and the arguments.

    Input: `[batch, height, width, features]`, features a multiple of `groups`.
    Output: `[batch, height, width, filters]`; the image is padded with zeros.
    """

    def _mask(self, height, width, features, filters):
        mask = np.ones((height, width, features, filters), "float32")
        mask[height // 2, width // 2 + 1 :] = 0
        mask[height // 2 + 1 :] = 0
        mask[height // 2, width // 2] = self._own_pixel(features, filters)
        return mask

    def call(self, x: tf.Tensor) -> tf.Tensor:
        y = tf.nn.conv2d(x, self.masked_kernel, 1, "SAME")
        return y + self.bias if self.use_bias else y

    def from_above(self, rows: tf.Tensor) -> tf.Tensor:
        """What a row of the output owes to the rows above it.

        `from_above`, `from_left` and `own` add up to `call`, in float32: a sampler computes each
        as soon as it can be known, and none twice.

        Args:
            rows: `[batch, kernel_height // 2, width, features]`, the rows above; zeros outside.
        Returns:
            `[batch, width, filters]`, float32.
        """
        height, width = (size // 2 for size in self.kernel_size)
        kernel = tf.cast(self.kernel, tf.float32)[:height]
        padding = ((0, 0), (0, 0), (width, width), (0, 0))
        return tf.nn.conv2d(rows, kernel, 1, padding)[:, 0]

    def from_left(self, pixels: tf.Tensor) -> tf.Tensor:
        """What a pixel of the output owes to the pixels on its left.

        Args:
            pixels: `[batch, kernel_width // 2, features]`; zeros outside.
        Returns:
            `[batch, filters]`, float32.
        """
        height, width = (size // 2 for size in self.kernel_size)
        kernel = tf.cast(self.kernel, tf.float32)[height, :width]
        return tf.tensordot(pixels, kernel, 2)
