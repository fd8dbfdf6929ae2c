"""Images set side by side: as an array, as a file, and as what a notebook shows."""

import base64
import math
import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgen.core.typing import ArrayLike, ShapeLike
from tfgen.training.files import replacing

_SMALLEST_SIDE = 56  # pixels; smaller images are enlarged, pixel by pixel
_GAP = 2
_ENCODERS = {".png": tf.io.encode_png, ".jpg": tf.io.encode_jpeg, ".jpeg": tf.io.encode_jpeg}
PICTURE_ENDINGS = tuple(_ENCODERS)


class Picture:
    """A picture that Jupyter displays, and that Matplotlib and PIL take for an array.

    `np.asarray(picture)` is uint8, `[rows, columns, 3]` in colour and `[rows, columns]` in grey.

    Args:
        pixels: `[rows, columns, 1 or 3]`, uint8.
    """

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels

    def png(self) -> bytes:
        """The bytes of a PNG file."""
        return tf.io.encode_png(self.pixels).numpy()

    def save(self, path: str | os.PathLike) -> None:
        """Writes a file of the kind that its ending says, whole or not at all.

        Args:
            path: ending in `.png`, or in `.jpg` or `.jpeg`.
        Raises:
            ValueError: another ending.
        """
        encode = _ENCODERS[check_ending(path)]
        with replacing(path) as partial:
            Path(partial).write_bytes(encode(self.pixels).numpy())

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        grey = self.pixels.shape[-1] == 1
        return np.array(self.pixels[..., 0] if grey else self.pixels, dtype, copy=copy)

    def _repr_png_(self):
        return self.png()

    def __repr__(self) -> str:
        rows, columns, channels = self.pixels.shape
        return f"Picture({rows}x{columns}, {'grey' if channels == 1 else 'colour'})"


def show(x: ArrayLike, num_columns: int | None = None) -> Picture:
    """A picture of some images, side by side; a notebook displays it.

    Args:
        x: `[n, height, width, 1 or 3]`, or `[rows, columns, height, width, 1 or 3]` to keep rows
            as they are; float in [0, 1].
        num_columns: images of one row, of the n; by default they make a square.
    Returns:
        `Picture`.
    Raises:
        ValueError: `x` are no images.
    """
    return Picture(image_grid(x, num_columns))


def image_grid(images: ArrayLike, num_columns: int | None = None) -> np.ndarray:
    """Sets images side by side.

    Args:
        images: `[n, height, width, 1 or 3]`, or `[rows, columns, height, width, 1 or 3]` to keep
            rows as they are; float in [0, 1].
        num_columns: images of one row, of the n; by default they make a square.
    Returns:
        `[rows, columns, 1 or 3]`, uint8, white between the images.
    Raises:
        ValueError: `images` are no images, or they come in rows and `num_columns` says otherwise.
    """
    images = np.asarray(images)
    if images.ndim not in (4, 5) or images.shape[-1] not in (1, 3) or not images.size:
        raise ValueError(
            "expected images [n, height, width, 1 or 3] or"
            f" [rows, columns, height, width, 1 or 3]. Received: shape {images.shape}"
        )
    if np.issubdtype(images.dtype, np.integer):
        raise ValueError(
            "expected images in [0, 1] (8-bit ones become floats by x.astype('float32') / 255)."
            f" Received: dtype {images.dtype}"
        )
    if images.ndim == 5:
        if num_columns not in (None, images.shape[1]):
            raise ValueError(
                f"expected rows of {images.shape[1]}, as the images come."
                f" Received: num_columns={num_columns}"
            )
        num_columns = images.shape[1]
        images = images.reshape(-1, *images.shape[2:])
    elif num_columns is None:
        num_columns = math.ceil(math.sqrt(len(images)))
    if num_columns < 1:
        raise ValueError(f"expected num_columns to be at least 1. Received: {num_columns}")
    zoom = math.ceil(_SMALLEST_SIDE / max(images.shape[1:3]))
    images = images.repeat(zoom, axis=1).repeat(zoom, axis=2)
    n, height, width, channels = images.shape
    num_rows = math.ceil(n / num_columns)
    cell_height, cell_width = height + _GAP, width + _GAP
    grid = np.ones((num_rows * cell_height + _GAP, num_columns * cell_width + _GAP, channels))
    for index, image in enumerate(images):
        row, column = divmod(index, num_columns)
        top, left = _GAP + row * cell_height, _GAP + column * cell_width
        grid[top : top + height, left : left + width] = image
    return eight_bit(grid)


def eight_bit(x: ArrayLike) -> np.ndarray:
    """Values in [0, 1] as uint8.

    A model that has diverged may draw NaN, which has no grey level: black.
    """
    return np.rint(255 * np.clip(np.nan_to_num(x, nan=0.0), 0, 1)).astype(np.uint8)


def data_url(png: bytes) -> str:
    """A PNG file as the address of an image on a page."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def of_images(event_shape: ShapeLike) -> bool:
    """Whether events of that shape are images that a picture can hold."""
    return len(event_shape) == 3 and event_shape[-1] in (1, 3)


def save_grid(images: ArrayLike, path: str | os.PathLike, num_columns: int | None = None) -> None:
    """Writes `image_grid(images)` as the kind of file that the path's ending says.

    Args:
        images, num_columns: as in `image_grid`.
        path: ending in `.png`, or in `.jpg` or `.jpeg`; the file is whole or not there at all.
    Raises:
        ValueError: another ending, or no images.
    """
    check_ending(path)
    show(images, num_columns).save(path)


def check_ending(path: str | os.PathLike) -> str:
    """The ending of a picture's file, in lower case.

    Raises:
        ValueError: no file of that kind can be written.
    """
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending not in _ENCODERS:
        raise ValueError(
            f"expected a file that ends in {', '.join(_ENCODERS)}. Received: {os.fspath(path)}"
        )
    return ending
