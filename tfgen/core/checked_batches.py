"""Batches that Python code makes, each one checked as it comes."""

import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np


class CheckedBatches(keras.utils.PyDataset):
    """A `keras.utils.PyDataset` whose batches go through a check.

    Args:
        batches: the data set.
        check: a batch, as the data set gives it, to the tuple of arrays that training gets.
    """

    def __init__(
        self, batches: keras.utils.PyDataset, check: Callable[[Any], tuple[np.ndarray, ...]]
    ) -> None:
        super().__init__(
            workers=batches.workers,
            use_multiprocessing=batches.use_multiprocessing,
            max_queue_size=batches.max_queue_size,
        )
        self._batches = batches
        self._check = check

    @property
    def num_batches(self) -> int | None:
        return self._batches.num_batches

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        return self._check(self._batches[index])

    def on_epoch_begin(self) -> None:
        self._batches.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._batches.on_epoch_end()


def checked_batches(batches: Any, check: Callable[[Any], tuple[np.ndarray, ...]]) -> Any:
    """A `PyDataset` or a generator whose batches go through `check`; anything else as it is."""
    if isinstance(batches, keras.utils.PyDataset):
        return CheckedBatches(batches, check)
    if inspect.isgenerator(batches):
        return _checked(batches, check)
    return batches


def _checked(batches, check):
    for batch in batches:
        yield check(batch)
