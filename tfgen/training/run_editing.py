"""A user's image, parts of it redrawn by the model of a run."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfgen.core import GenerativeModel
from tfgen.core.typing import ShapeLike
from tfgen.training.model_commands import check_command
from tfgen.training.pictures import Picture, eight_bit
from tfgen.training.run_folder import RunFolder
from tfgen.training.run_pictures import guidance_argument
from tfgen.training.user_images import nearest_values, read_pixels

Region = tuple[int, int, int, int]


def write_edited(
    folder: str | os.PathLike,
    image: str | os.PathLike,
    regions: Sequence[Region],
    path: str | os.PathLike,
    *,
    condition: str | None = None,
    guidance: float | None = None,
    seed: int = 0,
) -> None:
    """Writes an image with some regions redrawn; all other pixels are those of the file.

    Args:
        folder: of the run of a model of images that has `edit`.
        image: a file of the size of the model's images; read as grey by a model of grey images.
        regions: `(x, y, width, height)` in pixels, x and y of the upper left corner, from 0.
        path: of the result, ending in `.png`.
        condition: text, as `model.condition.parse` reads it; None for a model without one.
        guidance: how closely what is drawn follows the condition; None for the model's own.
        seed: of the draws.
    Raises:
        ValueError: no finished run, a model that does not edit images, a file that is no image or
            one of another size, a region that is empty or not inside of the image, a condition or
            guidance that the model does not take, a condition that is missing, or another ending.
    """
    if Path(path).suffix.lower() != ".png":
        raise ValueError(
            "expected a file that ends in .png, which keeps each pixel as it is."
            f" Received: {os.fspath(path)}"
        )
    model = RunFolder(folder).load_model()
    check_command(model, "edit")
    pixels = read_pixels(Path(image), model.event_shape)
    kept = kept_mask(model.event_shape, regions)
    arguments = {**_condition_argument(model, condition), **guidance_argument(model, guidance)}
    edited = model.edit(nearest_values(pixels, model.levels)[None], kept, seed=seed, **arguments)[0]
    Picture(np.where(kept > 0, pixels, eight_bit(edited))).save(path)


def kept_mask(event_shape: ShapeLike, regions: Sequence[Region]) -> np.ndarray:
    """What is kept of an image whose regions are redrawn.

    Args:
        event_shape: `(height, width, channels)`.
        regions: `(x, y, width, height)` in pixels; they may overlap.
    Returns:
        float32 `event_shape`, 0 in the regions and 1 elsewhere.
    Raises:
        ValueError: no region, an empty one, or one that is not inside of the image.
    """
    rows, columns, _ = event_shape
    if not regions:
        raise ValueError("expected at least one region. Received: none")
    mask = np.ones(event_shape, "float32")
    for region in regions:
        x, y, width, height = region
        received = ",".join(map(str, region))
        if width < 1 or height < 1:
            raise ValueError(
                f"expected a region X,Y,W,H of at least one pixel. Received: {received}"
            )
        if min(x, y) < 0 or x + width > columns or y + height > rows:
            raise ValueError(
                f"expected a region X,Y,W,H inside of the image, whose width is {columns} and"
                f" whose height is {rows}. Received: {received}"
            )
        mask[y : y + height, x : x + width] = 0
    return mask


def _condition_argument(model: GenerativeModel, text: str | None) -> dict[str, Any]:
    """The argument of `edit`, where there is any."""
    name = type(model).__name__
    if text is None and model.condition is None:
        return {}
    if text is None:
        kind = type(model.condition).__name__
        raise ValueError(
            f"expected a condition for this {name}, which has learned with {kind}. Received: none"
        )
    if model.condition is None:
        raise ValueError(
            f"expected no condition for a {name} that has learned without any. Received: {text!r}"
        )
    return {"condition": model.condition.parse(text)}
