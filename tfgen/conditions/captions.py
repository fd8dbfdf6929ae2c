"""A text, as the numbers of its words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf

from tfgen.core import Condition
from tfgen.core.condition import refuse_outside, to_tensor
from tfgen.core.size_checks import check_sizes

PADDING, UNKNOWN = 0, 1

# Whatever is neither a letter, a mark on one, nor a digit stands between words.
_BETWEEN_WORDS = r"[^\pL\pM\pN]+"


class Captions(Condition):
    """y is a text; networks read the numbers of its words, in order.

    A text is cut into words at whatever is no letter or digit, in lower case. A word's number is
    its place in the vocabulary, from 2; 1 is a word that is not in it, and 0 fills up to `length`.
    Words beyond `length` are left out. The empty text has no words: it is the same as "no
    condition", zeros. Bytes that are no UTF-8 stand between words.

    Args:
        vocabulary: the words, each once, as `words` cuts them.
        length: number of words that are read.
    Raises:
        ValueError: no words, one that comes twice or is no word, or a length below 1.

    Example:
        >>> captions = Captions.from_corpus(["a red seven", "a blue one"], length=4)
        >>> captions.tokens(["A blue, green seven!", ""]).numpy().tolist()
        [[2, 3, 1, 6], [0, 0, 0, 0]]
    """

    def __init__(self, vocabulary: Sequence[str], length: int) -> None:
        check_sizes(length=length)
        vocabulary = tuple(vocabulary)
        if not vocabulary or len(set(vocabulary)) < len(vocabulary):
            raise ValueError(
                f"expected a vocabulary of words, each once. Received: {len(vocabulary)} words,"
                f" {len(set(vocabulary))} of them different"
            )
        for word in vocabulary:
            if words(word) != [word]:
                raise ValueError(
                    f"expected words in lower case, of letters and digits. Received: {word!r}"
                )
        self.vocabulary = vocabulary
        self.length = length
        # TensorFlow's own cutting of words, which a SavedModel takes along.
        self.layers = (
            keras.layers.TextVectorization(
                standardize=_standardize,
                split="whitespace",
                output_sequence_length=self.length,
                vocabulary=list(vocabulary),
                dtype="int64",
                name="words",
            ),
        )

    @classmethod
    def from_corpus(
        cls, texts: Iterable[str], max_words: int | None = None, length: int | None = None
    ) -> Self:
        """Captions with the words of some texts.

        Args:
            texts: the corpus.
            max_words: the most frequent ones that are kept; None for all of them.
            length: number of words that are read; None for those of the longest text.
        Raises:
            ValueError: the texts hold no words.
        """
        cut = [text.decode().split() for text in _standardize(tf.constant(list(texts))).numpy()]
        counts = Counter(word for text in cut for word in text)
        # Equally frequent words in alphabetic order, so that the order of the texts is no matter.
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        longest = max(map(len, cut), default=0)
        return cls(ranked[:max_words], longest if length is None else length)

    @property
    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None,), tf.string, name="condition")

    @property
    def given_spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, self.length), tf.int32, name="given")

    @property
    def num_words(self) -> int:
        """Numbers that words may have: those of the vocabulary, padding and unknown words."""
        return len(self.vocabulary) + 2

    @property
    def _token_rank(self):
        return 2

    def to_tokens(self, values: Any, name: str) -> tf.Tensor:
        expected = f"expected {name} to be texts [batch]"
        values = to_tensor(values, expected)
        if values.dtype == tf.string and values.shape.rank in (0, 1):
            one = values.shape.rank == 0
            tokens = self.layers[0](values[tf.newaxis] if one else values)
            tokens = tf.ensure_shape(tf.cast(tokens, tf.int32), (None, self.length))
            return tokens[0] if one else tokens
        if not values.dtype.is_integer or values.shape[1:] != [self.length]:
            raise ValueError(f"{expected}. Received: {values.dtype.name}, shape {values.shape}")
        refuse_outside(
            (values >= 0) & (values < self.num_words),
            values,
            f"expected {name} as numbers of words below {self.num_words}",
        )
        return tf.cast(values, tf.int32)

    def encode(self, tokens: tf.Tensor) -> tf.Tensor:
        """The numbers of the words, int32 `[batch, length]`."""
        return tokens

    def parse(self, text: str) -> str:
        return text

    def rows(self, values: Any) -> list:
        """The first distinct texts, 8 at most."""
        return list(dict.fromkeys(np.asarray(values).ravel().tolist()))[:8]


def words(text: str) -> list[str]:
    """The words of a text, as `Captions` cuts it."""
    return _standardize(tf.constant(text)).numpy().decode().split()


@keras.saving.register_keras_serializable(package="tfgen")
def _standardize(texts):
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    texts = tf.strings.lower(texts, encoding="utf-8")
    return tf.strings.strip(tf.strings.regex_replace(texts, _BETWEEN_WORDS, " "))
