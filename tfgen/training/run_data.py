"""The data of a run, prepared as its model reads them."""

import os
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgen import data as datasets
from tfgen.core import GenerativeModel
from tfgen.data.opening import open_source

KEPT, HELD_OUT = "train[:90%]", "train[90%:]"
_MEMORY_LIMIT = 4 * 2**30  # bytes of float32 from which on a data set is read as it is needed


class RunData(NamedTuple):
    """Images or vectors, and their labels where the model has a condition.

    Attributes:
        training: what `fit` takes first: arrays `(x,)` or `(x, y)`, or `(data set,)` where the
            images are drawn anew in each epoch or do not fit in memory.
        validation: arrays `(x,)` or `(x, y)`.
        num_train: examples to train on.
    """

    training: tuple[np.ndarray | tf.data.Dataset, ...]
    validation: tuple[np.ndarray, ...]
    num_train: int

    @property
    def streamed(self) -> bool:
        """Whether the training images come as a data set of batches."""
        return isinstance(self.training[0], tf.data.Dataset)


def preparation(
    model: GenerativeModel, binarize: str | None, channels: int | None = None
) -> dict[str, Any]:
    """How images are prepared for a model's likelihood: arguments of `tfgen.data.load`.

    A binary model gets binary images, one with more levels gets images of that many levels.

    Args:
        model: the model.
        binarize: "threshold", "stochastic", or None for "threshold" where the model is binary.
        channels: 1 or 3, to which images are converted; None: as they are.
    Returns:
        `{"binarize": ..., "levels": ..., "channels": ...}`.
    Raises:
        ValueError: binarize is given for a model that is not binary.
    """
    if model.levels == 2:
        return {"binarize": binarize or "threshold", "levels": None, "channels": channels}
    if binarize:
        raise ValueError(
            f"expected no binarize: this {type(model).__name__} has"
            f" {'continuous images' if model.levels is None else f'{model.levels} levels'}."
            f" Received: {binarize!r}"
        )
    return {"binarize": None, "levels": model.levels, "channels": channels}


def load_split(
    model: GenerativeModel,
    data: str | os.PathLike,
    split: str,
    *,
    binarize: str | None,
    levels: int | None,
    channels: int | None,
    seed: int,
) -> tuple[np.ndarray, ...]:
    """One split in memory, with the draws of the first epoch where images are drawn.

    Args:
        model: the run's; where it has a condition, the labels come along.
        data, split, binarize, levels, channels, seed: as in `tfgen.data.load`.
    Returns:
        Arrays `(x,)` or `(x, y)`.
    Raises:
        ValueError: no such split, or a model with a condition and no labels that are ones.
    """
    labels = model.condition is not None
    options = {"binarize": binarize, "levels": levels, "channels": channels, "labels": labels}
    arrays = datasets.load_arrays(data, split, seed=seed, **options)
    if not labels:
        return (arrays,)
    model.condition.tokens(arrays[1], name=f"the labels of {data}")
    return arrays


def validation_split(data: str | os.PathLike) -> str | None:
    """The name of the validation split that a data set has; None where it has none.

    Raises:
        ValueError: as `tfgen.data.load`.
    """
    names = datasets.splits(data)
    return next((name for name in ("valid", "validation") if name in names), None)


def load_run_data(
    model: GenerativeModel,
    data: str | os.PathLike,
    prepared: dict[str, Any],
    *,
    batch_size: int,
    seed: int,
    validation: str | None = None,
) -> RunData:
    """What a run trains on: the training split, or nine tenths of it, the others being held out.

    Args:
        model: to be trained.
        data: name or path of a data set.
        prepared: see `preparation`.
        batch_size: examples of one step.
        seed: of orders and draws.
        validation: the name of the validation split; None: a tenth of "train" is held out.
    Raises:
        ValueError: the data do not fit the model.
    """
    training = "train" if validation else KEPT
    held_out = load_split(model, data, validation or HELD_OUT, **prepared, seed=seed)
    # Sizes alone: `info` would read all captions.
    info = open_source(data, training, prepared["channels"], None, labels=False).info
    size = info.num_examples * 4 * int(np.prod(info.event_shape))
    if prepared["binarize"] == "stochastic" or size > _MEMORY_LIMIT:
        dataset = datasets.load(
            data,
            training,
            batch_size=batch_size,
            seed=seed,
            labels=model.condition is not None,
            memory_limit=_MEMORY_LIMIT,
            **prepared,
        )
        return RunData((dataset,), held_out, info.num_examples)
    arrays = load_split(model, data, training, **prepared, seed=seed)
    return RunData(arrays, held_out, info.num_examples)


def load_run_split(
    model: GenerativeModel, metrics: dict[str, Any], split: str
) -> tuple[np.ndarray, ...]:
    """A split of a run's data set, as the run prepared its images.

    Args:
        model: of the run.
        metrics: of the run, as `metrics.json` has them.
        split: as in `tfgen.data.load`.
    Returns:
        Arrays `(x,)` or `(x, y)`.
    Raises:
        ValueError: no such split, or metrics that do not say how the images were prepared.
    """
    wanted = ("data", "binarize", "levels", "seed")
    missing = [name for name in wanted if name not in metrics]
    if missing:
        raise ValueError(
            f"expected the metrics of a run, with {', '.join(wanted)}. Received: metrics without"
            f" {', '.join(missing)}"
        )
    prepared = {name: metrics[name] for name in wanted}
    # Older runs converted no images, and do not say so.
    return load_split(model, split=split, channels=metrics.get("channels"), **prepared)


def load_validation(
    model: GenerativeModel, metrics: dict[str, Any], num_examples: int
) -> tuple[np.ndarray, ...]:
    """The first of the validation images of a run, as it prepared them.

    Args:
        model: of the run.
        metrics: of the run, as `metrics.json` has them.
        num_examples: the most that are wanted.
    Returns:
        Arrays `(x,)` or `(x, y)`.
    """
    arrays = load_run_split(model, metrics, metrics.get("validation_split") or HELD_OUT)
    return tuple(array[:num_examples] for array in arrays)
