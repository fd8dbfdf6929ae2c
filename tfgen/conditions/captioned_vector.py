"""A text and a vector together."""

from typing import Any

import tensorflow as tf

from tfgen.conditions.captions import Captions
from tfgen.conditions.vector import Vector
from tfgen.core import Condition, split_seed
from tfgen.core.condition import refuse_outside, to_tensor
from tfgen.core.typing import ArrayLike


class CaptionedVector(Condition):
    """y is a text and a vector, such as CLIP's embedding of it or of its image; or one of both.

    y and what networks read are one float32 array, the numbers of the words and then the vector:
    `pair` makes it, `split` takes it apart. Texts by themselves are taken, too. Each part is zeros
    where there is none.

    Args:
        captions: what the texts are.
        dim: length of the vector, at least 1; its numbers of mean square about 1, such as a unit
            vector times sqrt(dim).
    Raises:
        ValueError: no captions, or a length below 1.

    Example:
        >>> condition = CaptionedVector(Captions(["red", "seven"], length=2), dim=2)
        >>> condition.pair(["seven", ""], [[0.5, -1.0], [2.0, 0.0]]).numpy().tolist()
        [[3.0, 0.0, 0.5, -1.0], [0.0, 0.0, 2.0, 0.0]]
    """

    def __init__(self, captions: Captions, dim: int) -> None:
        if not isinstance(captions, Captions):
            raise ValueError(f"expected captions to be Captions. Received: {captions!r}")
        self._vectors = Vector(dim)
        self.captions = captions
        self.dim = dim
        self.layers = captions.layers

    @property
    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, self.captions.length + self.dim), tf.float32, name="condition")

    @property
    def given_spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, self.captions.length + self.dim), tf.float32, name="given")

    @property
    def num_words(self) -> int:
        return self.captions.num_words

    def pair(
        self, texts: ArrayLike | None, vectors: ArrayLike | None, name: str = "condition"
    ) -> tf.Tensor:
        """Texts and vectors as one array.

        Args:
            texts: `[batch]` texts, or the numbers of their words, `[batch, length]`; one text for
                all vectors; None for no text.
            vectors: `[batch, dim]`, floating point; None for no vector.
            name: what the messages call them.
        Returns:
            `[batch, length + dim]`, float32.
        Raises:
            ValueError: neither, other values, or not as many of the one as of the other.
        """
        if texts is None and vectors is None:
            raise ValueError(f"expected {name} to have texts or vectors. Received: None")
        if vectors is None:
            words = self.captions.tokens(texts, name=name)
            return self._joined(words, self._vectors.nothing(tf.shape(words)[0]))
        vectors = self._vectors.tokens(vectors, name=name)
        num_examples = tf.shape(vectors)[0]
        if texts is None:
            return self._joined(self.captions.nothing(num_examples), vectors)
        return self._joined(self.captions.tokens(texts, num_examples, name), vectors)

    def split(self, given: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The numbers of the words, int32 `[batch, length]`, and the vectors, `[batch, dim]`."""
        words, vectors = tf.split(given, [self.captions.length, self.dim], axis=-1)
        return tf.cast(words, tf.int32), vectors

    def to_tokens(self, values: Any, name: str) -> tf.Tensor:
        length, dim = self.captions.length, self.dim
        expected = f"expected {name} to be texts [batch], or words and vectors, float [batch,"
        expected += f" {length} + {dim}]"
        values = to_tensor(values, expected)
        if values.dtype == tf.string:
            tokens = self.pair(values, None, name)
            return tokens[0] if values.shape.rank == 0 else tokens
        if (
            not values.dtype.is_floating
            or values.shape.rank not in (1, 2)
            or values.shape[-1] != length + dim
        ):
            raise ValueError(f"{expected}. Received: {values.dtype.name}, shape {values.shape}")
        values = tf.cast(values, tf.float32)
        words, vectors = tf.split(values, [length, dim], axis=-1)
        refuse_outside(
            (words >= 0) & (words < self.num_words) & (words == tf.floor(words)),
            words,
            f"expected {name} to begin with numbers of words below {self.num_words}",
        )
        refuse_outside(tf.math.is_finite(vectors), vectors, f"expected {name} to be finite")
        return values

    def encode(self, tokens: tf.Tensor) -> tf.Tensor:
        """The words' numbers and the vectors, float32 `[batch, length + dim]`."""
        return tokens

    def in_training(self, given: tf.Tensor, drop_rate: float, seed: tf.Tensor) -> tf.Tensor:
        """What networks read in training: now and then no text, no vector, or neither.

        With probability `drop_rate` both are left out; of the rest, each with that probability on
        its own. Ramesh et al. (2022), section 2.1, leave out the embedding in a tenth and the text
        in half of the examples, each on its own, so that both are missing in a twentieth.
        Guidance compares with a network that reads neither: here that is learned as often as in
        any other model of the same `drop_rate`, and the text is read more often than in half.
        """
        of_both, of_words, of_vectors = split_seed(seed, 3)
        words, vectors = self.split(given)
        words = self.captions.in_training(words, drop_rate, of_words)
        vectors = self._vectors.in_training(vectors, drop_rate, of_vectors)
        return super().in_training(self._joined(words, vectors), drop_rate, of_both)

    def parse(self, text: str) -> str:
        """A text by itself."""
        return text

    def _joined(self, words, vectors):
        return tf.concat([tf.cast(words, tf.float32), vectors], axis=-1)
