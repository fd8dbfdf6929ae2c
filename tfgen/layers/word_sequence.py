"""Words as vectors that know their places, and the end of a text."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape

# As in the code of Radford et al. (2021).
_STDDEV_OF_WORDS, _STDDEV_OF_PLACES = 0.02, 0.01


class WordSequence(ConfiguredLayer):
    """h_i = E[token_i] + P_i, and the vector of the text's end behind them.

    Radford et al. (2021), section 2.4. The end always stands in the last place, behind what fills
    up a short text, and is there in an empty one, too.

    Args:
        num_tokens: number of tokens, the padding included, which is 0.
        dim: size of the vectors.
    Input: `[batch, length]`, int32, below `num_tokens`.
    Output: `[batch, length + 1, dim]`, and boolean `[batch, 1, length + 1]`, where a text has a
        word or its end: the mask of an attention.
    Raises:
        ValueError: sizes below 1.
    """

    def __init__(self, num_tokens: int, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(num_tokens=num_tokens, dim=dim)
        self.num_tokens = num_tokens
        self.dim = dim

    def build(self, input_shape: BatchShape) -> None:
        # The padding is masked: its vector serves as that of the end.
        normal = keras.initializers.RandomNormal
        words, places = normal(stddev=_STDDEV_OF_WORDS), normal(stddev=_STDDEV_OF_PLACES)
        self.words = self.add_weight((self.num_tokens, self.dim), words, name="words")
        self.places = self.add_weight((input_shape[1] + 1, self.dim), places, name="places")

    def call(self, tokens: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        end = tf.zeros_like(tokens[:, :1])
        words, places = (tf.convert_to_tensor(each) for each in (self.words, self.places))
        vectors = tf.gather(words, tf.concat([tokens, end], axis=1)) + places
        there = tf.concat([tokens != 0, end == 0], axis=1)
        return tf.cast(vectors, self.compute_dtype), there[:, tf.newaxis]

    def compute_output_spec(self, tokens: keras.KerasTensor) -> tuple[keras.KerasTensor, ...]:
        batch, length = tokens.shape
        return (
            keras.KerasTensor((batch, length + 1, self.dim), self.compute_dtype),
            keras.KerasTensor((batch, 1, length + 1), "bool"),
        )
