"""Several properties, each of which an example has or has not."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.core import Condition
from tfgen.core.condition import refuse_outside, to_tensor


class Attributes(Condition):
    """y says of each of several attributes whether x has it: 1 or 0, true or false.

    Networks read 1 for an attribute that x has and -1 for one that it has not, so that the zero
    vector, "no condition", says neither.

    Args:
        names: of the attributes, in order.
    Raises:
        ValueError: no name, or one that comes twice.

    Example:
        >>> hair = Attributes(("black", "long"))
        >>> hair.encode(hair.tokens([[1, 0]])).numpy().tolist()
        [[1.0, -1.0]]
    """

    def __init__(self, names: Sequence[str]) -> None:
        names = (names,) if isinstance(names, str) else tuple(names)
        if not names or len(set(names)) < len(names):
            raise ValueError(f"expected names of attributes, each once. Received: {names}")
        self.names = names

    @property
    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, len(self.names)), tf.float32, name="condition")

    @property
    def given_spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, len(self.names)), tf.float32, name="given")

    def to_tokens(self, values: Any, name: str) -> tf.Tensor:
        expected = f"expected {name} to be 1 or 0 for each of {', '.join(self.names)}"
        tokens = to_tensor(values, expected)
        if (
            tokens.dtype == tf.string
            or tokens.shape.rank not in (1, 2)
            or tokens.shape[-1] != len(self.names)
        ):
            raise ValueError(
                f"{expected}, [batch, {len(self.names)}]. Received: {tokens.dtype.name},"
                f" shape {tokens.shape}"
            )
        tokens = tf.cast(tokens, tf.float32)
        refuse_outside((tokens == 0) | (tokens == 1), tokens, expected)
        return tokens

    def encode(self, tokens: tf.Tensor) -> tf.Tensor:
        """1 for yes and -1 for no, float32 `[batch, len(names)]`."""
        return 2 * tokens - 1

    def parse(self, text: str) -> np.ndarray:
        """Reads the names of the attributes that x has, as in "black,long"; "" for none."""
        wanted = [name.strip() for name in text.split(",") if name.strip()]
        unknown = [name for name in wanted if name not in self.names]
        if unknown:
            raise ValueError(
                f"expected attributes of {', '.join(self.names)}, as a list with commas."
                f" Received: {text}"
            )
        return np.array([name in wanted for name in self.names], "float32")
