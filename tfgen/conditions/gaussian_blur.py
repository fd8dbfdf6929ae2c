"""A Gaussian blur of its own width for each image."""

import math

import numpy as np
import tensorflow as tf

# Of the kernel, in standard deviations: 6e-5 of its mass lie beyond.
_REACH = 4


def gaussian_blur(images: tf.Tensor, stddevs: tf.Tensor, most: float) -> tf.Tensor:
    """Each image convolved with k(i) k(j), k(i) ~ exp(-i^2 / (2 s^2)), of sum 1.

    Images go on as their mirror image beyond the borders: sums over pixels stay.

    Args:
        images: `[batch, height, width, channels]`, float32.
        stddevs: s, `[batch]`, float32, in pixels; 0 for the image as it is.
        most: the largest of them, at which the kernel is cut off, after four.
    Returns:
        As `images`.
    """
    reach = math.ceil(_REACH * most)
    squares = tf.constant(np.arange(-reach, reach + 1)[np.newaxis] ** 2, tf.float32)
    # The smallest variance leaves 1 at the middle tap and 0 elsewhere, in place of 0 / 0.
    variances = tf.maximum(tf.square(stddevs), 1e-3)[:, tf.newaxis]
    kernels = tf.exp(-squares / (2 * variances))
    kernels /= tf.reduce_sum(kernels, axis=1, keepdims=True)
    rows, columns = (
        tf.einsum("bt,tij->bij", kernels, _taps(size, reach)) for size in images.shape[1:3]
    )
    return tf.einsum("bik,bjl,bklc->bijc", rows, columns, images)


def _taps(size, reach):
    """Which pixel j tap t reads at pixel i, one-hot `[taps, size, size]`."""
    places = np.arange(size) + np.arange(-reach, reach + 1)[:, np.newaxis]
    places = np.mod(places, 2 * size)
    places = np.minimum(places, 2 * size - 1 - places)
    return tf.constant(np.eye(size)[places], tf.float32)
