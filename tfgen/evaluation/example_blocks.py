"""Examples of any source, a block at a time: data of any size in constant memory."""

import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.core import GenerativeModel
from tfgen.core.arrays import is_array
from tfgen.core.checked_batches import CheckedBatches
from tfgen.core.data_checks import readable_data_errors
from tfgen.core.typing import ArrayLike

Block = tuple[np.ndarray, np.ndarray | None]

_MOST_EXAMPLES, _MOST_VALUES = 1000, 2**26  # of a block: 256 MB of float32


def block_size(model: GenerativeModel) -> int:
    """Examples of a block of a model's data; it depends on nothing but their shape."""
    return max(1, min(_MOST_EXAMPLES, _MOST_VALUES // math.prod(model.event_shape)))


def num_examples(data: Any) -> int | None:
    """How many examples there are; None where only reading them would tell."""
    return len(data) if is_array(data) else None


def example_blocks(
    model: GenerativeModel, data: Any, condition: ArrayLike | None = None
) -> Iterator[Block]:
    """`(x, condition)` of one block after another, each of `block_size` examples but the last.

    Args:
        model: whose data these are.
        data: an array `[n, *event_shape]`; or batches x, or `(x, y)` for a model with a condition:
            a finite `tf.data.Dataset`, a `keras.utils.PyDataset`, or a generator.
        condition: beside an array: one for each example, or one for all. Batches bring theirs.
    Yields:
        x, float, `[block, *event_shape]`, and its conditions, None without any. The batches are
        checked; an array is looked at by whoever gets the block.
    Raises:
        ValueError: no examples, bad ones, or bad conditions.
    """
    if is_array(data):
        yield from _array_blocks(model, data, condition)
        return
    if condition is not None:
        raise ValueError(
            "expected no condition beside batches, which are (x, y) where a model has a condition."
            f" Received: condition={condition!r}"
        )
    size, waiting, count = block_size(model), [], 0
    with readable_data_errors():
        for batch in _batches(model, data):
            waiting.append(batch)
            count += len(batch[0])
            if count >= size:
                joined = _join(waiting)
                for begin in range(0, count - size + 1, size):
                    yield _pair(a[begin : begin + size] for a in joined)
                waiting = [tuple(a[count - count % size :] for a in joined)]
                count %= size
    if count:
        yield _pair(_join(waiting))


def _array_blocks(model, data, condition):
    x = data if tf.is_tensor(data) else np.asarray(data)
    if len(x.shape) == 0 or len(x) == 0:
        model.check(x)
    # Checks, too, that the model has a condition, or none.
    if condition is not None and model.condition is not None:
        condition = model.condition.tokens(condition, len(x))
    else:
        model.read_condition(condition, len(x))
    size = block_size(model)
    for begin in range(0, len(x), size):
        block = x[begin : begin + size]
        yield block, None if condition is None else condition[begin : begin + size]


def _batches(model, data):
    if isinstance(data, tf.data.Dataset):
        yield from model.check_dataset(data).as_numpy_iterator()
    elif isinstance(data, keras.utils.PyDataset):
        checked = CheckedBatches(data, model.check_batch)
        yield from (checked[index] for index in range(checked.num_batches))
    elif hasattr(data, "__iter__"):
        yield from map(model.check_batch, data)
    else:
        raise ValueError(
            "expected an array, a tf.data.Dataset, a PyDataset, or a generator of batches."
            f" Received: {data!r}"
        )


def _join(batches):
    return [np.concatenate(parts) for parts in zip(*batches, strict=True)]


def _pair(arrays):
    x, *condition = arrays
    return x, condition[0] if condition else None
