"""Locally masked convolution: a mask of its own for each pixel."""

import numpy as np
import tensorflow as tf

from tfgen.layers.masked_convolution import MaskedConvolution


class LocallyMaskedConv2D(MaskedConvolution):
    """y_p = sum_o visible[p, o] kernel_o x_{p + o} + bias: each pixel p hides what it must not see.

    Jain, Abbeel & Pathak (2020). The kernel is whole but for its centre, see `MaskedConvolution`
    for that and for the arguments; the mask of the offsets o comes with each call, so that one
    kernel serves every order of the pixels.

    Input: x, `[batch, height, width, features]`, features a multiple of `groups`; and `visible`,
        1 where pixel p sees the one at offset o, `[height, width, kernel height * kernel width]`.
        What it says of the centre is not looked at.
    Output: `[batch, height, width, filters]`; the image is padded with zeros.
    """

    def _mask(self, height, width, features, filters):
        mask = np.ones((height, width, features, filters), "float32")
        mask[height // 2, width // 2] = self._own_pixel(features, filters)
        return mask

    def call(self, x: tf.Tensor, visible: tf.Tensor) -> tf.Tensor:
        (rows, columns), (height, width) = self.kernel_size, visible.shape[:2]
        padding = ((0, 0), (rows // 2, rows // 2), (columns // 2, columns // 2), (0, 0))
        padded = tf.pad(x, padding)
        seen = []
        for offset in range(rows * columns):
            i, j = divmod(offset, columns)
            pixels = padded[:, i : i + height, j : j + width]
            if offset != rows * columns // 2:
                pixels *= tf.cast(visible[:, :, offset, tf.newaxis], x.dtype)
            seen.append(pixels)
        seen = tf.concat(seen, axis=-1)
        # As matrices: TensorFlow's product of a batch of images with one matrix crashes on CPUs
        # where an image is one pixel high.
        flat = tf.reshape(seen, (-1, seen.shape[-1]))
        y = flat @ tf.reshape(self.masked_kernel, (flat.shape[-1], self.filters))
        y = tf.reshape(y, (-1, height, width, self.filters))
        return y + self.bias if self.use_bias else y

    def from_others(self, pixels: tf.Tensor) -> tf.Tensor:
        """What a pixel of the output owes to the other pixels.

        `from_others` and `own` add up to `call`, in float32.

        Args:
            pixels: `[batch, kernel height * kernel width, features]`, the pixels at the offsets;
                zeros where one is not seen, and at the centre.
        Returns:
            `[batch, filters]`, float32.
        """
        size = pixels.shape[1] * pixels.shape[2]
        kernel = tf.reshape(tf.cast(self.kernel, tf.float32), (size, self.filters))
        return tf.reshape(pixels, (-1, size)) @ kernel
