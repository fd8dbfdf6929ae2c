"""Grey images in colour, and colour images in grey."""

import numpy as np
import tensorflow as tf

# Of red, green and blue in the luma of ITU-R BT.601, in 1 / 2^16, as Pillow rounds them.
_LUMA = (19595, 38470, 7471)
_ROWS = 1024  # images converted at once


def convert_channels(x: np.ndarray, channels: int | None) -> np.ndarray:
    """Images with another number of channels.

    Grey becomes colour by repeating it. Colour becomes grey by its luma,
    0.299 red + 0.587 green + 0.114 blue: of uint8 images rounded to a level, the number that Pillow
    gives; of others, a real value.

    Args:
        x: `[n, h, w, 1 or 3]`, uint8, bool or floating point.
        channels: 1 or 3; None: `x` as it is.
    Returns:
        `[n, h, w, channels]`, of the type of `x`; bool and float64 become float32 in grey.
    """
    if channels in (None, x.shape[-1]):
        return x
    if channels == 3:
        return np.repeat(x, 3, axis=-1)
    grey = np.empty((*x.shape[:-1], 1), np.uint8 if x.dtype == np.uint8 else np.float32)
    with tf.device("CPU:0"):
        for start in range(0, len(x), _ROWS):
            rows = slice(start, start + _ROWS)
            grey[rows] = convert_tensor(tf.constant(x[rows]), 1)
    return grey


def convert_tensor(x: tf.Tensor, channels: int) -> tf.Tensor:
    """`convert_channels` of a tensor `[..., 1 or 3]`, eagerly or in a graph."""
    if x.shape[-1] == channels:
        return x
    if channels == 3:
        return tf.repeat(x, 3, axis=-1)
    if x.dtype == tf.uint8:
        total = tf.reduce_sum(tf.cast(x, tf.int32) * _LUMA, axis=-1, keepdims=True)
        return tf.cast(tf.bitwise.right_shift(total + 2**15, 16), tf.uint8)
    weights = tf.constant(_LUMA, tf.float32) / 2**16
    total = tf.reduce_sum(tf.cast(x, tf.float32) * weights, axis=-1, keepdims=True)
    return tf.minimum(total, 1.0)  # the sum of the rounded weights may reach over 1
