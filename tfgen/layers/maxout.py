"""A dense layer of units that are the largest of several linear pieces."""

from typing import Any

import tensorflow as tf
from keras import ops

from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class Maxout(ConfiguredLayer):
    """h_i = max_j (W_ij x + b_ij), j from 1 to `pieces`  (Goodfellow et al. 2013, Eq. 2).

    Args:
        units: size of the output.
        pieces: linear pieces of each unit.
    Input: x, `[batch, inputs]`.
    Output: `[batch, units]`, in the layer's compute dtype.
    Raises:
        ValueError: a size is not a positive int.
    """

    def __init__(self, units: int, pieces: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(units=units, pieces=pieces)
        self.units = units
        self.pieces = pieces

    def build(self, x_shape: BatchShape) -> None:
        size = self.units * self.pieces
        self.kernel = self.add_weight((x_shape[-1], size), "glorot_uniform", name="kernel")
        self.bias = self.add_weight((size,), "zeros", name="bias")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        pieces = ops.matmul(x, self.kernel) + self.bias
        return ops.max(ops.reshape(pieces, (-1, self.units, self.pieces)), axis=-1)

    def compute_output_shape(self, x_shape: BatchShape) -> BatchShape:
        return (*x_shape[:-1], self.units)
