"""Dropout that draws few random bits."""

import math
from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_rate
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape

_LEVELS = 2**16


class Dropout(ConfiguredLayer):
    """x m / (1 - rate) in training, m independently 0 with probability `rate`, else 1; x otherwise.

    Srivastava et al. (2014). Keras's layer of this name draws 32 bits and makes a float of them for
    each element, which on a CPU takes longer than a convolution; here there are 16, compared as
    they are. The rate is therefore a multiple of 2^-16, the nearest one, and the mean is exactly x.

    Args:
        rate: in [0, 1).
    Input: `[batch, ...]`, of known size but for the batch.
    Output: of the same shape.
    Raises:
        ValueError: `rate` is out of range.
    """

    def __init__(self, rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = check_rate(rate, "rate")
        if rate > 0:
            self.seed_generator = keras.random.SeedGenerator()
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        dropped = min(round(self.rate * _LEVELS), _LEVELS - 1)
        if not training or dropped == 0:
            return inputs
        size = math.prod(inputs.shape[1:])
        batch, pairs = tf.shape(inputs)[0], -(-size // 2)
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        drawn = tf.random.stateless_uniform([batch, pairs], seed, None, None, tf.uint32)
        drawn = tf.reshape(tf.bitcast(drawn, tf.uint16), (batch, 2 * pairs))[:, :size]
        kept = tf.reshape(tf.cast(drawn >= dropped, inputs.dtype), tf.shape(inputs))
        return inputs * kept * (_LEVELS / (_LEVELS - dropped))

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        return input_shape
