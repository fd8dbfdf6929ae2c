"""A network of one part, summed over all parts."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.layers.configured_layer import ConfiguredLayer


class SumOverParts(ConfiguredLayer):
    """sum_n f(x_n), of each output of a network f: the order of the parts cannot matter.

    Args:
        network: f, a built Keras model, `[batch, *part_shape]` to one array or to a list of them.
    Input: `[batch, num_parts, *part_shape]`.
    Output: the sums, with the shapes of the network's outputs.
    """

    def __init__(self, network: keras.Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.network = network

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.num_parts = input_shape[1]

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> Any:
        return self.network.output_shape

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> Any:
        parts = tf.reshape(inputs, (-1, *inputs.shape[2:]))
        outputs = self.network(parts, training=training)
        return tf.nest.map_structure(self._sum, outputs)

    def _sum(self, output):
        return tf.reduce_sum(tf.reshape(output, (-1, self.num_parts, *output.shape[1:])), axis=1)
