"""Small rotations, changes of size and shifts of images."""

import math

import tensorflow as tf

from tfgen.adversarial.augmentation import Augmentation
from tfgen.core import split_seed
from tfgen.core.size_checks import check_not_negative, check_rate


class AffineJitter(Augmentation):
    """Turns, scales and shifts each image a little about its centre; what moves in is 0.

    Bilinear, on the device without XLA.

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
        # The place in x of each place in the result, by columns and rows from the upper left.
        middle = (width - 1) / 2, (height - 1) / 2
        to_left = middle[0] - cosine * middle[0] + sine * middle[1] + across * width
        to_top = middle[1] - sine * middle[0] - cosine * middle[1] + down * height
        zero = tf.zeros_like(angle)
        maps = tf.stack([cosine, -sine, to_left, sine, cosine, to_top, zero, zero], axis=1)
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=x,
            transforms=maps,
            output_shape=(height, width),
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode="CONSTANT",
        )
