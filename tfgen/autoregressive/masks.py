"""The masks of `complete`: which dimensions are kept, and whether an order begins with them."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgen.core.checks import check_mask
from tfgen.core.typing import ArrayLike


def read_mask(
    mask: ArrayLike, shape: tf.TensorShape, orders: Sequence[np.ndarray], expected: str
) -> tuple[tf.Tensor, tf.Tensor | None]:
    """Checks a mask, whose kept dimensions have to come before every drawn one in some orders.

    Args:
        mask: as `check_mask` takes it.
        shape: that of x, `[batch, *event_shape]`.
        orders: permutations of the dimensions; none of them for any mask.
        expected: beginning of the message where an order is not met.
    Returns:
        bool tensor of the mask's shape; and None where all its values are known, else a bool tensor
        that says which examples' masks are as they should be, `[batch, 1, ...]`.
    Raises:
        ValueError: a mask that `check_mask` refuses, or with a kept dimension after a drawn one;
            where a graph does not know its values, it asserts them when it runs.
    """
    kept = check_mask(mask, shape)
    known = tf.get_static_value(mask) if tf.is_tensor(mask) else np.asarray(mask)
    size = int(np.prod(shape[1:]))
    if known is not None:
        flat = known.reshape(-1, size).astype(bool)
        for order in orders:
            late = np.argwhere(flat[:, order] & ~np.logical_and.accumulate(flat[:, order], axis=1))
            if late.size:
                example, step = late[0]
                raise ValueError(
                    f"{expected}. Received: example {example} keeps dimension {order[step]} after"
                    " a drawn one"
                )
        return kept, None
    flat = tf.reshape(kept, (-1, size))
    values = tf.reshape(tf.cast(mask, tf.float32), (-1, size))
    allowed = tf.reduce_all((values == 0) | (values == 1), axis=1)
    for order in orders:
        along = tf.gather(flat, order, axis=1)
        before = tf.math.cumprod(tf.cast(along, tf.int32), axis=1) == 1
        allowed &= tf.reduce_all(before | ~along, axis=1)
    tf.debugging.Assert(tf.reduce_all(allowed), [f"{expected}. Received:", mask])
    return kept, tf.reshape(allowed, (-1, *[1] * (len(shape) - 1)))


def without_late(kept: np.ndarray, orders: Sequence[np.ndarray]) -> np.ndarray:
    """What can be kept of a mask where kept dimensions have to come before every drawn one.

    Args:
        kept: bool, the shape of one x.
        orders: permutations of the dimensions; none of them for any mask.
    Returns:
        bool of that shape, true where `kept` is and no dimension before it, in any order, is drawn.
    """
    flat, before = kept.ravel().copy(), None
    # What one order has drawn may come before what another one keeps.
    while before is None or (flat != before).any():
        before = flat.copy()
        for order in orders:
            flat[order] = np.logical_and.accumulate(flat[order])
    return flat.reshape(kept.shape)
