"""Words, vectors behind them, and a learned query at the end, which look back alone."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape

# Words are of the size of standardized vectors, which stand behind them.
_STDDEV_OF_WORDS, _STDDEV_OF_PLACES = 1.0, 0.5


class CausalSequence(ConfiguredLayer):
    """h_i = E[token_i] + P_i, then v_j + P_{length + j}, then P at the last place: the query.

    Ramesh et al. (2022), section 2.2. Each may look at itself and at what is in front of it; none
    at the padding, token 0.

    Args:
        num_tokens: number of tokens, the padding included.
        dim: size of the vectors.
    Input: tokens `[batch, length]`, int32, below `num_tokens`; vectors `[batch, number, dim]`.
    Output: `[batch, length + number + 1, dim]`, and boolean
        `[batch, length + number + 1, length + number + 1]`, what each place may look at: the mask
        of an attention.
    Raises:
        ValueError: sizes below 1.
    """

    def __init__(self, num_tokens: int, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(num_tokens=num_tokens, dim=dim)
        self.num_tokens = num_tokens
        self.dim = dim

    def build(self, tokens_shape: BatchShape, vectors_shape: BatchShape) -> None:
        size = tokens_shape[1] + vectors_shape[1] + 1
        normal = keras.initializers.RandomNormal
        words, places = normal(stddev=_STDDEV_OF_WORDS), normal(stddev=_STDDEV_OF_PLACES)
        self.words = self.add_weight((self.num_tokens, self.dim), words, name="words")
        self.places = self.add_weight((size, self.dim), places, name="places")

    def call(self, tokens: tf.Tensor, vectors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        words, places = (
            tf.cast(tf.convert_to_tensor(each), self.compute_dtype)
            for each in (self.words, self.places)
        )
        query = tf.zeros_like(vectors[:, :1])
        h = tf.concat([tf.gather(words, tokens), vectors, query], axis=1) + places
        behind = tf.ones(tf.shape(h)[:2] - [0, tokens.shape[1]], tf.bool)
        there = tf.concat([tokens != 0, behind], axis=1)
        size = places.shape[0]
        before = tf.constant([[i >= j for j in range(size)] for i in range(size)])
        return h, before & there[:, tf.newaxis]

    def compute_output_spec(
        self, tokens: keras.KerasTensor, vectors: keras.KerasTensor
    ) -> tuple[keras.KerasTensor, ...]:
        size = tokens.shape[1] + vectors.shape[1] + 1
        return (
            keras.KerasTensor((tokens.shape[0], size, self.dim), self.compute_dtype),
            keras.KerasTensor((tokens.shape[0], size, size), "bool"),
        )
