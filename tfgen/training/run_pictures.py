"""The pictures of a run."""

import os

import numpy as np
import tensorflow as tf

from tfgen.core import GenerativeModel, SamplingModel
from tfgen.training.pictures import PICTURE_ENDINGS, of_images, save_grid
from tfgen.training.run_data import load_validation
from tfgen.training.run_folder import RunFolder
from tfgen.training.sample_files import check_sample_ending, save_samples

_BLOCK = 250  # samples of an array that are drawn at once


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
    folder: str | os.PathLike,
    num_samples: int,
    *,
    condition: str | None = None,
    guidance: float | None = None,
    seed: int = 0,
) -> tf.Tensor:
    """Examples from the model of a run: samples, or its preview where there is more to show.

    Args:
        folder: of the run.
        num_samples: number of samples; of a preview, the number of examples that it is given.
        condition: text of the condition of all samples, as `model.condition.parse` reads it. None
            for a model without one; a model with one then shows a row for each condition. A model
            that draws no samples shows its preview.
        guidance: how closely samples follow their condition, of a diffusion model; None for 1.
        seed: of the draws.
    Returns:
        `[num_samples, *event_shape]`, or `[rows, columns, *event_shape]`.
    Raises:
        ValueError: no finished run, or a condition or guidance that its model does not take.
    """
    run = RunFolder(folder)
    model = run.load_model()
    return _draw(run, model, num_samples, condition, seed, guidance_argument(model, guidance))


def write_drawn(
    folder: str | os.PathLike,
    path: str | os.PathLike,
    num_samples: int,
    *,
    condition: str | None = None,
    guidance: float | None = None,
    seed: int = 0,
) -> None:
    """Writes what `draw` gives as a picture, or samples as an array (see `save_samples`).

    An array has `num_samples` of them, drawn a block at a time; those of a model with a condition
    are given the conditions of validation examples, unless one is given for all.

    Args:
        folder, num_samples, condition, guidance, seed: as for `draw`.
        path: of the file.
    Raises:
        ValueError: as `draw`, or such examples cannot be written as a file of that ending.
    """
    ending = check_sample_ending(path)
    run = RunFolder(folder)
    model = run.load_model()
    check_sample_ending(path, model.event_shape)
    of_sample = guidance_argument(model, guidance)
    if ending in PICTURE_ENDINGS or not isinstance(model, SamplingModel):
        drawn = _draw(run, model, num_samples, condition, seed, of_sample)
        # The shape of what is shown, which a preview of two domains may have from either.
        save_samples(drawn, drawn.shape[-len(model.event_shape) :], path)
        return
    given = _conditions(run, model, num_samples, condition)
    samples = model.sample(num_samples, condition=given, seed=seed, batch_size=_BLOCK, **of_sample)
    save_samples(samples, model.event_shape, path, given)


def guidance_argument(model: GenerativeModel, guidance: float | None) -> dict[str, float]:
    """The argument of `sample` and `edit`, where there is any.

    Args:
        model: any model.
        guidance: None for the model's own.
    Raises:
        ValueError: guidance of a model that takes none.
    """
    if guidance is None:
        return {}
    if not hasattr(model, "check_guidance"):
        raise ValueError(
            "expected guidance for a diffusion model alone."
            f" Received: {guidance} for a {type(model).__name__}"
        )
    return {"guidance": model.check_guidance(guidance)}


def _draw(run, model, num_samples, condition, seed, of_sample):
    samples = isinstance(model, SamplingModel)
    if condition is not None:
        value = _parse(model, condition)
        return model.sample(num_samples, condition=value, seed=seed, **of_sample)
    if samples and model.condition is None:
        return model.sample(num_samples, seed=seed)
    batch = load_validation(model, run.read_metrics(), num_samples)
    return model.preview(batch, seed, **of_sample)


def _conditions(run, model, num_samples, condition):
    """One for each sample: the same, or those of the validation examples, one after the other."""
    if condition is not None:
        return np.repeat(np.asarray(_parse(model, condition))[None], num_samples, axis=0)
    if model.condition is None:
        return None
    _, known = load_validation(model, run.read_metrics(), num_samples)
    return known[np.arange(num_samples) % len(known)]


def _parse(model, condition):
    if model.condition is None or not isinstance(model, SamplingModel):
        raise ValueError(
            "expected a condition for a model that draws samples given one."
            f" Received: {condition!r} for a {type(model).__name__}"
        )
    return model.condition.parse(condition)
