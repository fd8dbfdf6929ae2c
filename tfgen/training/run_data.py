"""The images of a run, prepared as its model reads them."""

from typing import Any

import numpy as np
import tensorflow as tf

from tfgen import data as datasets
from tfgen.core import GenerativeModel
from tfgen.data import DataInfo

TRAINING, VALIDATION = "train[:90%]", "train[90%:]"
_MEMORY_LIMIT = 4 * 2**30  # bytes of float32 from which on a data set is read as it is needed


def preparation(model: GenerativeModel, binarize: str | None) -> dict[str, Any]:
    """How images are prepared for a model's likelihood: arguments of `tfgen.data.load`.

    A binary model gets binary images, one with more levels gets images of that many levels.

    Args:
        model: the model.
        binarize: "threshold", "stochastic", or None for "threshold" where the model is binary.
    Returns:
        `{"binarize": ..., "levels": ...}`.
    Raises:
        ValueError: binarize is given for a model that is not binary.
    """
    if model.levels == 2:
        return {"binarize": binarize or "threshold", "levels": None}
    if binarize:
        raise ValueError(
            f"expected no binarize: this {type(model).__name__} has"
            f" {'continuous images' if model.levels is None else f'{model.levels} levels'}."
            f" Received: {binarize!r}"
        )
    return {"binarize": None, "levels": model.levels}


def load_split(data: str, split: str, prepared: dict[str, Any], seed: int) -> np.ndarray:
    """The images of one split in memory, those of the first epoch where they are drawn."""
    return datasets.load_arrays(data, split, seed=seed, **prepared)


def load_training(
    data: str, info: DataInfo, prepared: dict[str, Any], batch_size: int, seed: int
) -> np.ndarray | tf.data.Dataset:
    """The images to train on: an array where it stays the same and fits, else a data set."""
    size = info.num_examples * 4 * int(np.prod(info.event_shape))
    if prepared["binarize"] == "stochastic" or size > _MEMORY_LIMIT:
        options = {"batch_size": batch_size, "seed": seed, "memory_limit": _MEMORY_LIMIT}
        return datasets.load(data, TRAINING, **options, **prepared)
    return load_split(data, TRAINING, prepared, seed)
