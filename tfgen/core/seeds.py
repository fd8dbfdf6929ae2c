"""Stateless seeds: a seed is a pair of int32."""

import tensorflow as tf


def check_seed(seed):
    """Reads a seed: an int s as `[0, s]`, an int32 `(2,)` tensor as it is.

    Args:
        seed: int in [0, 2^31), or an integer array or tensor of shape `(2,)`.
    Returns:
        int32 tensor of shape `(2,)`.
    Raises:
        ValueError: for anything else.
    """
    expected = "expected seed to be an int in [0, 2**31) or an int32 tensor of shape (2,)"
    if isinstance(seed, bool):
        raise ValueError(f"{expected}. Received: {seed!r}")
    try:
        pair = tf.convert_to_tensor(seed)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{expected}. Received: {seed!r}") from error
    if not pair.dtype.is_integer or pair.shape not in ([], [2]):
        raise ValueError(f"{expected}. Received: {seed!r}")
    if pair.shape == []:
        if tf.executing_eagerly() and not 0 <= int(pair) < 2**31:
            raise ValueError(f"{expected}. Received: {seed!r}")
        pair = tf.stack([tf.zeros_like(pair), pair])
    return tf.cast(pair, tf.int32)


def split_seed(seed, num):
    """Splits one seed into `num` independent ones, a list of int32 `(2,)` tensors."""
    return tf.unstack(tf.random.experimental.stateless_split(seed, num), num)


def fold_in(seed, data):
    """A seed for each value of `data`, an int or a scalar integer tensor."""
    return tf.random.experimental.stateless_fold_in(seed, data)
