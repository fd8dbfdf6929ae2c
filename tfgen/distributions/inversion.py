"""Draws by inversion of distribution functions: one uniform number in, one level out."""

import tensorflow as tf

from tfgen.distributions.levels import level_values


def invert_categorical(logits: tf.Tensor, uniforms: tf.Tensor) -> tf.Tensor:
    """The class at which the distribution function of some logits first exceeds a number.

    Args:
        logits: `[..., classes]`.
        uniforms: `[...]`, in [0, 1).
    Returns:
        `[...]`, int32.
    """
    cumulative = tf.cumsum(tf.nn.softmax(logits), axis=-1)[..., :-1]
    passed = tf.cast(uniforms[..., tf.newaxis] >= cumulative, tf.int32)
    return tf.reduce_sum(passed, axis=-1)


def invert_levels(logits: tf.Tensor, uniforms: tf.Tensor, levels: int) -> tf.Tensor:
    """The level at which the distribution function of some logits first exceeds a number.

    Args:
        logits: `[..., 1]`, the logit of 1, for 2 levels; otherwise `[..., levels]`.
        uniforms: `[...]`, in [0, 1).
        levels: int, the number of levels.
    Returns:
        `[...]`, float32, values k / (levels - 1).
    """
    if levels == 2:
        level = tf.cast(uniforms >= tf.sigmoid(-logits[..., 0]), tf.int32)
    else:
        level = invert_categorical(logits, uniforms)
    return tf.gather(tf.constant(level_values(levels)), level)
