"""One file from which a killed training run goes on."""

import os
from typing import Any

import keras

from tfgen.training.files import replacing
from tfgen.training.terminate_on_non_finite import non_finite


class Checkpoint(keras.callbacks.Callback):
    """Writes the whole model to one file as each epoch ends, by an atomic replacement.

    The file holds weights, optimizers, random states and the count of epochs: a process that was
    killed at any moment reads it with `keras.saving.load_model`, and goes on by
    `model.fit(..., initial_epoch=model.epochs_seen)` to the weights that it would have reached.
    An epoch whose terms are not all finite is not written: the file stays that of the last good
    one.

    Args:
        path: name of the file, ending in `.keras`.
    Raises:
        ValueError: another ending.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        super().__init__()
        self.path = os.fspath(path)
        if not self.path.endswith(".keras"):
            raise ValueError(f"expected a path that ends in .keras. Received: {path}")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not non_finite(logs):
            save_atomically(self.model, self.path)


def save_atomically(model: keras.Model, path: str | os.PathLike) -> None:
    """`model.save(path)`, where the file is whole or not there at all."""
    with replacing(path) as partial:
        model.save(partial)
