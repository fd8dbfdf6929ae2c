"""What y is: the value that says what a model is given beside x."""

import abc
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.core.configured import Configured
from tfgen.core.typing import ArrayLike


class Condition(Configured, abc.ABC):
    """What y is in p(x | y), and how networks read it.

    A condition goes through two steps. `tokens` checks what users give, at the door, and makes it
    numeric; `encode` turns these tokens into `given`, what networks read, inside compiled code.

    A subclass supplies `spec`, `given_spec`, `to_tokens`, `encode` and `parse`.

    Attributes:
        layers: Keras layers that the condition needs; a model tracks and saves them as its own.
    """

    layers: tuple[keras.layers.Layer, ...] = ()

    @property
    @abc.abstractmethod
    def spec(self) -> tf.TensorSpec:
        """A batch of what users give, named "condition"."""

    @property
    @abc.abstractmethod
    def given_spec(self) -> tf.TensorSpec:
        """A batch of what networks read: `[batch, ...]`."""

    @property
    def mean_square(self) -> float:
        """About the mean square of the numbers that networks read, to which first weights are fit.

        1 of standardized vectors, and of words, whose vectors start so.
        """
        return 1.0

    @property
    def num_words(self) -> int:
        """Numbers that words may have in what networks read; 0 where it holds no words."""
        return 0

    @abc.abstractmethod
    def to_tokens(self, values: Any, name: str) -> tf.Tensor:
        """Checks a batch of conditions, or one of them, and gives them as a numeric tensor.

        In a graph the values are checked by assertions, which XLA drops. Tokens are taken, too.

        Raises:
            ValueError: values that are no conditions of this kind.
        """

    @abc.abstractmethod
    def encode(self, tokens: tf.Tensor) -> tf.Tensor:
        """What networks read of `tokens`, as `given_spec` says it."""

    @abc.abstractmethod
    def parse(self, text: str) -> Any:
        """Reads one condition as a command line has it.

        Raises:
            ValueError: the text is no condition of this kind.
        """

    def tokens(
        self,
        values: ArrayLike,
        num_examples: int | tf.Tensor | None = None,
        name: str = "condition",
    ) -> tf.Tensor:
        """Checks conditions, and gives them as a numeric tensor `[num_examples, ...]`.

        Args:
            values: one condition for each example, or one for all of them.
            num_examples: int or int32 scalar; None for as many as there are values.
            name: what the messages call the conditions.
        Raises:
            ValueError: values that are no conditions of this kind, or not `num_examples` of them.
        """
        tokens = self.to_tokens(values, name)
        rank = self._token_rank
        if tokens.shape.rank == rank - 1:
            tokens = tokens[tf.newaxis]
            wanted = 1 if num_examples is None else num_examples
            return tf.broadcast_to(tokens, tf.concat(([wanted], tf.shape(tokens)[1:]), axis=0))
        if num_examples is None:
            return tokens
        count, wanted = tokens.shape[0], tf.get_static_value(num_examples)
        if count is not None and wanted is not None and count != int(wanted):
            raise ValueError(
                f"expected {name} for {int(wanted)} examples, or one for all of them."
                f" Received: {count}"
            )
        # A graph may know neither number: broadcasting refuses what does not fit, but for one.
        return tf.broadcast_to(tokens, tf.concat(([num_examples], tf.shape(tokens)[1:]), axis=0))

    @property
    def _token_rank(self):
        """Rank of a batch of tokens: that of what users give, but for strings."""
        return self.spec.shape.rank

    def nothing(self, num_examples: int | tf.Tensor) -> tf.Tensor:
        """ "No condition", as networks read it: zeros `[num_examples, ...]`."""
        return tf.zeros((num_examples, *self.given_spec.shape[1:]), self.given_spec.dtype)

    def in_training(self, given: tf.Tensor, drop_rate: float, seed: tf.Tensor) -> tf.Tensor:
        """What networks read in training: now and then "no condition", so as to do without it.

        Args:
            given: `[batch, ...]`, what they read otherwise.
            drop_rate: how often an example's is left out, in [0, 1).
            seed: int32 `(2,)`.
        Returns:
            As `given`.
        """
        if drop_rate == 0:
            return given
        num_examples = tf.shape(given)[0]
        dropped = tf.random.stateless_uniform([num_examples], seed) < drop_rate
        dropped = tf.reshape(dropped, [-1] + [1] * (given.shape.rank - 1))
        return tf.where(dropped, self.nothing(num_examples), given)

    def rows(self, values: ArrayLike) -> list:
        """The conditions that a picture shows, one in each row: the first distinct ones, 8 at most.

        Args:
            values: conditions of some examples, as users give them.
        """
        distinct: dict = {}
        for value in np.asarray(values):
            distinct.setdefault(value.tobytes() if isinstance(value, np.ndarray) else value, value)
        return list(distinct.values())[:8]


def to_tensor(values: Any, expected: str) -> tf.Tensor:
    """`tf.convert_to_tensor(values)`.

    Args:
        values: what a user gave.
        expected: beginning of the message.
    Raises:
        ValueError: they make no tensor.
    """
    try:
        return tf.convert_to_tensor(values)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{expected}. Received: {values!r}") from error


def refuse_outside(allowed: tf.Tensor, values: Any, expected: str) -> None:
    """Raises where a value is not allowed: at once, or by an assertion in a graph.

    Args:
        allowed: boolean tensor, where a value is allowed.
        values: the tensor of values.
        expected: beginning of the message.
    Raises:
        ValueError: a value is not allowed.
    """
    if not tf.executing_eagerly():
        tf.debugging.Assert(tf.reduce_all(allowed), [f"{expected}. Received:", values])
    elif not tf.reduce_all(allowed):
        raise ValueError(
            f"{expected}. Received: {np.asarray(values)[~np.asarray(allowed)].ravel()[0]}"
        )


def check_is_condition(value: Any) -> Condition:
    """Gives a `Condition` back.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, Condition):
        raise ValueError(
            f"expected condition to be a value such as Classes(10). Received: {value!r}"
        )
    return value
