"""How well captions fit a user's images, by the model of a run."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfgen.distributions import level_values
from tfgen.training.model_commands import check_command
from tfgen.training.run_folder import RunFolder
from tfgen.training.user_images import read_pixels


def similarity(
    folder: str | os.PathLike,
    images: Sequence[str | os.PathLike],
    captions: Sequence[str],
) -> np.ndarray:
    """Cosines of image files and captions.

    Args:
        folder: of the run of a model that has `similarity`, such as CLIP.
        images: image files, of the size of the model's images.
        captions: texts, as `model.condition.parse` reads them.
    Returns:
        `[images, captions]`, float32, in [-1, 1].
    Raises:
        ValueError: no finished run, a model that has no such method, a file that is no image or one
            of another size, or a caption that the model does not take.
    """
    model = RunFolder(folder).load_model()
    check_command(model, "similarity")
    x = np.stack([read_pixels(Path(image), model.event_shape) for image in images])
    conditions = np.array([model.condition.parse(caption) for caption in captions])
    return model.similarity(level_values(256)[x], conditions).numpy()
