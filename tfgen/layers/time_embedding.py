"""Sinusoidal embedding of a time or position."""

import math
from typing import Any

import tensorflow as tf
from keras import ops

from tfgen.core.size_checks import check_positive, check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class TimeEmbedding(ConfiguredLayer):
    """e(t) = [sin(w_0 s t), ..., cos(w_0 s t), ...], w_i = max_period^(-2 i / dim), s the scale.

    Vaswani et al. (2017), section 3.5, with all sines before all cosines, of times in [0, 1] that
    stand for their positions 0..s. The angles are computed in float32 under every precision
    policy.

    Args:
        dim: size of the embedding, even.
        max_period: the slowest wave has a period just under 2 pi times this, in positions.
        scale: s, positions in a unit of time; 1 for positions themselves.
    Input: `[batch]`, integer or floating point.
    Output: `[batch, dim]`, in the layer's compute dtype.
    Raises:
        ValueError: `dim` is not a positive even int, or `max_period` or `scale` not positive.
    """

    def __init__(
        self, dim: int, max_period: float = 10000.0, scale: float = 1000.0, **kwargs: Any
    ) -> None:
        # A float16 or bfloat16 input would already have lost t.
        super().__init__(autocast=False, **kwargs)
        check_sizes(dim=dim)
        if dim % 2:
            raise ValueError(f"expected dim to be even. Received: {dim!r}")
        self.dim = dim
        self.max_period = check_positive(max_period, "max_period")
        self.scale = check_positive(scale, "scale")

    def call(self, t: tf.Tensor) -> tf.Tensor:
        half = self.dim // 2
        frequencies = ops.exp(-math.log(self.max_period) / half * ops.arange(half, dtype="float32"))
        positions = self.scale * ops.cast(t, "float32")
        angles = positions[:, None] * frequencies
        embedding = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
        return ops.cast(embedding, self.compute_dtype)

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        return (input_shape[0], self.dim)
