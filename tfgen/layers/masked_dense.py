"""A dense layer of which a mask decides what is connected to what."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class MaskedDense(ConfiguredLayer):
    """y = f(x (W * M) + b): the mask M comes with each call (Germain et al. 2015).

    Args:
        units: size of the output.
        activation: f, as `keras.layers.Dense` takes it; None for the identity.
        use_bias: whether there is b.
    Input: x, `[batch, inputs]`, and the connections M, bool `[inputs, units]`.
    Output: `[batch, units]`, in the layer's compute dtype.
    Raises:
        ValueError: `units` is not a positive int.
    """

    def __init__(
        self,
        units: int,
        activation: str | Callable | None = None,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_sizes(units=units)
        self.units = units
        self.activation = activation
        self.use_bias = use_bias

    def build(self, x_shape: BatchShape, connections_shape: BatchShape | None = None) -> None:
        self.kernel = self.add_weight((x_shape[-1], self.units), "glorot_uniform", name="kernel")
        if self.use_bias:
            self.bias = self.add_weight((self.units,), "zeros", name="bias")

    def call(self, x: tf.Tensor, connections: tf.Tensor) -> tf.Tensor:
        y = ops.matmul(x, ops.where(connections, self.kernel, 0))
        return keras.activations.get(self.activation)(y + self.bias if self.use_bias else y)

    def compute_output_shape(
        self, x_shape: BatchShape, connections_shape: BatchShape | None = None
    ) -> BatchShape:
        return (*x_shape[:-1], self.units)
