"""Features of one length in every cell."""

import tensorflow as tf

from tfgen.layers.configured_layer import ConfiguredLayer


class PixelNormalization(ConfiguredLayer):
    """b_c = a_c / sqrt(mean_j a_j^2 + 1e-8), over the features of each cell.

    Karras et al. (2018), section 4.2: magnitudes cannot grow out of hand, and there is nothing to
    learn. Computed in float32 under every dtype policy.

    Input: `[batch, ..., features]`.
    Output: of the same shape.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        a = tf.cast(inputs, tf.float32)
        squares = tf.reduce_mean(a**2, axis=-1, keepdims=True)
        return tf.cast(a * tf.math.rsqrt(squares + 1e-8), inputs.dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape
