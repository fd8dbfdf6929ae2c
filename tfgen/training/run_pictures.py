"""The pictures of a run."""

import os

import tensorflow as tf

from tfgen.core import GenerativeModel, SamplingModel
from tfgen.training.pictures import of_images, save_grid
from tfgen.training.run_data import load_validation
from tfgen.training.run_folder import RunFolder
from tfgen.training.sample_files import check_sample_ending, save_samples


def save_preview(
    model: GenerativeModel, batch: tuple, path: str | os.PathLike, seed: int = 0
) -> None:
    """Writes the model's preview as a picture; nothing where its events are no images.

    Args:
        model: any model.
        batch: `(x,)` or `(x, y)` of some examples.
        path: of the file.
        seed: of the draws.
    """
    if of_images(model.event_shape):
        save_grid(model.preview(batch, seed), path)


def draw(
    folder: str | os.PathLike, num_samples: int, *, condition: str | None = None, seed: int = 0
) -> tf.Tensor:
    """Examples from the model of a run: samples, or its preview where there is more to show.

    Args:
        folder: of the run.
        num_samples: number of samples; of a preview, the number of examples that it is given.
        condition: text of the condition of all samples, as `model.condition.parse` reads it. None
            for a model without one; a model with one then shows a row for each condition. A model
            that draws no samples shows its preview.
        seed: of the draws.
    Returns:
        `[num_samples, *event_shape]`, or `[rows, columns, *event_shape]`.
    Raises:
        ValueError: no finished run, or a condition that its model does not take.
    """
    run = RunFolder(folder)
    return _draw(run, run.load_model(), num_samples, condition, seed)


def write_drawn(
    folder: str | os.PathLike,
    path: str | os.PathLike,
    num_samples: int,
    *,
    condition: str | None = None,
    seed: int = 0,
) -> None:
    """Writes what `draw` gives as a file, a picture or an array (see `save_samples`).

    Args:
        folder, num_samples, condition, seed: as for `draw`.
        path: of the file.
    Raises:
        ValueError: as `draw`, or such examples cannot be written as a file of that ending.
    """
    check_sample_ending(path)
    run = RunFolder(folder)
    model = run.load_model()
    check_sample_ending(path, model.event_shape)
    save_samples(_draw(run, model, num_samples, condition, seed), model.event_shape, path)


def _draw(run, model, num_samples, condition, seed):
    samples = isinstance(model, SamplingModel)
    if condition is not None:
        if model.condition is None or not samples:
            raise ValueError(
                "expected a condition for a model that draws samples given one."
                f" Received: {condition!r} for a {type(model).__name__}"
            )
        value = model.condition.parse(condition)
        return model.sample(num_samples, condition=value, seed=seed)
    if samples and model.condition is None:
        return model.sample(num_samples, seed=seed)
    return model.preview(load_validation(model, run.read_metrics(), num_samples), seed)
