"""Bad input is met at the door."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.core.typing import ArrayLike, ShapeLike

# Examples whose levels are checked at once: the arrays of a whole data set do not fit a cache.
_EXAMPLES = 256

# How far k may be from an integer where x is k / (levels - 1), in float32.
_TOLERANCE = 1e-3


def check_array(
    x: ArrayLike,
    event_shape: ShapeLike,
    *,
    levels: int | None = None,
    bounded: bool | None = None,
    name: str = "x",
) -> tf.Tensor:
    """Checks a batch of examples, and gives it as a float32 tensor.

    In a graph only the static shape and dtype can be checked; eagerly the values are, too.

    Args:
        x: array or tensor, `[batch, *event_shape]`, floating point.
        event_shape: shape of one example.
        levels: number of levels of a discrete likelihood: values must be k / (levels - 1).
        bounded: whether values must lie in [0, 1]; by default where the events are images (rank
            3) or the likelihood is discrete.
        name: what the messages call the array.
    Returns:
        float32 tensor, `[batch, *event_shape]`.
    Raises:
        ValueError: wrong rank, shape or dtype, an empty batch, NaN or infinity, values outside
            [0, 1] or off the levels.
    """
    event_shape = tuple(event_shape)
    if not tf.is_tensor(x):
        try:
            x = np.asarray(x)
        except ValueError as error:
            raise ValueError(f"expected {name} to be an array. Received: {error}") from error
    _check_spec(x.shape, x.dtype, event_shape, name)
    if x.shape[0] == 0:
        raise ValueError(f"expected {name} to hold at least one example. Received: shape {x.shape}")
    if tf.is_tensor(x):
        x = tf.cast(x, tf.float32)
    else:
        # Looked at before it becomes a tensor, whose numpy() would be one more copy.
        x = x.astype(np.float32, copy=False)
    if tf.executing_eagerly():
        if bounded is None:
            bounded = is_bounded(event_shape, levels)
        _check_values(x.numpy() if tf.is_tensor(x) else x, levels, bounded, name)
    return tf.convert_to_tensor(x)


def check_spec(spec: Any, event_shape: ShapeLike, *, name: str = "x") -> None:
    """Checks the `tf.TensorSpec` of the batches of a data set, as `check_array` does an array.

    Raises:
        ValueError: wrong structure, rank, shape or dtype.
    """
    if not isinstance(spec, tf.TensorSpec):
        raise ValueError(
            f"expected {name} to be one tensor [batch, {_dims(event_shape)}]. Received: {spec}"
        )
    if spec.shape.rank is not None:
        _check_spec(spec.shape, spec.dtype, tuple(event_shape), name)


def is_bounded(event_shape: ShapeLike, levels: int | None) -> bool:
    """Whether x lies in [0, 1]: images (events of rank 3) do, and discrete data."""
    return levels is not None or len(event_shape) == 3


def are_valid(x: tf.Tensor, levels: int | None, bounded: bool) -> tf.Tensor:
    """Which examples `check_array` lets through, by their values; for graphs.

    Args:
        x: `[batch, ...]`, floating point.
        levels, bounded: as for `check_array`.
    Returns:
        bool `[batch]`.
    """
    x = tf.cast(x, tf.float32)
    valid = (x >= 0) & (x <= 1) if bounded else tf.math.is_finite(x)
    if levels is not None:
        scaled = x * tf.constant(levels - 1, tf.float32)
        valid &= tf.abs(scaled - tf.round(scaled)) <= _TOLERANCE
    return tf.reduce_all(valid, axis=range(1, x.shape.rank))


def where_example(chosen: tf.Tensor, x: tf.Tensor, otherwise: float) -> tf.Tensor:
    """x of the examples that are chosen, one value in place of the others.

    Args:
        chosen: bool `[batch]`.
        x: `[batch, ...]`, floating point.
        otherwise: the value.
    """
    chosen = tf.reshape(chosen, (-1, *[1] * (x.shape.rank - 1)))
    return tf.where(chosen, x, tf.constant(otherwise, x.dtype))


def check_mask(mask: ArrayLike, shape: tf.TensorShape) -> tf.Tensor:
    """Checks a mask, 1 where x is kept and 0 where it is drawn.

    In a graph its values are checked by an assertion, which XLA drops, unless they are constant.

    Args:
        mask: booleans or numbers that are 0 or 1, `[batch, *event_shape]` or `event_shape`.
        shape: that of x, `[batch, *event_shape]`.
    Returns:
        bool tensor of the mask's shape.
    Raises:
        ValueError: another shape or dtype, or other values.
    """
    expected = "expected mask to hold 1 where x is kept and 0 where it is drawn"
    if not tf.is_tensor(mask):
        try:
            mask = np.asarray(mask)
        except ValueError as error:
            raise ValueError(f"{expected}. Received: {error}") from error
        if mask.dtype.kind not in "biuf":
            raise ValueError(f"{expected}. Received: dtype {mask.dtype}")
    elif not (mask.dtype.is_bool or mask.dtype.is_integer or mask.dtype.is_floating):
        raise ValueError(f"{expected}. Received: dtype {mask.dtype.name}")
    of_one = tuple(mask.shape) == tuple(shape[1:])
    if not of_one and not (len(mask.shape) == len(shape) and shape.is_compatible_with(mask.shape)):
        raise ValueError(
            f"expected mask of shape {tuple(shape[1:])} or that of x, {tuple(shape)}."
            f" Received: shape {tuple(mask.shape)}"
        )
    known = tf.get_static_value(mask) if tf.is_tensor(mask) else mask
    if known is None:
        values = tf.cast(mask, tf.float32)
        allowed = tf.reduce_all((values == 0) | (values == 1))
        tf.debugging.Assert(allowed, [f"{expected}. Received:", mask])
    elif not np.all((known == 0) | (known == 1)):
        wrong = known[(known != 0) & (known != 1)].ravel()[0]
        raise ValueError(f"{expected}. Received: {wrong!s} among its values")
    return tf.cast(mask, tf.bool)


def all_valid(x: tf.Tensor, levels: int | None, bounded: bool) -> tf.Tensor:
    """Whether all of `are_valid`, bool scalar: in fewer passes, for batches on their way."""
    x = tf.cast(x, tf.float32)
    # NaN goes through the reductions, and no comparison holds for it.
    low, high = tf.reduce_min(x), tf.reduce_max(x)
    if bounded:
        valid = (low >= 0) & (high <= 1)
    else:
        valid = tf.math.is_finite(low) & tf.math.is_finite(high)
    if levels is not None:
        scaled = x if levels == 2 else x * tf.constant(levels - 1, tf.float32)
        valid &= tf.reduce_max(tf.abs(scaled - tf.round(scaled))) <= _TOLERANCE
    return valid


def check_count(value: Any, name: str, *, most: int = 2**31 - 1) -> Any:
    """Checks that a number of things is an integer of at least 1, and not too large.

    Args:
        value: int, or an integer scalar tensor; in a graph its value may not be known.
        name: what the messages call it.
        most: largest value.
    Returns:
        The value.
    Raises:
        ValueError: it is not.
    """
    if tf.is_tensor(value):
        known, whole = tf.get_static_value(value), value.dtype.is_integer and value.shape == []
    else:
        known, whole = value, isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole:
        raise ValueError(f"expected {name} to be an integer. Received: {value!r}")
    if known is not None and not known >= 1:
        raise ValueError(f"expected {name} to be at least 1. Received: {value!r}")
    if known is not None and not known <= most:
        raise ValueError(f"expected {name} to be at most {most}. Received: {value!r}")
    return value


def _dims(shape):
    return ", ".join(map(str, shape))


def _check_spec(shape, dtype, event_shape, name):
    dtype = tf.as_dtype(dtype)
    if not dtype.is_floating:
        hint = ""
        if dtype.is_integer:
            hint = " (8-bit images become floats by x.astype('float32') / 255)"
        raise ValueError(
            f"expected {name} to be floating point{hint}. Received: dtype {dtype.name}"
        )
    shape = tuple(shape)
    matches = len(shape) == len(event_shape) + 1 and all(
        actual in (None, wanted) for actual, wanted in zip(shape[1:], event_shape, strict=True)
    )
    if not matches:
        raise ValueError(
            f"expected {name} of shape [batch, {_dims(event_shape)}]. Received: shape {shape}"
        )


def _check_values(x, levels, bounded, name):
    low, high = x.min(), x.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(
            f"expected {name} to be finite. Received: {np.sum(~np.isfinite(x))} values of NaN or"
            f" infinity in shape {x.shape}"
        )
    if bounded and (low < 0 or high > 1):
        raise ValueError(
            f"expected {name} in [0, 1]. Received: values from {low:.6g} to {high:.6g}"
        )
    if levels is None:
        return
    for begin in range(0, len(x), _EXAMPLES):
        scaled = x[begin : begin + _EXAMPLES] * np.float32(levels - 1)
        off = np.abs(scaled - np.rint(scaled))
        if off.max() > _TOLERANCE:
            index = np.unravel_index(off.argmax(), off.shape)
            index = (int(index[0]) + begin, *map(int, index[1:]))
            raise ValueError(
                f"expected {name} on {levels} levels, k / {levels - 1}, as the likelihood has"
                f" them. Received: {x[index]:.6g} at index {index}"
            )
