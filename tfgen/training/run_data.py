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
    """Images or vectors, and their labels where the model has a condition; or two sets of them.

    Attributes:
        training: what `fit` takes first: arrays `(x,)`, `(x, y)` or `(a, b)`, or `(data set,)` or
            two of them where the images are drawn anew in each epoch or do not fit in memory.
        validation: arrays `(x,)`, `(x, y)` or `(a, b)`.
        num_train: examples to train on, of the larger set.
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

    A binary model gets binary images, one with more levels gets images of that many levels. What
    has no density may get binary images, too.

    Args:
        model: the model.
        binarize: "threshold", "stochastic", or None for "threshold" where the model is binary.
        channels: 1 or 3, to which images are converted; None: as they are.
    Returns:
        `{"binarize": ..., "levels": ..., "channels": ...}`.
    Raises:
        ValueError: binarize is given for a density that is not binary.
    """
    if model.levels == 2:
        return {"binarize": binarize or "threshold", "levels": None, "channels": channels}
    if binarize and (model.levels or model.density in ("exact", "bound")):
        raise ValueError(
            f"expected no binarize: this {type(model).__name__} has"
            f" {'continuous images' if model.levels is None else f'{model.levels} levels'}."
            f" Received: {binarize!r}"
        )
    return {"binarize": binarize, "levels": model.levels, "channels": channels}


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
    data_b: str | os.PathLike | None = None,
    validation_b: str | None = None,
) -> RunData:
    """What a run trains on: the training split, or nine tenths of it, the others being held out.

    Args:
        model: to be trained.
        data: name or path of a data set.
        prepared: see `preparation`.
        batch_size: examples of one step.
        seed: of orders and draws.
        validation: the name of the validation split; None: a tenth of "train" is held out.
        data_b, validation_b: the same of the second set, of an unpaired model.
    Raises:
        ValueError: the data do not fit the model.
    """
    sets = [(data, validation)] if data_b is None else [(data, validation), (data_b, validation_b)]
    held_out: tuple = ()
    for each, split in sets:
        held_out += load_split(model, each, split or HELD_OUT, **prepared, seed=seed)
    splits = [(each, "train" if split else KEPT) for each, split in sets]
    # Sizes alone: `info` would read all captions.
    infos = [open_source(*each, prepared["channels"], None, labels=False).info for each in splits]
    size = sum(info.num_examples * 4 * int(np.prod(info.event_shape)) for info in infos)
    training: tuple = ()
    if prepared["binarize"] == "stochastic" or size > _MEMORY_LIMIT:
        for index, each in enumerate(splits):
            dataset = datasets.load(
                *each,
                batch_size=batch_size,
                # Of orders, too, which two sets have for themselves.
                seed=seed + index,
                labels=model.condition is not None,
                memory_limit=_MEMORY_LIMIT,
                **prepared,
            )
            training += (dataset,)
    else:
        for each in splits:
            training += load_split(model, *each, **prepared, seed=seed)
    return RunData(training, held_out, max(info.num_examples for info in infos))


def load_run_split(
    model: GenerativeModel, metrics: dict[str, Any], split: str, split_b: str | None = None
) -> tuple[np.ndarray, ...]:
    """A split of a run's data set, or of both its data sets, as the run prepared its images.

    Args:
        model: of the run.
        metrics: of the run, as `metrics.json` has them.
        split: as in `tfgen.data.load`.
        split_b: of the second set, where there is one; None for one of the same name.
    Returns:
        Arrays `(x,)`, `(x, y)` or `(a, b)`.
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
    prepared["channels"] = metrics.get("channels")
    arrays = load_split(model, split=split, **prepared)
    if metrics.get("data_b") is None:
        return arrays
    of_b = {**prepared, "data": metrics["data_b"]}
    return arrays + load_split(model, split=split_b or split, **of_b)


def load_validation(
    model: GenerativeModel, metrics: dict[str, Any], num_examples: int
) -> tuple[np.ndarray, ...]:
    """The first of the validation images of a run, as it prepared them.

    Args:
        model: of the run.
        metrics: of the run, as `metrics.json` has them.
        num_examples: the most that are wanted.
    Returns:
        Arrays `(x,)`, `(x, y)` or `(a, b)`.
    """
    names = (metrics.get(key) or HELD_OUT for key in ("validation_split", "validation_split_b"))
    arrays = load_run_split(model, metrics, *names)
    return tuple(array[:num_examples] for array in arrays)
