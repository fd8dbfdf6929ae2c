"""The table of a run: one row for each epoch."""

import csv
import os
from typing import Any

import keras

from tfgen.training.files import damaged, replacing


class History(keras.callbacks.Callback):
    """Keeps `history.csv`: a header, then the mean of each term as each epoch ends.

    With a `Stopwatch` before it, it has the seconds of training, too.

    A term that an epoch does not have (validation may come less often) is an empty cell. A run
    that is resumed keeps the rows of the epochs that its model has seen, and no others: a killed
    process may have written a row and no checkpoint.

    Args:
        path: name of the file.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        super().__init__()
        self.path = os.fspath(path)
        self.rows: list[dict[str, Any]] = []

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.rows = []
        if os.path.exists(self.path):
            self.rows = [r for r in read_history(self.path) if r["epoch"] <= self.model.epochs_seen]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        terms = {name: float(value) for name, value in (logs or {}).items()}
        self.rows.append({"epoch": epoch + 1, **terms})
        # A dictionary has each name once, in the order in which they came.
        names = list({name: None for row in self.rows for name in row})
        with replacing(self.path) as partial, open(partial, "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=names)
            writer.writeheader()
            writer.writerows(self.rows)


def read_history(path: str | os.PathLike) -> list[dict[str, Any]]:
    """The rows of a `history.csv`: dictionaries from "epoch" (an int) and each term to a float.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            text = file.read()
        if not text.endswith("\n"):
            raise ValueError("a last line that is cut off")
        return [
            {
                name: int(value) if name == "epoch" else float(value)
                for name, value in row.items()
                if value != "" or name == "epoch"
            }
            for row in csv.DictReader(text.splitlines(), strict=True)
        ]
    except (TypeError, ValueError, csv.Error) as error:
        advice = "delete it, and `tfgen train --resume` goes on without the rows so far"
        raise damaged(path, error, advice) from error
