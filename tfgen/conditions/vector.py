"""A vector of real numbers."""

import ast
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.core import Condition
from tfgen.core.condition import refuse_outside, to_tensor
from tfgen.core.size_checks import check_sizes


class Vector(Condition):
    """y is a vector of finite numbers, which networks read as it is.

    "No condition" is the zero vector.

    Args:
        dim: length of the vector, at least 1.
    Raises:
        ValueError: the length is below 1.

    Example:
        >>> Vector(2).tokens((0.5, -1.0), num_examples=2).numpy().tolist()
        [[0.5, -1.0], [0.5, -1.0]]
    """

    def __init__(self, dim: int) -> None:
        check_sizes(dim=dim)
        self.dim = dim

    @property
    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, self.dim), tf.float32, name="condition")

    @property
    def given_spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, self.dim), tf.float32, name="given")

    def to_tokens(self, values: Any, name: str) -> tf.Tensor:
        expected = f"expected {name} to be float vectors [batch, {self.dim}]"
        tokens = to_tensor(values, expected)
        if (
            not tokens.dtype.is_floating
            or tokens.shape.rank not in (1, 2)
            or tokens.shape[-1] != self.dim
        ):
            raise ValueError(f"{expected}. Received: {tokens.dtype.name}, shape {tokens.shape}")
        refuse_outside(tf.math.is_finite(tokens), tokens, f"expected {name} to be finite")
        return tf.cast(tokens, tf.float32)

    def encode(self, tokens: tf.Tensor) -> tf.Tensor:
        """The vectors, float32 `[batch, dim]`."""
        return tokens

    def parse(self, text: str) -> np.ndarray:
        try:
            values = np.array(ast.literal_eval(text), "float32")
        except (SyntaxError, TypeError, ValueError) as error:
            raise ValueError(f"expected {self.dim} numbers. Received: {text}") from error
        if values.shape != (self.dim,):
            raise ValueError(f"expected {self.dim} numbers, as in (0.5, 1). Received: {text}")
        return values
