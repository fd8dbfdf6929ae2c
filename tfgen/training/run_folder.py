"""The folder of a training run."""

import json
import os
import shutil
from collections.abc import Collection
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import keras

from tfgen.training.files import damaged, json_text, write_json
from tfgen.training.folder_lock import LOCK, folder_lock

_WRITE_AGAIN = "delete it, and `tfgen train --resume` writes it again"
_PREPARED = ("data", "seed", "batch_size", "binarize", "levels")  # what reading the data needs


class RunFolder:
    """The files of a run, who may write them, and which of them are still to be written.

    `checkpoint.keras`, `history.csv` and `logs/` grow with the epochs, and so does `best.keras`
    where the best epoch is kept; `arguments.json` says how the run was started. The `products` are
    made from the last epoch or the best one when training ends; `judge.keras` is the classifier by
    which samples are judged, where they were.

    Args:
        path: the folder, which need not exist.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        self.arguments = self.path / "arguments.json"
        self.checkpoint = self.path / "checkpoint.keras"
        self.best = self.path / "best.keras"
        self.history = self.path / "history.csv"
        self.logs = self.path / "logs"
        self.model = self.path / "model.keras"
        self.saved_model = self.path / "saved_model"
        self.samples = self.path / "samples.png"
        self.curves = self.path / "curves.png"
        self.metrics = self.path / "metrics.json"
        self.judge = self.path / "judge.keras"

    @property
    def products(self) -> tuple[Path, ...]:
        """What is made of the trained model, in the order in which it is written."""
        return self.model, self.saved_model, self.samples, self.curves, self.metrics

    def to_do(self) -> list[Path]:
        """The products that are missing, or older than the checkpoint."""
        if not self.checkpoint.exists():
            return list(self.products)
        newest = self.checkpoint.stat().st_mtime_ns
        return [p for p in self.products if not p.exists() or p.stat().st_mtime_ns < newest]

    def lock(self) -> AbstractContextManager[None]:
        """Keeps other processes from writing the folder (see `folder_lock`)."""
        return folder_lock(self.path)

    def check(
        self,
        arguments: dict[str, Any],
        resume: bool,
        overwrite: bool,
        unknown: Collection[str] = (),
    ) -> None:
        """Checks that a run may begin in the folder, go on there, or replace the one there.

        Args:
            arguments: JSON-like, what describes the run; a resumed one must have the same.
            resume: go on from the checkpoint; begin a run where there is none.
            overwrite: replace the run in the folder.
            unknown: the arguments that are not to be compared yet.
        Raises:
            ValueError: it may not.
        """
        if resume and overwrite:
            raise ValueError("expected to resume a run or to overwrite it. Received: both")
        if resume and self.arguments.exists():
            advice = "start the run anew with --overwrite"
            check_arguments(self.arguments, arguments, advice, unknown)
        elif self._entries() and overwrite and not self.arguments.exists():
            raise ValueError(f"expected the folder of a run to overwrite. Received: {self.path}")
        elif self._entries() and not overwrite:
            raise ValueError(
                "expected a new folder, or to resume or overwrite the run in it."
                f" Received: {self.path}, which exists"
            )

    def begin(self, arguments: dict[str, Any], resume: bool) -> None:
        """Clears the folder for a run of these arguments, or of what a killed process left.

        To be called after `check`, and under the lock.
        """
        goes_on = resume and self.arguments.exists()
        for entry in self._entries():
            # The arguments say that this is a run: a folder half cleared must say so still.
            if entry != self.arguments and (not goes_on or ".partial" in entry.name):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        if not goes_on:
            write_json(self.arguments, arguments)

    def clear(self) -> None:
        """Removes all files of the run: the lock takes the empty folder along."""
        for entry in self._entries():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def read_metrics(self) -> dict[str, Any]:
        """What `metrics.json` says.

        Raises:
            ValueError: there is no finished run, or the file is damaged.
        """
        metrics = _read_table(self._finished(self.metrics), _WRITE_AGAIN)
        missing = [name for name in _PREPARED if name not in metrics]
        if missing:
            raise ValueError(
                f"expected {', '.join(_PREPARED)} in {self.metrics}; {_WRITE_AGAIN}."
                f" Received: no {', '.join(missing)}"
            )
        return metrics

    def load_model(self) -> keras.Model:
        """The trained model.

        Raises:
            ValueError: there is no finished run, or the file is damaged.
        """
        return load_model(self._finished(self.model), _WRITE_AGAIN)

    def load_checkpoint(self) -> keras.Model:
        """The model as the last epoch left it.

        Raises:
            ValueError: the file is damaged.
        """
        return load_model(self.checkpoint, "start the run anew with --overwrite")

    def _finished(self, path):
        if not path.exists():
            raise ValueError(
                f"expected the folder of a finished run. Received: {self.path}, without {path.name}"
            )
        return path

    def _entries(self):
        if not self.path.is_dir():
            return []
        return [entry for entry in self.path.iterdir() if entry.name != LOCK]


def check_arguments(
    path: Path, arguments: dict[str, Any], advice: str, unknown: Collection[str] = ()
) -> None:
    """Checks that what goes on has the arguments with which it was started.

    Args:
        path: of the JSON file that has them.
        arguments: JSON-like, those of now.
        advice: what to do where the file cannot be read.
        unknown: the arguments that are not to be compared yet.
    Raises:
        ValueError: some are others, or the file is damaged.
    """
    before, now = _read_table(path, advice), json.loads(json_text(arguments))
    names = sorted({*before, *now} - {*unknown})
    changed = [name for name in names if before.get(name) != now.get(name)]
    if changed:
        raise ValueError(
            f"expected the arguments with which {path.parent} was started,"
            f" {_show(before, changed)}. Received: {_show(now, changed)}"
        )


def load_model(path: str | os.PathLike, advice: str) -> keras.Model:
    """Loads a model.

    Args:
        path: of a `.keras` file.
        advice: what to do where it cannot be read.
    Raises:
        ValueError: it cannot.
    """
    try:
        return keras.saving.load_model(path)
    except MemoryError:
        raise
    except Exception as error:  # whatever a zip file, JSON, HDF5 and constructors raise
        raise damaged(path, error, advice) from error


def _read_table(path, advice):
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise damaged(path, error, advice) from error
    if not isinstance(value, dict):
        raise damaged(path, f"{type(value).__name__}, no table", advice)
    return value


def _show(arguments, names):
    return ", ".join(f"{name}={arguments.get(name)!r}" for name in names)
