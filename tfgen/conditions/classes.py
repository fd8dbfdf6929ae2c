"""One of several classes."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.core import Condition
from tfgen.core.condition import refuse_outside, to_tensor
from tfgen.core.size_checks import check_sizes


class Classes(Condition):
    """y is one of `num_classes` classes, an integer from 0; networks read it one-hot.

    "No condition" is the zero vector.

    Args:
        num_classes: number of classes, at least 1.
    Raises:
        ValueError: there is no class.

    Example:
        >>> Classes(3).encode(Classes(3).tokens([2, 0])).numpy().tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """

    def __init__(self, num_classes: int) -> None:
        check_sizes(num_classes=num_classes)
        self.num_classes = num_classes

    @property
    def spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None,), tf.int32, name="condition")

    @property
    def given_spec(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, self.num_classes), tf.float32, name="given")

    @property
    def mean_square(self) -> float:
        """One of the numbers is 1, and the others are 0."""
        return 1 / self.num_classes

    def to_tokens(self, values: Any, name: str) -> tf.Tensor:
        expected = f"expected {name} to be classes from 0 to {self.num_classes - 1}"
        tokens = to_tensor(values, expected)
        if not tokens.dtype.is_integer or tokens.shape.rank not in (0, 1, 2):
            raise ValueError(
                f"{expected}, integers [batch]. Received: {tokens.dtype.name}, shape {tokens.shape}"
            )
        if tokens.shape.rank == 2:
            # Labels come as columns, too.
            if tokens.shape[1] != 1:
                raise ValueError(f"{expected}, [batch]. Received: shape {tokens.shape}")
            tokens = tokens[:, 0]
        refuse_outside((tokens >= 0) & (tokens < self.num_classes), tokens, expected)
        return tf.cast(tokens, tf.int32)

    def encode(self, tokens: tf.Tensor) -> tf.Tensor:
        """One-hot vectors, float32 `[batch, num_classes]`."""
        return tf.one_hot(tokens, self.num_classes)

    def parse(self, text: str) -> int:
        try:
            return int(text)
        except ValueError as error:
            raise ValueError(
                f"expected a class from 0 to {self.num_classes - 1}. Received: {text}"
            ) from error

    def rows(self, values: Any) -> list:
        """Every class."""
        return list(np.arange(self.num_classes, dtype="int32"))
