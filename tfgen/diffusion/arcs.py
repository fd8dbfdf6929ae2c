"""The arcs of spheres."""

import tensorflow as tf


def arc(first: tf.Tensor, last: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
    """Points on the arc of a sphere between two of each batch (Shoemake 1985).

    (sin((1 - w) angle) first + sin(w angle) last) / sin(angle), w the share of the arc: of noise it
    is noise again, and of unit vectors a unit vector, which a straight line is not.

    Args:
        first, last: `[batch, ...]`, floating point.
        shares: `[num_points]`, in [0, 1], of their dtype.
    Returns:
        `[batch, num_points, ...]`.
    """
    shape = tf.shape(first)
    a, b = (tf.reshape(each, (shape[0], 1, -1)) for each in (first, last))
    norms = tf.norm(a, axis=-1) * tf.norm(b, axis=-1)
    cosine = tf.clip_by_value(tf.math.divide_no_nan(tf.reduce_sum(a * b, axis=-1), norms), -1, 1)
    angle = tf.acos(cosine)[..., None]
    w = tf.reshape(shares, (1, -1, 1))
    # Where the two have one direction, or opposite ones, the arc is the line.
    line = tf.abs(tf.sin(angle)) < 1e-4
    sine = tf.where(line, tf.ones_like(angle), tf.sin(angle))
    weights = [tf.where(line, v, tf.sin(v * angle) / sine) for v in (1 - w, w)]
    points = weights[0] * a + weights[1] * b
    return tf.reshape(points, tf.concat([shape[:1], tf.shape(shares), shape[1:]], axis=0))
