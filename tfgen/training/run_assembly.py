"""Whole images of a user's patches, by the model of a run."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfgen.adversarial import AssemblingModel
from tfgen.data.files import check_regular
from tfgen.data.image_folder import read_image
from tfgen.distributions import level_values
from tfgen.training.run_folder import RunFolder
from tfgen.training.sample_files import check_sample_ending, save_samples


def write_assembled(
    folder: str | os.PathLike,
    images: Sequence[str | os.PathLike],
    path: str | os.PathLike,
    *,
    num_samples: int = 1,
    seed: int = 0,
) -> None:
    """Writes what the model of a run makes of patches.

    Args:
        folder: of the run of a model that assembles patches.
        images: an image file for each patch, of any sizes, in any order.
        path: of the file, see `save_samples`.
        num_samples: whole images of these patches, each with noise of its own.
        seed: of the draws.
    Raises:
        ValueError: no finished run, a model that does not assemble patches, another number of
            them, a file that is no image, or one that cannot be written.
    """
    check_sample_ending(path)
    model = RunFolder(folder).load_model()
    if not isinstance(model, AssemblingModel):
        raise ValueError(
            "expected the run of a model that assembles patches, such as PuzzleGAN."
            f" Received: {type(model).__name__}"
        )
    check_sample_ending(path, model.event_shape)
    patches = [_read(Path(each), model.event_shape[-1], num_samples) for each in images]
    save_samples(model.assemble(patches, seed=seed), model.event_shape, path)


def _read(path, channels, count):
    check_regular(path)
    pixels = level_values(256)[read_image(path, channels)]
    return np.repeat(pixels[np.newaxis], count, axis=0)
