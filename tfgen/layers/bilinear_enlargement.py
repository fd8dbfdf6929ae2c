"""Images enlarged by whole numbers, with what is between the pixels interpolated."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.core.size_checks import check_size_list
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class BilinearEnlargement2D(ConfiguredLayer):
    """Linear interpolation along each axis between the middles of pixels, constant beyond them.

    The numbers are those of Keras's bilinear `UpSampling2D`, which under XLA are others where a
    factor is 3, by two products with constant matrices, which XLA and second gradients take.

    Args:
        factors: how many times as high and as wide the images become, each at least 1.
    Input: `[batch, height, width, channels]`.
    Output: `[batch, factors[0] height, factors[1] width, channels]`.
    Raises:
        ValueError: they are no two factors.
    """

    def __init__(self, factors: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factors = check_size_list(factors, "factors", least=2)
        if len(self.factors) > 2:
            raise ValueError(f"expected two factors. Received: {factors!r}")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        outputs = inputs
        for size, factor in zip(inputs.shape[1:3], self.factors, strict=True):
            # The axis that is enlarged goes to the end, so that the next one is the second.
            weights = tf.constant(_weights(size, factor), inputs.dtype)
            outputs = tf.tensordot(outputs, weights, [[1], [0]])
        return tf.transpose(outputs, (0, 2, 3, 1))

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        batch, height, width, channels = input_shape
        return batch, height * self.factors[0], width * self.factors[1], channels


def _weights(size, factor):
    """What each of the pixels gives to each of the new ones, `[size, factor size]`."""
    places = (np.arange(factor * size) + 0.5) / factor - 0.5
    return np.stack([np.interp(places, np.arange(size), one) for one in np.eye(size)])
