"""What a model takes as data: arrays and data sets are checked at the door of `fit`."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.core.checks import check_array, check_spec
from tfgen.core.typing import ArrayLike


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
        """Checks a `tf.data.Dataset` of batches, and makes its conditions numeric.

        Returns:
            A data set of `(x,)` or `(x, tokens)`; bad conditions are found as it is read.
        Raises:
            ValueError: structure, shapes or dtypes do not fit the model.
        """
        spec = dataset.element_spec
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(spec)
        self._refuse(sample_weight=sample_weight)
        self._check_pair(y)
        check_spec(x, self.event_shape, name="the data set's x")
        if self.condition is None:
            return dataset

        # On the host, where strings and assertions are possible: XLA has neither.
        def make_numeric(x, y):
            return x, self.condition.tokens(y, tf.shape(x)[0], name="the data set's y")

        mapped = dataset.map(make_numeric, tf.data.AUTOTUNE, deterministic=True)
        if hasattr(dataset, "epoch_counter"):
            mapped.epoch_counter = dataset.epoch_counter
        return mapped
