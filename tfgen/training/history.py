"""The table of a run: one row for each epoch."""

import csv
import os

import keras


class History(keras.callbacks.Callback):
    """Keeps `history.csv`: a header, then the mean of each term as each epoch ends.

    A run that is resumed keeps the rows of the epochs that its model has seen, and no others: a
    killed process may have written a row and no checkpoint.

    Args:
        path: name of the file.
    """

    def __init__(self, path):
        super().__init__()
        self.path = os.fspath(path)
        self.rows = []

    def on_train_begin(self, logs=None):
        self.rows = []
        if os.path.exists(self.path):
            self.rows = [r for r in read_history(self.path) if r["epoch"] <= self.model.epochs_seen]

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch + 1, **{name: float(value) for name, value in logs.items()}}
        self.rows.append(row)
        partial = f"{self.path}.partial"
        with open(partial, "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(row))
            writer.writeheader()
            writer.writerows(self.rows)
        os.replace(partial, self.path)


def read_history(path):
    """The rows of a `history.csv`: dictionaries from "epoch" (an int) and each term to a float."""
    with open(path, newline="") as file:
        return [
            {name: int(value) if name == "epoch" else float(value) for name, value in row.items()}
            for row in csv.DictReader(file)
        ]
