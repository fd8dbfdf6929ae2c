"""Lossless compressors, whose code lengths say how complex an input is."""

import abc
import math
import zlib

import numpy as np
import tensorflow as tf

from tfgen.core import Configured, check_count


class Compressor(Configured, abc.ABC):
    """A lossless compressor of levels.

    Attributes:
        runs_in_graph: whether it is made of TensorFlow's operations, so that a SavedModel has it.
    """

    runs_in_graph = True

    @abc.abstractmethod
    def __call__(self, levels: tf.Tensor) -> tf.Tensor:
        """The length of each example's code.

        Args:
            levels: uint8 `[batch, *event_shape]`.
        Returns:
            float32 `[batch]`, in bits, headers included: they are the same for every example.
        """


class PNG(Compressor):
    """The PNG format, by TensorFlow's operation: prediction filters, then deflate.

    Args:
        effort: 1 to 9.
    Raises:
        ValueError: another effort.
    """

    def __init__(self, effort: int = 9) -> None:
        self.effort = check_count(effort, "effort", most=9)

    def __call__(self, levels: tf.Tensor) -> tf.Tensor:
        return _png_bits(_as_images(levels), self.effort)


class Zlib(Compressor):
    """Deflate of the bytes in row-major order, by Python: it cannot run in a SavedModel.

    Args:
        effort: 1 to 9.
    Raises:
        ValueError: another effort.
    """

    runs_in_graph = False

    def __init__(self, effort: int = 9) -> None:
        self.effort = check_count(effort, "effort", most=9)

    def __call__(self, levels: tf.Tensor) -> tf.Tensor:
        bits = [8 * len(zlib.compress(each.tobytes(), self.effort)) for each in np.asarray(levels)]
        return tf.constant(bits, tf.float32)


def _as_images(levels):
    """What a PNG file can hold: vectors as one row, other channels than 1 or 3 side by side."""
    shape = levels.shape[1:]
    if shape.rank == 3 and shape[-1] in (1, 3):
        return levels
    rows = shape[0] if shape.rank > 1 else 1
    return tf.reshape(levels, (-1, rows, math.prod(shape) // rows, 1))


@tf.function(reduce_retracing=True, autograph=False)
def _png_bits(images, effort):
    length = lambda image: tf.strings.length(tf.io.encode_png(image, effort))
    return 8.0 * tf.cast(tf.map_fn(length, images, fn_output_signature=tf.int32), tf.float32)
