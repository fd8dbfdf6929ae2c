"""An image of less resolution."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.conditions.gaussian_blur import gaussian_blur
from tfgen.core import Condition, split_seed
from tfgen.core.condition import refuse_outside, to_tensor
from tfgen.core.size_checks import check_not_negative, check_size_list
from tfgen.core.typing import ShapeLike


class SmallImage(Condition):
    """y is an image, in [0, 1], of less resolution than x; networks read it in [-1, 1].

    Training corrupts it, so that a model that upsamples what another one draws does not trust
    every pixel (Ho et al. 2021, "Cascaded diffusion models", section 4; Ramesh et al. 2022,
    section 2.1, blur what the first upsampler reads). "No condition" is zeros, an even grey.

    Args:
        image_shape: `(height, width, channels)`.
        noise: the most standard deviation of the noise in training, of pixels in [0, 1].
        blur: the most standard deviation of the blur in training, in pixels of the small image.
    Raises:
        ValueError: a shape that is none of an image, or a noise or blur below 0.

    Example:
        >>> SmallImage((1, 2, 1)).encode(tf.constant([[[[0.0], [0.5]]]])).numpy().ravel().tolist()
        [-1.0, 0.0]
    """

    def __init__(self, image_shape: ShapeLike, noise: float = 0.1, blur: float = 0.6) -> None:
        self.image_shape = check_size_list(image_shape, "image_shape", least=3)
        if len(self.image_shape) != 3:
            raise ValueError(
                f"expected image_shape to be (height, width, channels). Received: {image_shape}"
            )
        self.noise = check_not_negative(noise, "noise")
        self.blur = check_not_negative(blur, "blur")

    @property
    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, *self.image_shape), tf.float32, name="condition")

    @property
    def given_spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, *self.image_shape), tf.float32, name="given")

    def to_tokens(self, values: Any, name: str) -> tf.Tensor:
        height, width, channels = self.image_shape
        expected = f"expected {name} to be images in [0, 1]"
        tokens = to_tensor(values, expected)
        if (
            not tokens.dtype.is_floating
            or tokens.shape.rank not in (3, 4)
            or tokens.shape[-3:] != self.image_shape
        ):
            raise ValueError(
                f"{expected}, float [batch, {height}, {width}, {channels}]."
                f" Received: {tokens.dtype.name}, shape {tokens.shape}"
            )
        refuse_outside((tokens >= 0) & (tokens <= 1), tokens, expected)
        return tf.cast(tokens, tf.float32)

    def encode(self, tokens: tf.Tensor) -> tf.Tensor:
        """The images in [-1, 1], float32 `[batch, height, width, channels]`."""
        return 2 * tokens - 1

    def in_training(self, given: tf.Tensor, drop_rate: float, seed: tf.Tensor) -> tf.Tensor:
        """What networks read in training: blurred, then with noise, and now and then nothing.

        Each example has a blur and a noise of its own, their standard deviations uniform from 0
        to the most. Values may leave [-1, 1].
        """
        of_blur, of_deviation, of_noise, of_drop = split_seed(seed, 4)
        num_examples = tf.shape(given)[0]
        if self.blur > 0:
            stddevs = self.blur * tf.random.stateless_uniform([num_examples], of_blur)
            given = gaussian_blur(given, stddevs, self.blur)
        if self.noise > 0:
            # A pixel's range is 2 where networks read it.
            shape = [num_examples, 1, 1, 1]
            stddevs = 2 * self.noise * tf.random.stateless_uniform(shape, of_deviation)
            given += stddevs * tf.random.stateless_normal(tf.shape(given), of_noise)
        return super().in_training(given, drop_rate, of_drop)

    def parse(self, text: str) -> np.ndarray:
        """Reads an image file of that size."""
        height, width, channels = self.image_shape
        expected = f"expected a file of an image of {height}x{width} pixels"
        try:
            data = tf.io.read_file(text)
            image = tf.io.decode_image(data, channels, tf.float32, expand_animations=False)
        except (tf.errors.OpError, ValueError) as error:
            raise ValueError(f"{expected}. Received: {text} ({error})") from error
        if image.shape != self.image_shape:
            raise ValueError(f"{expected}. Received: {text}, of shape {image.shape}")
        return image.numpy()
