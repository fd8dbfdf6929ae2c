"""A dense layer whose outputs are gated by as many others."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class GatedDense(ConfiguredLayer):
    """h = (W x + b) * sigmoid(V x + c)  (Dauphin et al. 2017, Eq. 1).

    Both products are one, of x and the columns of W and V side by side.

    Args:
        units: size of the output.
    Input: x, `[batch, inputs]`.
    Output: `[batch, units]`, in the layer's compute dtype.
    Raises:
        ValueError: `units` is not a positive int.
    """

    gains_by_xla = True

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(units=units)
        self.units = units

    def build(self, x_shape: BatchShape) -> None:
        self.kernel = self.add_weight(
            (x_shape[-1], 2 * self.units), _half_by_half(self.units), name="kernel"
        )
        self.bias = self.add_weight((2 * self.units,), "zeros", name="bias")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        values, gates = tf.split(ops.matmul(x, self.kernel) + self.bias, 2, axis=-1)
        return values * tf.sigmoid(gates)

    def compute_output_shape(self, x_shape: BatchShape) -> BatchShape:
        return (*x_shape[:-1], self.units)


def _half_by_half(units):
    """Glorot's uniform values for two kernels side by side, each with its own limit."""

    def initial(shape, dtype=None):
        halves = [
            keras.initializers.GlorotUniform()((shape[0], units), dtype=dtype) for _ in range(2)
        ]
        return tf.concat(halves, axis=1)

    return initial
