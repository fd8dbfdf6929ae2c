"""The epoch whose validation was best, and training that stops when none is better."""

import json
import math
import os
import shutil
import zipfile
from typing import Any

import keras

from tfgen.training.files import replacing

_MEMBER = "best_epoch.json"  # of a `.keras` file, which is a zip archive


class BestEpoch:
    """Keeps the model of the best epoch in a file, and says when to stop: a part of `Checkpoint`.

    What is known of the best epoch is written into the checkpoint, in the same moment as its
    weights, so that a run that was killed goes on to keep the same epoch and to stop at the same
    one. (Keras's `EarlyStopping` has its best weights and its count in memory alone, and to restore
    them it takes those away from which training would go on.)

    Args:
        path: of the file, ending in `.keras`: a copy of the checkpoint of the best epoch.
        patience: epochs without an improvement after which training stops, at least 1; None: it
            never stops.
        monitor: the term that is to fall. None: that of validation which a model with one phase
            minimises, "val_negative_log_prob" and the like; a model with several has no such term.
    Raises:
        ValueError: another ending, or `patience` below 1.

    Attributes:
        epoch: the best one so far, counted from 1; None before there is one.
        value: its term.
    """

    def __init__(
        self, path: str | os.PathLike, patience: int | None = None, monitor: str | None = None
    ) -> None:
        self.path = os.fspath(path)
        self.patience = patience
        self.monitor = monitor
        self.epoch: int | None = None
        self.value: float | None = None
        if not self.path.endswith(".keras"):
            raise ValueError(f"expected a path that ends in .keras. Received: {path}")
        if patience is not None and (not isinstance(patience, int) or patience < 1):
            raise ValueError(f"expected patience to be at least 1. Received: {patience!r}")

    def monitored(self, model: keras.Model) -> str:
        """The name of the term that is to fall.

        Raises:
            ValueError: none was given, and the model has several phases.
        """
        phases = model.phases()
        if self.monitor is None and len(phases) > 1:
            raise ValueError(
                f"expected a model with one phase, whose best epoch validation can tell:"
                f" {type(model).__name__} has {', '.join(phase.name for phase in phases)}, and none"
                f" of its terms says how good it is. Received: patience={self.patience}"
            )
        return self.monitor or f"val_{model.term_names[0]}"

    def see(self, model: keras.Model, logs: dict[str, Any]) -> bool:
        """Takes in the epoch that the model has just seen; whether it is the best so far.

        Raises:
            ValueError: the monitored term is not among the logs.
        """
        name = self.monitored(model)
        if name not in logs:
            raise ValueError(
                f"expected {name} in every epoch, as `validation_data` gives it."
                f" Received: {', '.join(logs)}"
            )
        value = float(logs[name])
        better = math.isfinite(value) and (self.value is None or value < self.value)
        if better:
            self.epoch, self.value = model.epochs_seen, value
        return better

    def ended(self, model: keras.Model) -> bool:
        """Whether training has not improved for `patience` epochs."""
        waited = model.epochs_seen - (self.epoch or 0)
        return self.patience is not None and waited >= self.patience

    def write_into(self, checkpoint: str | os.PathLike) -> None:
        """Adds what is known of the best epoch to a `.keras` file."""
        with zipfile.ZipFile(checkpoint, "a") as archive:
            archive.writestr(_MEMBER, json.dumps({"epoch": self.epoch, "value": self.value}))

    def copy(self, checkpoint: str | os.PathLike) -> None:
        """Makes a checkpoint the file of the best epoch."""
        with replacing(self.path) as partial:
            shutil.copyfile(checkpoint, partial)

    def restore(self, model: keras.Model, checkpoint: str | os.PathLike) -> None:
        """Reads what the checkpoint, from which the model was loaded, knows of the best epoch.

        Args:
            model: about to be trained; one that has seen no epoch begins anew.
            checkpoint: of the same training, which need not exist.
        Raises:
            ValueError: it is the checkpoint of a training that did not keep its best epoch.
        """
        self.epoch = self.value = None
        if model.epochs_seen and os.path.exists(checkpoint):
            known = _read(checkpoint)
            if known is None:
                raise ValueError(
                    "expected the checkpoint of a training that kept its best epoch."
                    f" Received: {os.fspath(checkpoint)}"
                )
            self.epoch, self.value = known["epoch"], known["value"]

    def mend(self, model: keras.Model, checkpoint: str | os.PathLike) -> None:
        """Writes the file of the best epoch where a process was killed before it could.

        Args:
            model, checkpoint: as in `restore`, which comes first.
        Raises:
            ValueError: the file is gone, and the checkpoint is that of another epoch.
        """
        if self.epoch is None or (_read(self.path) or {}).get("epoch") == self.epoch:
            return
        if self.epoch != model.epochs_seen:
            raise ValueError(
                f"expected {self.path} to hold epoch {self.epoch}, the best one so far of"
                f" {os.fspath(checkpoint)}. Received: no such file"
            )
        self.copy(checkpoint)


def _read(path):
    """What a `.keras` file says of the best epoch; None where it says nothing."""
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(_MEMBER))
    except (FileNotFoundError, KeyError, zipfile.BadZipFile):
        return None
