"""Vectors of words."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class TokenEmbedding(ConfiguredLayer):
    """e_i = E[token_i], a learned vector for each token, and exactly 0 for token 0, the padding.

    The vectors start at N(0, 1).

    Args:
        num_tokens: number of tokens, the padding included.
        dim: size of the vectors.
    Input: `[batch, ...]`, int32, below `num_tokens`.
    Output: `[batch, ..., dim]`.
    Raises:
        ValueError: sizes below 1.
    """

    def __init__(self, num_tokens: int, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(num_tokens=num_tokens, dim=dim)
        self.num_tokens = num_tokens
        self.dim = dim

    def build(self, input_shape: BatchShape) -> None:
        shape = (self.num_tokens, self.dim)
        normal = keras.initializers.RandomNormal(stddev=1.0)
        self.embeddings = self.add_weight(shape, normal, name="embeddings")

    def call(self, tokens: tf.Tensor) -> tf.Tensor:
        vectors = tf.gather(tf.convert_to_tensor(self.embeddings), tokens)
        return vectors * tf.cast(tokens != 0, vectors.dtype)[..., tf.newaxis]

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        return (*input_shape, self.dim)
