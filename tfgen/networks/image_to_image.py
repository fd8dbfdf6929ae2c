"""What networks from image to image are made of, and which images they are for."""

import keras
from keras import layers

from tfgen.core.typing import ShapeLike
from tfgen.layers import GroupNormalization
from tfgen.networks.halving import halved

SMALLEST_IMAGE = 8


def check_image(image_shape: ShapeLike) -> tuple[int, int, int]:
    """Checks the shape of images that are translated, and gives it as a tuple.

    Raises:
        ValueError: it is none, or a side is below 8.
    """
    shape = tuple(image_shape)
    if len(shape) != 3 or min(shape[:2]) < SMALLEST_IMAGE or shape[2] < 1:
        raise ValueError(
            "expected image_shape (height, width, channels) with height and width at least"
            f" {SMALLEST_IMAGE}. Received: {image_shape!r}"
        )
    return shape


def check_grids(sides: tuple[int, int], num_halvings: int) -> list[tuple[int, int]]:
    """The (height, width) of every grid, the image's first, of so many halvings.

    Raises:
        ValueError: one is left with a single row or column, which instance normalization would
            empty and nothing can be mirrored in.
    """
    grids = [tuple(sides)]
    for _ in range(num_halvings):
        grids.append(halved(grids[-1]))
    if min(grids[-1]) < 2:
        raise ValueError(
            f"expected num_halvings to leave 2 or more of {min(sides)} pixels."
            f" Received: {num_halvings!r}"
        )
    return grids


def normalized(h: keras.KerasTensor) -> keras.KerasTensor:
    """Instance normalization, each channel of each image by itself, with scale and shift.

    Ulyanov et al. (2016).
    """
    return GroupNormalization(h.shape[-1], epsilon=1e-5)(h)


def rectified(h: keras.KerasTensor) -> keras.KerasTensor:
    """ReLU behind instance normalization."""
    return layers.ReLU()(normalized(h))
