"""How the values of discrete dimensions enter a network: themselves, or one-hot."""

import tensorflow as tf


def to_features(x: tf.Tensor, levels: int) -> tf.Tensor:
    """x on `levels` levels, `[...]`, as inputs: itself where binary, one-hot otherwise.

    Returns:
        `[..., 1]` or `[..., levels]`, float32.
    """
    if levels == 2:
        return x[..., tf.newaxis]
    return tf.one_hot(tf.cast(tf.round(x * (levels - 1)), tf.int32), levels)


def weight_rows(weights: tf.Tensor, dimension: tf.Tensor, x: tf.Tensor, levels: int) -> tf.Tensor:
    """features(x_d) W_d: a row of weights, times x where binary, chosen by its level otherwise.

    Args:
        weights: W, `[D, 1, N]` for 2 levels, else `[D, levels, N]`.
        dimension: d, int32 `[batch]`, each example's own.
        x: `[batch]`, on the levels.
        levels: int, the number of levels.
    Returns:
        `[batch, N]`, float32.
    """
    if levels == 2:
        return x[:, tf.newaxis] * tf.gather(weights[:, 0], dimension)
    level = tf.cast(tf.round(x * (levels - 1)), tf.int32)
    return tf.gather_nd(weights, tf.stack((dimension, level), axis=-1))
