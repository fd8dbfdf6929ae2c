"""One file from which a killed training run goes on."""

import os
import sys
from typing import Any

import keras

from tfgen.training.best_epoch import BestEpoch
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
        best: which epoch to keep beside the last one, and when to stop; None: neither.
    Raises:
        ValueError: another ending.

    Example, killed or not; the weights of the best epoch are in `best.keras` in the end:

        model = keras.saving.load_model("run.keras") if os.path.exists("run.keras") else new()
        best = BestEpoch("best.keras", patience=10)
        model.fit(
            x, validation_split=0.1, epochs=500, initial_epoch=model.epochs_seen,
            callbacks=[Checkpoint("run.keras", best=best)],
        )
    """

    def __init__(self, path: str | os.PathLike, *, best: BestEpoch | None = None) -> None:
        super().__init__()
        self.path = os.fspath(path)
        self.best = best
        if not self.path.endswith(".keras"):
            raise ValueError(f"expected a path that ends in .keras. Received: {path}")

    def restore(self, model: keras.Model) -> None:
        """Goes on from the file: what is known of the best epoch is read again.

        Args:
            model: the one that was loaded from the file, or a new one.
        Raises:
            ValueError: the file does not know the best epoch, or that epoch's file is gone.
        """
        if self.best is not None:
            self.best.restore(model, self.path)
            self.mend(model)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if self.best is None:
            return
        self.best.monitored(self.model)
        self.restore(self.model)
        if self.best.ended(self.model):
            # Keras begins an epoch before it asks whether to stop. BackupAndRestore's way to say
            # where training begins: here behind the last epoch.
            self.model._initial_epoch = sys.maxsize

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        if self.best is not None:
            self.model._initial_epoch = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if non_finite(logs):
            return
        better = self.best is not None and self.best.see(self.model, logs or {})
        self.write(better)
        if self.best is not None and self.best.ended(self.model):
            self.model.stop_training = True

    def write(self, better: bool) -> None:
        """Writes the files of an epoch.

        Args:
            better: whether it is the best one so far.
        """
        with replacing(self.path) as partial:
            self.model.save(partial)
            if self.best is not None:
                self.best.write_into(partial)
        if better:
            self.best.copy(self.path)

    def mend(self, model: keras.Model) -> None:
        """Writes the file of the best epoch where a killed process could not."""
        self.best.mend(model, self.path)


def save_atomically(model: keras.Model, path: str | os.PathLike) -> None:
    """`model.save(path)`, where the file is whole or not there at all."""
    with replacing(path) as partial:
        model.save(partial)
