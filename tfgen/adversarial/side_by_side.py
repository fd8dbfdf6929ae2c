"""Pictures in rows, each with what belongs together side by side."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf


def side_by_side(columns: Sequence[tf.Tensor]) -> tf.Tensor:
    """Rows of examples, each example beside what belongs to it.

    Where all have the same channels they are shown as they are. Otherwise all are shown in colour,
    if every one is grey or in colour; and by the means of their channels, if not.

    Args:
        columns: the i-th of each belong together: `[num_examples, height, width, channels]`,
            float32; of the longer ones the first examples.
    Returns:
        `[rows, columns, height, width, channels]`: about as many examples above as beside each
        other, those left out that would not fill a row.
    """
    count = min(len(column) for column in columns)
    num_beside = int(np.ceil(np.sqrt(count / len(columns))))
    num_rows = count // num_beside
    alike = _of_same_channels([column[: num_rows * num_beside] for column in columns])
    pictures = tf.stack(alike, axis=1)
    return tf.reshape(pictures, (num_rows, -1, *pictures.shape[2:]))


def _of_same_channels(images):
    found = {each.shape[-1] for each in images}
    if len(found) == 1:
        return images
    if found == {1, 3}:
        return [tf.repeat(each, 3 // each.shape[-1], axis=-1) for each in images]
    return [tf.reduce_mean(each, axis=-1, keepdims=True) for each in images]
