"""How the values of a dimension enter a network."""

import tensorflow as tf


def to_features(x, levels):
    """x on `levels` levels, `[...]`, as inputs: itself where binary, one-hot otherwise.

    Returns:
        `[..., 1]` or `[..., levels]`, float32.
    """
    if levels == 2:
        return x[..., tf.newaxis]
    return tf.one_hot(tf.cast(tf.round(x * (levels - 1)), tf.int32), levels)
