"""Draws by inversion of distribution functions: one uniform number in, one level out."""

import math

import tensorflow as tf

from tfgen.distributions.levels import level_values


def invert_categorical(logits: tf.Tensor, uniforms: tf.Tensor) -> tf.Tensor:
    """The class at which the distribution function of some logits first exceeds a number.

    Never one of probability 0, however the sums are rounded: the last one of another probability
    stands for what is missing to 1.

    Args:
        logits: `[..., classes]`.
        uniforms: `[...]`, in [0, 1).
    Returns:
        `[...]`, int32; -1 where the logits are no distribution, as NaN is none.
    """
    probs = tf.nn.softmax(logits)
    number, size = tf.range(probs.shape[-1]), probs.shape[-1]
    exceeds = tf.cumsum(probs, axis=-1) > uniforms[..., tf.newaxis]
    first = tf.reduce_min(tf.where(exceeds & (probs > 0), number, size), axis=-1)
    last = tf.reduce_max(tf.where(probs > 0, number, -1), axis=-1)
    return tf.minimum(first, last)


def invert_levels(logits: tf.Tensor, uniforms: tf.Tensor, levels: int) -> tf.Tensor:
    """The level at which the distribution function of some logits first exceeds a number.

    Args:
        logits: `[..., 1]`, the logit of 1, for 2 levels; otherwise `[..., levels]`.
        uniforms: `[...]`, in [0, 1).
        levels: int, the number of levels.
    Returns:
        `[...]`, float32, values k / (levels - 1); NaN where the logits are no distribution.
    """
    if levels == 2:
        below = tf.sigmoid(-logits[..., 0])
        drawn, known = tf.cast(uniforms >= below, tf.float32), ~tf.math.is_nan(below)
    else:
        level = invert_categorical(logits, uniforms)
        known = level >= 0
        drawn = tf.gather(tf.constant(level_values(levels)), tf.maximum(level, 0))
    return tf.where(known, drawn, math.nan)
