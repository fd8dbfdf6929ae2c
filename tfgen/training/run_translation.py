"""A user's image files, translated by the model of a run."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfgen.adversarial import TranslatingModel
from tfgen.distributions import level_values
from tfgen.training.pictures import Picture, eight_bit, of_images
from tfgen.training.run_folder import RunFolder
from tfgen.training.user_images import read_pixels

_BLOCK = 32  # images that are translated at once


def write_translated(
    folder: str | os.PathLike,
    images: Sequence[str | os.PathLike],
    output: str | os.PathLike,
    *,
    to: str | None = None,
) -> list[Path]:
    """Writes what images become by the model of a run, a PNG file for each, of its name.

    Args:
        folder: of the run of a model that translates images.
        images: image files, of the size of the model's.
        output: folder of the results, made where it is missing.
        to: what the images become, as `model.direction` reads it.
    Returns:
        The paths of the results, in the order of the images.
    Raises:
        ValueError: no finished run, a model that does not translate, no such target, two images of
            one name, a file that is no image, or one of another size. Nothing is written then.
    """
    model = RunFolder(folder).load_model()
    if not isinstance(model, TranslatingModel):
        raise ValueError(
            "expected the run of a model that translates images, such as CycleGAN."
            f" Received: {type(model).__name__}"
        )
    shape, arguments = model.direction(to)
    paths = [Path(output) / f"{Path(image).stem}.png" for image in images]
    if len(set(paths)) < len(paths):
        twice = next(path for path in paths if paths.count(path) > 1)
        raise ValueError(f"expected images of different names. Received: {twice.stem} twice")
    x = np.stack([read_pixels(Path(image), shape) for image in images])
    results = model.translate(level_values(256)[x], **arguments, batch_size=_BLOCK).numpy()
    if not of_images(results.shape[1:]):
        raise ValueError(
            f"expected results in grey or colour, to be written as images."
            f" Received: {results.shape[-1]} channels"
        )
    Path(output).mkdir(parents=True, exist_ok=True)
    for path, result in zip(paths, results, strict=True):
        Picture(eight_bit(result)).save(path)
    return paths
