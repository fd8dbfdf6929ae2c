"""How long a run has trained, over all its processes, and when that is enough."""

import os
import time
from typing import Any

import keras

from tfgen.training.history import read_history


class Stopwatch(keras.callbacks.Callback):
    """Adds "seconds" to the logs of each epoch: those of its training steps and all before them.

    Validation, checkpoints and pictures do not count. To be listed before `History`, in whose table
    a process that goes on finds what those before it took.

    Args:
        history: path of the run's `history.csv`.
        budget: seconds after which training ends, in the middle of an epoch too, which then counts
            as one; None for no end.
    """

    def __init__(self, history: str | os.PathLike, budget: float | None = None) -> None:
        super().__init__()
        self.history = history
        self.budget = budget
        self.seconds = 0.0
        self._begun: float | None = None

    def restore(self, epochs: int) -> None:
        """Goes on from the table's row of a number of epochs; from 0 where it has none."""
        rows = read_history(self.history) if os.path.exists(self.history) else []
        self.seconds = sum(row.get("seconds", 0.0) for row in rows if row["epoch"] == epochs)

    @property
    def spent(self) -> bool:
        """Whether the budget is used up."""
        running = 0.0 if self._begun is None else time.monotonic() - self._begun
        return self.budget is not None and self.seconds + running >= self.budget

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._begun = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if self.spent:
            self.model.stop_training = True

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._stop()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._stop()
        if logs is not None:
            logs["seconds"] = round(self.seconds, 3)

    def _stop(self):
        if self._begun is not None:
            self.seconds += time.monotonic() - self._begun
            self._begun = None
