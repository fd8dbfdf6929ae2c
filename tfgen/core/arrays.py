"""Arrays on the device, served in blocks of indices: what `fit` trains on when it gets arrays.

Keras hands a batch at a time from tf.data to the training step. Here the data set is only a
counter of steps: the arrays are placed on the device once, and one compiled call gathers
`steps_per_execution` batches and runs that many whole training steps.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.core.checks import check_count


class ArrayFeed:
    """The batches of some arrays, in an order that a seed and the epoch decide.

    Args:
        arrays: tuple of tensors with one length.
        batch_size: examples of one training step.
        steps_per_execution: training steps of one compiled call.
        order_seed: int32 seed of the orders.
        shuffle: whether an epoch has an order of its own; otherwise that of the arrays.
        num_steps: steps of an epoch; None for those that see each example once, the most.
    Raises:
        ValueError: `batch_size` is below 1, or there are more steps than batches.
    """

    def __init__(
        self,
        arrays: Sequence[tf.Tensor],
        batch_size: int,
        steps_per_execution: int,
        order_seed: int,
        shuffle: bool = True,
        num_steps: int | None = None,
    ) -> None:
        self.arrays = tuple(arrays)
        self.batch_size = check_count(batch_size, "batch_size")
        self.steps_per_execution = steps_per_execution
        self.order_seed = order_seed
        self.shuffle = shuffle
        self.num_examples = max(int(array.shape[0]) for array in self.arrays)
        num_batches = math.ceil(self.num_examples / batch_size)
        self.num_steps = num_batches if num_steps is None else num_steps
        if self.num_steps > num_batches:
            raise ValueError(
                f"expected steps_per_epoch to be at most {num_batches}, the batches of"
                f" {self.num_examples} examples. Received: {num_steps}"
            )
        self.begin_epoch(0)

    def begin_epoch(self, epoch: int) -> None:
        """Sets the order of this epoch: each example once, another order in each epoch."""
        self._order = self.order(epoch)[: self.num_steps * self.batch_size]

    def order(self, epoch: int) -> np.ndarray:
        """The indices of an epoch, `[num_examples]`, int32."""
        indices = tf.range(self.num_examples, dtype=tf.int32)
        if self.shuffle:
            indices = tf.random.experimental.index_shuffle(
                indices, seed=[self.order_seed, epoch], max_index=self.num_examples - 1
            )
        return indices.numpy()

    @property
    def block_spec(self) -> tf.TensorSpec:
        """Of a block of indices."""
        return tf.TensorSpec((None, None, *self._order.shape[1:]), tf.int32)

    def steps(self) -> tf.data.Dataset:
        """Data set of the first step of every block, for ever: what Keras iterates over."""
        # Autotuning would hold `fit` back at its end, until its own next period of 10 ms 2^n.
        options = tf.data.Options()
        options.autotune.enabled = False
        steps = tf.data.Dataset.range(0, self.num_steps, self.steps_per_execution)
        return steps.repeat().with_options(options)

    def blocks(self, first_step: int) -> list[tf.Tensor]:
        """Index blocks of the steps from `first_step`: `[steps, batch_size]`, short ones apart."""
        begin = first_step * self.batch_size
        indices = self._order[begin : begin + self.steps_per_execution * self.batch_size]
        whole = len(indices) // self.batch_size * self.batch_size
        shape = (-1, self.batch_size, *indices.shape[1:])
        blocks = (indices[:whole].reshape(shape), indices[whole:][np.newaxis])
        return [tf.constant(block) for block in blocks if block.size]


def gather(arrays: Sequence[tf.Tensor], indices: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """The batch of these indices, from each of the arrays.

    Examples are copied as vectors: XLA copies an image number by number.

    Args:
        arrays: tensors `[num_examples, ...]`.
        indices: `[batch]` for all of them, or `[batch, len(arrays)]`, for each its own.
    """
    if indices.shape.rank == 1:
        return tuple(_rows(array, indices) for array in arrays)
    return tuple(_rows(array, indices[:, i]) for i, array in enumerate(arrays))


def _rows(array, indices):
    flat = tf.reshape(array, (tf.shape(array)[0], math.prod(array.shape[1:])))
    return tf.reshape(tf.gather(flat, indices), (-1, *array.shape[1:]))


def is_array(x: Any) -> bool:
    """Whether `fit` should read x as an array (a data set, a generator and None are not)."""
    return tf.is_tensor(x) or isinstance(x, (np.ndarray, list, tuple, float, int))


def whole_batches(count: int, size: int) -> Iterator[np.ndarray]:
    """The indices of `count` examples in batches that are all of one size, for compiled code.

    The last example fills the last batch up: what comes of it beyond `count` is to be dropped.
    """
    for begin in range(0, count, size):
        yield np.minimum(np.arange(begin, begin + size), count - 1)


def in_batches(
    function: Callable[..., Any], batch_size: int | None, *arrays: tf.Tensor | None
) -> Any:
    """Calls `function` on slices of at most `batch_size` examples, and joins the results.

    Args:
        function: maps tensors `[batch, ...]` to a tensor or a structure of tensors `[batch, ...]`.
        batch_size: int, or None for one call on everything.
        *arrays: tensors with one leading length; those that are None are passed on.
    """
    if batch_size is None:
        return function(*arrays)
    check_count(batch_size, "batch_size")
    length = arrays[0].shape[0]
    if length is None:
        # A graph that does not know the length takes the batch as a whole.
        return function(*arrays)
    parts = [
        function(*(None if a is None else a[begin : begin + batch_size] for a in arrays))
        for begin in range(0, length, batch_size)
    ]
    return tf.nest.map_structure(lambda *results: tf.concat(results, axis=0), *parts)
