"""A learned factor."""

import math
from typing import Any

import keras
import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_positive
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class LearnedScale(ConfiguredLayer):
    """exp(w) x, w learned, exp(w) at most `max_scale` (Radford et al. 2021, section 2.5).

    Args:
        start: exp(w) at the start, positive and at most `max_scale`.
        max_scale: after each update w is brought back to where exp(w) is that.
    Input: a tensor of any shape.
    Output: of the same shape, float32.
    Raises:
        ValueError: a number that is not positive, or a start above `max_scale`.
    """

    def __init__(self, start: float = 1.0, max_scale: float = 100.0, **kwargs: Any) -> None:
        # A half-precision scale would round the logits.
        super().__init__(autocast=False, **kwargs)
        self.start = check_positive(start, "start")
        self.max_scale = check_positive(max_scale, "max_scale")
        if start > max_scale:
            raise ValueError(f"expected a start of at most {max_scale!r}. Received: {start!r}")

    def build(self, input_shape: BatchShape) -> None:
        self.log_scale = self.add_weight(
            (),
            keras.initializers.Constant(math.log(self.start)),
            dtype="float32",
            autocast=False,
            constraint=_AtMost(math.log(self.max_scale)),
            name="log_scale",
        )

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.cast(inputs, tf.float32) * tf.exp(tf.convert_to_tensor(self.log_scale))

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        return input_shape


class _AtMost(Configured, keras.constraints.Constraint):
    def __init__(self, limit: float) -> None:
        self.limit = limit

    def __call__(self, weight: tf.Tensor) -> tf.Tensor:
        return tf.minimum(tf.convert_to_tensor(weight), self.limit)
