"""What a model takes as data: arrays and data sets are checked at the door of `fit`."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.core.checks import all_valid, check_array, check_count, check_spec, is_bounded
from tfgen.core.typing import ArrayLike, ShapeLike


class DataChecks:
    """The checks of a model's data, and the batches that come of it.

    Needs `event_shape`, `levels` and `condition`.
    """

    def check(self, x: ArrayLike, name: str = "x") -> tf.Tensor:
        """Checks a batch of examples (see `check_array`); returns it as a float32 tensor."""
        return check_array(x, self.event_shape, levels=self.levels, name=name)

    def unpack(self, data: Any) -> tuple[tf.Tensor, ...]:
        """The batch that the losses get: `(x,)`, or `(x, given)` for a model with conditions.

        Raises:
            ValueError: conditions that are missing or not expected, or sample weights.
        """
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        self._refuse(sample_weight=sample_weight)
        self._check_pair(y)
        x = tf.convert_to_tensor(x)
        if self.condition is None:
            return (x,)
        return x, self.condition.encode(self.condition.tokens(y, tf.shape(x)[0], name="y"))

    def _refuse(self, **arguments):
        for name, value in arguments.items():
            if value is not None:
                raise ValueError(
                    f"expected no {name}: every example counts alike in the objective of"
                    f" {type(self).__name__}. Received: {name} of type {type(value).__name__}"
                )

    def _check_pair(self, y):
        if self.condition is None and y is not None:
            raise ValueError(
                f"expected no y: this {type(self).__name__} is trained on x alone."
                f" Received: y of type {type(y).__name__}"
            )
        if self.condition is not None and y is None:
            raise ValueError(
                f"expected y, the conditions {self.condition} of this {type(self).__name__}."
                " Received: x alone"
            )

    def join(self, x: Any, y: Any) -> tuple[Any, Any]:
        """What `fit` and `evaluate` go by, of what they are given: here that."""
        return x, y

    def batches_of(self, arrays: tuple[tf.Tensor, ...], batch_size: int) -> tf.data.Dataset:
        """The batches of checked arrays in their order, each example once.

        Raises:
            ValueError: `batch_size` is below 1.
        """
        check_count(batch_size, "batch_size")
        return tf.data.Dataset.from_tensor_slices(arrays).batch(batch_size)

    def check_inputs(self, x: Any, condition: ArrayLike | None = None) -> Any:
        """Checks what the model is to be called on.

        Args:
            x: array of examples; or a data set, for a model without a condition.
            condition: beside an array, for a model that has one.
        Returns:
            x, or `(x, tokens)` for a model with a condition; or a data set of `(x,)`.
        Raises:
            ValueError: see `check_data`.
        """
        if isinstance(x, tf.data.Dataset):
            return self.check_dataset(x)
        arrays = self.check_data(x, condition)
        return arrays if self.condition is not None else arrays[0]

    def check_data(
        self, x: ArrayLike, y: ArrayLike | None = None, name: str = "x"
    ) -> tuple[tf.Tensor, ...]:
        """Checks arrays for training: returns the tuple of tensors of which batches are made.

        Raises:
            ValueError: see `check_array`; conditions that are missing, not expected or do not fit.
        """
        x = self.check(x, name)
        self._check_pair(y)
        if self.condition is None:
            return (x,)
        tokens = self.condition.tokens(y, name=f"{name[:-1]}y")
        if len(tokens) != len(x):
            raise ValueError(
                f"expected {name} and its conditions of one length."
                f" Received: {len(x)} and {len(tokens)}"
            )
        return x, tokens

    def check_batch(self, batch: Any) -> tuple[np.ndarray, ...]:
        """Checks a batch that a generator gives: arrays `(x,)` or `(x, tokens)`.

        Raises:
            ValueError: see `check_data`; sample weights.
        """
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(batch)
        self._refuse(sample_weight=sample_weight)
        return tuple(np.asarray(array) for array in self.check_data(x, y, name="the batch's x"))

    def check_dataset(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Checks a `tf.data.Dataset` of batches and what it gives; makes its conditions numeric.

        Returns:
            A data set of `(x,)` or `(x, tokens)`; bad values are found as it is read.
        Raises:
            ValueError: structure, shapes or dtypes do not fit the model.
        """
        spec = dataset.element_spec
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(spec)
        self._refuse(sample_weight=sample_weight)
        self._check_pair(y)
        check_spec(x, self.event_shape, name="the data set's x")

        # On the host, where strings and assertions are possible: XLA has neither.
        def checked(*batch):
            x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
            x = self.with_checked_values(x, self.event_shape, "the data set's x")
            if y is None:
                return (x,)
            return x, self.condition.tokens(y, tf.shape(x)[0], name="the data set's y")

        # Numbers are checked sooner than handed to another thread; texts take their time.
        parallel = None if self.condition is None else tf.data.AUTOTUNE
        return self.mapped(dataset, checked, parallel)

    @staticmethod
    def mapped(
        dataset: tf.data.Dataset, function: Callable[..., Any], parallel: int | None = None
    ) -> tf.data.Dataset:
        """`dataset.map` in its order, with the data set's counter of epochs where it has one."""
        mapped = dataset.map(function, parallel, deterministic=None if parallel is None else True)
        if hasattr(dataset, "epoch_counter"):
            mapped.epoch_counter = dataset.epoch_counter
        return mapped

    def with_checked_values(self, x: tf.Tensor, event_shape: ShapeLike, name: str) -> tf.Tensor:
        """x of a batch of a data set, once its values are known to be good.

        Args:
            x: `[batch, *event_shape]`.
            event_shape: shape of one example.
            name: what the message calls x.
        """
        x = tf.ensure_shape(x, (None, *event_shape))
        bounded = is_bounded(event_shape, self.levels)
        wanted = "in [0, 1]" if bounded else "to be finite"
        if self.levels is not None:
            wanted = f"on {self.levels} levels, k / {self.levels - 1}, as the likelihood has them"

        def refuse():
            text = tf.strings.format(
                f"expected {name} {wanted}. Received: a batch with values from {{}} to"
                " {}, {} of them NaN or infinity",
                (tf.reduce_min(x), tf.reduce_max(x), tf.math.count_nonzero(~tf.math.is_finite(x))),
            )
            return tf.debugging.Assert(False, [text])

        valid = all_valid(x, self.levels, bounded)
        with tf.control_dependencies([tf.cond(valid, tf.no_op, refuse)]):
            return tf.identity(x)


@contextlib.contextmanager
def readable_data_errors() -> Iterator[None]:
    """What the checks of a data set find while it is read, as the `ValueError` of other data."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        # TensorFlow writes \\' for an apostrophe where the error comes out of a map.
        message = error.message.replace("\\'", "'")
        found = re.search(r"assertion failed: (\[expected the data set's .*)", message)
        if found is None:
            raise
        sentence = found.group(1).partition(" [Op:")[0].replace("] [", " ")
        raise ValueError(sentence.strip("[] ")) from None
