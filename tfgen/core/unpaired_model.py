"""Models of two sets of examples that do not belong together one by one."""

import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.core.arrays import is_array
from tfgen.core.checks import check_array, check_count, check_spec
from tfgen.core.model import GenerativeModel
from tfgen.core.typing import ArrayLike
from tfgen.core.unpaired_feed import UnpairedFeed


class UnpairedModel(GenerativeModel):
    """A model that learns from two sets, a and b: of any lengths, in no order.

    `fit(a, b)` and `evaluate(a, b)` take two arrays or two `tf.data.Dataset`s of batches, or one
    data set or generator of batches `(a, b)`; `validation_data=(a, b)` does, too. The losses get
    batches `(a, b)`. An epoch goes through the larger set once, and the smaller one goes round
    again. Arrays have an order each (see `UnpairedFeed`). Of data sets each epoch begins new
    passes.

    A family supplies `event_shape_b` beside what `GenerativeModel` asks for.

    Attributes:
        event_shape: shape of one example of a.
        event_shape_b: shape of one example of b.
    """

    event_shape_b: Any = None
    feed_kind = UnpairedFeed

    def check_b(self, x: ArrayLike, name: str = "x") -> tf.Tensor:
        """Checks a batch of examples of b, as `check` does one of a."""
        return check_array(x, self.event_shape_b, levels=self.levels, name=name)

    def check_data(
        self, x: ArrayLike, y: ArrayLike | None = None, name: str = "x"
    ) -> tuple[tf.Tensor, ...]:
        """Checks the arrays a and b; returns them as tensors.

        Args:
            x, y: a and b, `[num_examples, *event_shape]` each, of any lengths.
            name: what the messages call x, ending in "x".
        Raises:
            ValueError: see `check_array`; b is missing.
        """
        self._check_both(y)
        return self.check(x, f"{name[:-1]}a"), self.check_b(y, f"{name[:-1]}b")

    def check_inputs(self, x: Any, condition: ArrayLike | None = None) -> Any:
        """Checks what the model is to be called on: examples of a."""
        self.read_condition(condition, 1)
        return super().check_dataset(x) if isinstance(x, tf.data.Dataset) else self.check(x)

    def unpack(self, data: Any) -> tuple[tf.Tensor, ...]:
        a, b, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        self._refuse(sample_weight=sample_weight)
        self._check_both(b)
        return tf.convert_to_tensor(a), tf.convert_to_tensor(b)

    def check_dataset(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        """Checks a `tf.data.Dataset` of batches `(a, b)` and what it gives.

        Raises:
            ValueError: structure, shapes or dtypes do not fit the model.
        """
        spec = dataset.element_spec
        a, b, sample_weight = keras.utils.unpack_x_y_sample_weight(spec)
        self._refuse(sample_weight=sample_weight)
        self._check_both(b)
        shapes = {"the data set's a": self.event_shape, "the data set's b": self.event_shape_b}
        for each, (name, shape) in zip((a, b), shapes.items(), strict=True):
            check_spec(each, shape, name=name)

        def checked(*batch):
            return tuple(
                self.with_checked_values(each, shape, name)
                for each, (name, shape) in zip(batch[:2], shapes.items(), strict=True)
            )

        return self.mapped(dataset, checked)

    def join(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Two data sets as one of batches `(a, b)`.

        Raises:
            ValueError: one of them is none, or has no batches, or not said how many.
        """
        data_sets = [isinstance(each, tf.data.Dataset) for each in (x, y)]
        if all(data_sets):
            return _in_step(x, y), None
        if any(data_sets) and y is not None or is_array(x) and y is not None and not is_array(y):
            kinds = [type(each).__name__ for each in (x, y)]
            raise ValueError(
                "expected a and b to be two arrays or two data sets. Received:"
                f" {' and '.join(kinds)}"
            )
        return x, y

    def batches_of(self, arrays: tuple[tf.Tensor, ...], batch_size: int) -> tf.data.Dataset:
        """The batches of a and b in their order: the larger one once, the other one round again."""
        check_count(batch_size, "batch_size")
        length = max(len(array) for array in arrays)
        parts = [tf.data.Dataset.from_tensor_slices(array).repeat() for array in arrays]
        return tf.data.Dataset.zip(*parts).take(length).batch(batch_size)

    def _check_both(self, b):
        if b is None:
            raise ValueError(
                f"expected two sets of examples, a and b, from which a {type(self).__name__}"
                " learns. Received: a alone"
            )


def _in_step(a, b):
    """The batches `(a, b)` of an epoch: as many as the larger data set has."""
    lengths = [int(each.cardinality()) for each in (a, b)]
    if 0 in lengths or tf.data.UNKNOWN_CARDINALITY in lengths:
        raise ValueError(
            "expected two data sets that say how many batches they have, one at least (see"
            f" tf.data.experimental.assert_cardinality). Received: {lengths[0]} and {lengths[1]},"
            f" where {tf.data.UNKNOWN_CARDINALITY} is not known"
        )
    # One without end is as good as one that goes round.
    longest = max(lengths)
    parts = [
        each.repeat() if 0 < length < longest else each
        for each, length in zip((a, b), lengths, strict=True)
    ]
    joined = tf.data.Dataset.zip(*parts)
    counters = [
        (each.epoch_counter, math.ceil(longest / length) if length > 0 else 1)
        for each, length in zip((a, b), lengths, strict=True)
        if hasattr(each, "epoch_counter")
    ]
    if counters:
        joined.epoch_counter = _EpochCounters(counters)
    return joined


class _EpochCounters:
    """The counters of data sets of which one goes round in an epoch of the other.

    Args:
        counters: pairs of a `tf.Variable` and of how many passes an epoch begins.
    """

    def __init__(self, counters):
        self._counters = counters

    def assign(self, epoch):
        for counter, passes in self._counters:
            counter.assign(np.int64(epoch) * passes)
