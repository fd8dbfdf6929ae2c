"""A bias for each feature, where what comes before has none."""

import tensorflow as tf

from tfgen.layers.configured_layer import ConfiguredLayer


class ChannelBias(ConfiguredLayer):
    """Adds a number to each feature, the same in all cells; starts at 0.

    Input: `[batch, ..., features]`.
    Output: of the same shape.
    """

    def build(self, input_shape: tuple) -> None:
        self.bias = self.add_weight(shape=input_shape[-1:], initializer="zeros", name="bias")
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs + tf.cast(tf.convert_to_tensor(self.bias), inputs.dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
