"""The image files that a user gives to a model."""

from pathlib import Path

import numpy as np

from tfgen.core.typing import ShapeLike
from tfgen.data.files import check_regular
from tfgen.data.image_folder import read_image
from tfgen.distributions import level_values


def read_pixels(path: Path, event_shape: ShapeLike) -> np.ndarray:
    """The pixels of an image file, of the size that a model has learned from.

    Args:
        path: of the file.
        event_shape: `(height, width, 1 or 3)`; the file is read as grey, or as RGB.
    Returns:
        `[height, width, 1 or 3]`, uint8.
    Raises:
        ValueError: no file, one that is no image, or one of another size; names it.
    """
    check_regular(path)
    pixels = read_image(path, event_shape[-1])
    if pixels.shape != tuple(event_shape):
        height, width, _ = event_shape
        raise ValueError(
            f"{path}: expected an image of height {height} and width {width}."
            f" Received: {pixels.shape[0]} and {pixels.shape[1]}"
        )
    return pixels


def nearest_values(pixels: np.ndarray, levels: int | None) -> np.ndarray:
    """8-bit pixels as the nearest of the values that a model knows.

    Args:
        pixels: uint8.
        levels: of the model; None for any value in [0, 1].
    Returns:
        float32 in [0, 1], of the shape of `pixels`.
    """
    if levels is None:
        return level_values(256)[pixels]
    return level_values(levels)[np.rint(pixels / 255 * (levels - 1)).astype("int32")]
