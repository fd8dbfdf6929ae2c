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
    batches = _batches(data)
    if batches is None:
        return None
    found, count = [], 0
    for batch in batches:
        found.append(_x(batch))
        count += len(found[-1])
        if count >= _MOST_EXAMPLES:
            break
    return np.concatenate(found) if found else None


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
