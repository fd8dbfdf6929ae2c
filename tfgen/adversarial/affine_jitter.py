"""Small rotations, changes of size and shifts of images."""

import math

import tensorflow as tf

from tfgen.adversarial.augmentation import Augmentation
from tfgen.core import split_seed
from tfgen.core.size_checks import check_not_negative, check_rate


class AffineJitter(Augmentation):
    """Turns, scales and shifts each image a little about its centre; what moves in is 0.

    Bilinear, and differentiable in the image.

    Args:
        rotation: largest angle, in degrees, 0 or more; angles are uniform, both ways.
        scale: largest change of size, in [0, 1): 0.1 is by a factor of 0.9 to 1.1.
        shift: largest shift, as a share of the sides, in [0, 1).
    Raises:
        ValueError: an argument out of range.
    """

    def __init__(self, rotation: float = 15.0, scale: float = 0.1, shift: float = 0.1) -> None:
        self.rotation = check_not_negative(rotation, "rotation")
        self.scale = check_rate(scale, "scale")
        self.shift = check_rate(shift, "shift")

    def __call__(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        if x.shape.rank != 4:
            raise ValueError(
                f"expected images [batch, height, width, channels]. Received: shape {x.shape}"
            )
        count, (height, width) = tf.shape(x)[0], x.shape[1:3]
        of_angle, of_scale, of_shift = split_seed(seed, 3)
        uniform = tf.random.stateless_uniform
        draw = lambda each, seed, *shape: uniform((count, *shape), seed, -each, each)
        angle = draw(math.radians(self.rotation), of_angle)
        factor = 1 + draw(self.scale, of_scale)
        across, down = tf.unstack(draw(self.shift, of_shift, 2), axis=1)
        cosine, sine = tf.cos(angle) / factor, tf.sin(angle) / factor
        # The place in x of each place in the result, as columns and rows from the centre.
        columns = tf.range(width, dtype=tf.float32) - (width - 1) / 2
        rows = (tf.range(height, dtype=tf.float32) - (height - 1) / 2)[:, tf.newaxis]
        each = lambda values: values[:, tf.newaxis, tf.newaxis]
        of_columns = each(cosine) * columns - each(sine) * rows + each(across * width)
        of_rows = each(sine) * columns + each(cosine) * rows + each(down * height)
        return _between(x, of_columns + (width - 1) / 2, of_rows + (height - 1) / 2)


def _between(x, columns, rows):
    """x at any places, `[batch, height, width]`: bilinear, 0 outside. Gathers, which XLA has."""
    count, (height, width, channels) = tf.shape(x)[0], x.shape[1:]
    pixels = tf.reshape(x, (count, height * width, channels))
    result = tf.zeros_like(x)
    left, top = tf.floor(columns), tf.floor(rows)
    for column in (left, left + 1):
        for row in (top, top + 1):
            share = (1 - tf.abs(columns - column)) * (1 - tf.abs(rows - row))
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            index = tf.cast(tf.where(inside, row * width + column, 0), tf.int32)
            share = tf.where(inside, share, 0)
            found = tf.gather(pixels, tf.reshape(index, (count, -1)), batch_dims=1)
            result += share[..., tf.newaxis] * tf.reshape(found, tf.shape(x))
    return result
