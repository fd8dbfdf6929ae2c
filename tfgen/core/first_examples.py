"""What a model may look at before its first training step."""

import itertools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.core.arrays import is_array

# Of data that come in batches: enough for means and correlations.
_MOST_EXAMPLES = 10_000


def first_examples(data: Any) -> np.ndarray | None:
    """The examples of an array, or the first 10,000 or so of a data set.

    Args:
        data: array `[num_examples, *event_shape]`; or a `tf.data.Dataset` or `PyDataset` of
            batches, x or a tuple that begins with x.
    Returns:
        `[num_examples, *event_shape]`; None of data that can be read once only, as a generator's.
    """
    if is_array(data):
        return np.asarray(data)
    found = [_x(batch) for batch in _first_batches(data)]
    return np.concatenate(found) if found else None


def first_pairs(data: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """The first 10,000 or so examples of a data set, each with its y.

    Args:
        data: a `tf.data.Dataset` or `PyDataset` of batches `(x, y)`.
    Returns:
        `[num_examples, *event_shape]` and `[num_examples, ...]`; None of data that can be read once
        only, as a generator's.
    """
    pairs = [keras.utils.unpack_x_y_sample_weight(batch)[:2] for batch in _first_batches(data)]
    if not pairs:
        return None
    x, y = (
        np.concatenate([np.asarray(each) for each in part]) for part in zip(*pairs, strict=True)
    )
    return x, y


def count_examples(data: Any) -> int | None:
    """The number of examples, of a data set that of its batches times the size of the first one.

    Args:
        data: see `first_examples`.
    Returns:
        int; None where it is not known, or has no end.
    """
    if is_array(data):
        return len(data)
    if isinstance(data, tf.data.Dataset):
        num_batches = max(0, int(data.cardinality()))
    else:
        num_batches = getattr(data, "num_batches", None)
    batches = _batches(data)
    if not num_batches or batches is None:
        return None
    return num_batches * len(_x(next(batches)))


def _first_batches(data):
    """The batches with the first 10,000 examples; none of what can be read once only."""
    count = 0
    for batch in _batches(data) or ():
        yield batch
        count += len(_x(batch))
        if count >= _MOST_EXAMPLES:
            return


def _batches(data):
    """Iterator of the batches, from the first one on; None of what can be read once only."""
    if isinstance(data, tf.data.Dataset):
        return iter(data)
    if isinstance(data, keras.utils.PyDataset):
        numbers = range(data.num_batches) if data.num_batches else itertools.count()
        return (data[number] for number in numbers)
    return None


def _x(batch):
    return np.asarray(keras.utils.unpack_x_y_sample_weight(batch)[0])
