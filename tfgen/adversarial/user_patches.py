"""Patches as users have them, of any size, as a generator reads them."""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgen.core import check_array
from tfgen.core.typing import ArrayLike, ShapeLike


def read_patches(
    patches: ArrayLike | Sequence[ArrayLike], num_patches: int, event_shape: ShapeLike
) -> tf.Tensor:
    """Checks patches at the door, and resizes each to the size of an image.

    Args:
        patches: `[batch, num_patches, height, width, channels]`; or a list of one array for each
            patch, of a size of its own, `[batch, height, width, channels]`, or without the batch
            for one image. Floating point, in [0, 1].
        num_patches: of an image.
        event_shape: `(height, width, channels)` of the image.
    Returns:
        `[batch, num_patches, *event_shape]`, float32, bilinear; larger patches are smoothed first.
    Raises:
        ValueError: another number of patches, another rank or number of channels, batches of
            several sizes, no pixels, or values that are not finite or outside [0, 1].
    """
    *sides, channels = event_shape
    if isinstance(patches, (list, tuple)):
        listed = [_one(index, patch, channels) for index, patch in enumerate(patches)]
        counts = sorted({each.shape[0] for each in listed})
        if len(listed) != num_patches or len(counts) != 1:
            raise ValueError(
                f"expected a list of {num_patches} patches, all for as many images."
                f" Received: {len(listed)} patches, for {counts} images"
            )
    else:
        shape = patches.shape if tf.is_tensor(patches) else np.shape(patches)
        own = tuple(shape[2:4]) if len(shape) == 5 else tuple(sides)
        _check_sides("patches", own)
        checked = check_array(patches, (num_patches, *own, channels), bounded=True, name="patches")
        listed = tf.unstack(checked, num_patches, axis=1)
    return tf.stack([_resized(each, sides) for each in listed], axis=1)


def _one(index, patch, channels):
    """A patch of a list, `[batch, height, width, channels]`."""
    name = f"patch {index + 1}"
    patch = patch if tf.is_tensor(patch) else np.asarray(patch)
    if len(patch.shape) == 3:
        patch = patch[np.newaxis]
    if len(patch.shape) != 4:
        raise ValueError(
            f"expected {name} of shape [batch, height, width, {channels}] or"
            f" [height, width, {channels}]. Received: shape {tuple(patch.shape)}"
        )
    sides = tuple(patch.shape[1:3])
    _check_sides(name, sides)
    return check_array(patch, (*sides, channels), bounded=True, name=name)


def _check_sides(name, sides):
    if 0 in sides:
        raise ValueError(f"expected {name} to have pixels. Received: {sides[0]} x {sides[1]}")


def _resized(patch, sides):
    if tuple(patch.shape[1:3]) == tuple(sides):
        return patch
    # Rounding may leave [0, 1].
    return tf.clip_by_value(tf.image.resize(patch, sides, antialias=True), 0.0, 1.0)
