"""Attention of all positions of an image to all."""

import math
from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape

# Of the maps of positions, beside tokens of variance 1.
_STDDEV_OF_POSITIONS = 0.5


class SelfAttention(ConfiguredLayer):
    """W softmax(q k^T / sqrt(channels of a head)) v, and q, k, v affine in tokens plus positions.

    Vaswani et al. (2017), Eq. 1. A token is the vector of channels at one place, to which a learned
    vector of that place is added. W and its bias start at zero, and so does what comes out (Ho et
    al. 2020, in the authors' code). The softmax is computed in float32 under every policy.

    Args:
        num_heads: number of heads, which divides the channels.
    Input: `[batch, ..., channels]`, of known size but for the batch.
    Output: of the same shape.
    Raises:
        ValueError: no heads, or heads that do not divide the channels.
    """

    def __init__(self, num_heads: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(num_heads=num_heads)
        self.num_heads = num_heads

    def build(self, input_shape: BatchShape) -> None:
        length, channels = math.prod(input_shape[1:-1]), input_shape[-1]
        if channels % self.num_heads:
            raise ValueError(
                f"expected num_heads that divides {channels} channels. Received: {self.num_heads!r}"
            )
        normal = _normal(_STDDEV_OF_POSITIONS)
        self.positions = self.add_weight((length, channels), normal, name="positions")
        self.query_key_value = self.add_weight(
            (channels, 3 * channels), _normal(channels**-0.5), name="query_key_value"
        )
        self.bias = self.add_weight((3 * channels,), "zeros", name="bias")
        self.output_kernel = self.add_weight((channels, channels), "zeros", name="output_kernel")
        self.output_bias = self.add_weight((channels,), "zeros", name="output_bias")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        shape, heads = inputs.shape[1:], self.num_heads
        length, channels = self.positions.shape
        size = channels // heads
        weights = (
            self.positions,
            self.query_key_value,
            self.bias,
            self.output_kernel,
            self.output_bias,
        )
        positions, kernel, bias, output_kernel, output_bias = (
            tf.cast(tf.convert_to_tensor(weight), inputs.dtype) for weight in weights
        )
        tokens = tf.reshape(inputs, (-1, length, channels)) + positions
        projected = tf.reshape(tokens, (-1, channels)) @ kernel + bias
        parts = tf.reshape(projected, (-1, length, 3, heads, size))
        # Heads beside the batch: [batch, heads, length, size].
        query, key, value = tf.unstack(tf.transpose(parts, (2, 0, 3, 1, 4)), num=3)
        logits = tf.matmul(query * size**-0.5, key, transpose_b=True)
        attention = tf.cast(tf.nn.softmax(tf.cast(logits, tf.float32)), inputs.dtype)
        mixed = tf.transpose(attention @ value, (0, 2, 1, 3))
        output = tf.reshape(mixed, (-1, channels)) @ output_kernel + output_bias
        return tf.reshape(output, (-1, *shape))

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        return input_shape


def _normal(stddev):
    return keras.initializers.RandomNormal(stddev=stddev)
