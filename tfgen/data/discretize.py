"""Images on grey levels, and binary images: the two ways to make pixels discrete."""

import numpy as np
import tensorflow as tf

from tfgen.core.typing import ArrayLike
from tfgen.distributions import level_values

BINARIZE = (None, "threshold", "stochastic")

# SplitMix64 (Steele, Lea & Flood, 2014, "Fast splittable pseudorandom number generators", Fig. 18).
_GAMMA = 0x9E3779B97F4A7C15
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))


def quantize(x: ArrayLike, levels: int) -> tf.Tensor:
    """Nearest of `levels` grey levels: level k is k / (levels - 1); ties go up.

    Args:
        x: images of any shape, float32 in [0, 1].
        levels: number of levels, at least 2.
    Returns:
        float32 tensor of the shape of `x`, exactly on the levels.
    Raises:
        ValueError: when `levels` is not an integer of at least 2.
    """
    if isinstance(levels, bool) or not isinstance(levels, (int, np.integer)) or levels < 2:
        raise ValueError(f"levels: expected an integer of at least 2. Received: {levels!r}")
    scaled = tf.convert_to_tensor(x, tf.float32) * float(levels - 1)
    below = tf.floor(scaled)
    nearest = below + tf.cast(scaled - below >= 0.5, tf.float32)
    # A table, not a division: a graph may be rewritten to multiply by the reciprocal, which is off
    # by one rounding.
    return tf.gather(level_values(levels), tf.cast(nearest, tf.int32))


def binarize(
    x: ArrayLike,
    how: str | None,
    *,
    seed: int = 0,
    epoch: int | tf.Tensor = 0,
    indices: ArrayLike | None = None,
) -> tf.Tensor:
    """Binary images, by a threshold or by a draw of each pixel.

    Args:
        x: `[batch, ...]`, float32 in [0, 1].
        how: "threshold": 1 where x >= 0.5. "stochastic": pixel ~ Bernoulli(x) (Salakhutdinov &
            Murray, 2008). None: `x` as it is. Binary images pass all three unchanged.
        seed: integer, the key of all draws.
        epoch: integer or scalar tensor. Every epoch has draws of its own.
        indices: `[batch]`, integer: each image's index in its data set; default 0, 1, ...
            The draw of an image depends on `seed`, `epoch` and its index, and on nothing else; it
            is the same, bit for bit, eagerly, in graphs and under XLA.
    Returns:
        `[batch, ...]`, float32, each value 0 or 1.
    Raises:
        ValueError: when `how` is none of these.
    """
    if how not in BINARIZE:
        raise ValueError(f"binarize: expected one of {BINARIZE}. Received: {how!r}")
    x = tf.convert_to_tensor(x, tf.float32)
    if how is None:
        return x
    if how == "threshold":
        return tf.cast(x >= 0.5, tf.float32)
    indices = tf.range(tf.shape(x)[0]) if indices is None else indices
    uniform = tf.reshape(
        _uniform(seed, epoch, indices, tf.size(x) // tf.maximum(tf.shape(x)[0], 1)), tf.shape(x)
    )
    return tf.cast(uniform < x, tf.float32)


def _uniform(seed, epoch, indices, size):
    """Uniform draws in [0, 1), one SplitMix64 stream an index; `[batch, size]`, float32.

    A counter-based generator in whole-tensor integer arithmetic: TensorFlow's stateless draws take
    one key a call, and one call an image is ten times slower.
    """
    key = _mix(_uint64(seed) + _uint64(_GAMMA))
    key = _mix((key ^ _uint64(epoch)) + _uint64(_GAMMA))
    keys = _mix((key ^ _uint64(indices)) + _uint64(_GAMMA))
    steps = _uint64(tf.range(1, size + 1)) * _uint64(_GAMMA)
    bits = tf.bitwise.right_shift(_mix(keys[:, None] + steps), _uint64(40))
    return tf.cast(tf.cast(bits, tf.int32), tf.float32) * 2.0**-24


def _mix(z):
    for shift, factor in _MIX:
        z = (z ^ tf.bitwise.right_shift(z, _uint64(shift))) * _uint64(factor)
    return z ^ tf.bitwise.right_shift(z, _uint64(31))


def _uint64(value):
    if isinstance(value, (int, np.integer)):
        return tf.constant(int(value) % 2**64, tf.uint64)
    return tf.cast(value, tf.uint64)
