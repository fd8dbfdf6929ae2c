"""Samples as files: pictures of images, arrays of anything, tables of vectors."""

import os
from collections.abc import Callable

import numpy as np

from tfgen.core.typing import ArrayLike, ShapeLike
from tfgen.training.files import replacing
from tfgen.training.pictures import PICTURE_ENDINGS, of_images, save_grid


def _write_table(path, x):
    # Nine digits say which float32 it was.
    np.savetxt(path, x, fmt="%.9g", delimiter=",")


_ARRAYS: dict[str, Callable] = {".npy": np.save, ".npz": np.savez_compressed}
_TABLES: dict[str, Callable] = {".csv": _write_table}


def check_sample_ending(path: str | os.PathLike, event_shape: ShapeLike | None = None) -> str:
    """The ending of a file of samples, in lower case.

    Args:
        path: of the file.
        event_shape: of one sample; None where it is not known yet.
    Raises:
        ValueError: samples of that shape cannot be written as such a file.
    """
    endings = (*PICTURE_ENDINGS, *_ARRAYS, *_TABLES)
    whose = ""
    if event_shape is not None:
        shape = tuple(event_shape)
        pictures = PICTURE_ENDINGS if of_images(shape) else ()
        tables = tuple(_TABLES) if len(shape) == 1 else ()
        endings, whose = (*pictures, *_ARRAYS, *tables), f" for samples of shape {shape}"
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending not in endings:
        raise ValueError(
            f"expected a file that ends in {', '.join(endings)}{whose}. Received: {os.fspath(path)}"
        )
    return ending


def save_samples(
    samples: ArrayLike,
    event_shape: ShapeLike,
    path: str | os.PathLike,
    condition: ArrayLike | None = None,
) -> None:
    """Writes samples as the kind of file that the path's ending says, whole or not at all.

    A picture has the samples side by side. Arrays are float32, `[n, *event_shape]`, one row of
    a preview after the other; in a `.npz` file the array is called `x`, and what the samples were
    given `condition`. A `.csv` file of vectors has a line for each, without a header.

    Args:
        samples: `[n, *event_shape]`, or `[rows, columns, *event_shape]`.
        event_shape: of one sample.
        path: ending in `.png`, `.jpg` or `.jpeg` for images in grey or colour, in `.csv` for
            vectors, in `.npy` or `.npz` for any.
        condition: of each sample, `[n, ...]`; None without any.
    Raises:
        ValueError: another ending.
    """
    ending = check_sample_ending(path, event_shape)
    if ending in PICTURE_ENDINGS:
        save_grid(samples, path)
        return
    x = np.asarray(samples, "float32").reshape(-1, *event_shape)
    with replacing(path) as partial:
        # A stream, as NumPy would add an ending that it misses to a name.
        with open(partial, "wb") as file:
            if ending == ".npz":
                given = {} if condition is None else {"condition": _plain(condition)}
                np.savez_compressed(file, x=x, **given)
            else:
                {**_ARRAYS, **_TABLES}[ending](file, x)


def _plain(condition):
    """Texts as NumPy's own, which no pickle is needed for."""
    condition = np.asarray(condition)
    return condition.astype(str) if condition.dtype.kind in "OS" else condition
