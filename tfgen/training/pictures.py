"""The two pictures of a run: a grid of images, and the curves of its terms."""

import math
import os

import numpy as np
import tensorflow as tf

_SMALLEST_SIDE = 56  # pixels; smaller images are enlarged, pixel by pixel
_GAP = 2


def image_grid(images, num_columns=None):
    """Sets images side by side, a square of them by default.

    Args:
        images: `[n, height, width, 1 or 3]`, float in [0, 1].
        num_columns: images of one row.
    Returns:
        `[rows, columns, 1 or 3]`, uint8, white between the images.
    Raises:
        ValueError: `images` are no images.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not len(images):
        raise ValueError(
            f"expected images [n, height, width, 1 or 3]. Received: shape {images.shape}"
        )
    zoom = math.ceil(_SMALLEST_SIDE / max(images.shape[1:3]))
    images = images.repeat(zoom, axis=1).repeat(zoom, axis=2)
    n, height, width, channels = images.shape
    num_columns = num_columns or math.ceil(math.sqrt(n))
    num_rows = math.ceil(n / num_columns)
    cell_height, cell_width = height + _GAP, width + _GAP
    grid = np.ones((num_rows * cell_height + _GAP, num_columns * cell_width + _GAP, channels))
    for index, image in enumerate(images):
        row, column = divmod(index, num_columns)
        top, left = _GAP + row * cell_height, _GAP + column * cell_width
        grid[top : top + height, left : left + width] = image
    return np.rint(255 * np.clip(grid, 0, 1)).astype(np.uint8)


def save_grid(images, path):
    """Writes `image_grid(images)` as a PNG file, whole or not at all."""
    partial = f"{os.fspath(path)}.partial"
    with open(partial, "wb") as file:
        file.write(tf.io.encode_png(image_grid(images)).numpy())
    os.replace(partial, path)


def save_curves(rows, path):
    """Draws each term by epoch, training and validation in one panel, as a PNG file.

    Args:
        rows: of `read_history`.
        path: name of the file, which is whole or not there at all.
    Raises:
        ValueError: there are no rows.
    """
    # Matplotlib is slow to import, and only pictures need it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    if not rows:
        raise ValueError("expected at least one epoch to draw. Received: an empty history")
    names = [name for name in rows[0] if name != "epoch" and not name.startswith("val_")]
    figure = Figure(figsize=(4.2 * len(names), 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    epochs = [row["epoch"] for row in rows]
    marker = "o" if len(rows) == 1 else None
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        axes.plot(epochs, [row[name] for row in rows], label="training", marker=marker)
        if f"val_{name}" in rows[0]:
            values = [row[f"val_{name}"] for row in rows]
            axes.plot(epochs, values, label="validation", marker=marker)
        axes.set_title(name.replace("_", " "))
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    partial = f"{os.fspath(path)}.partial"
    figure.savefig(partial, format="png", dpi=120)
    os.replace(partial, path)
