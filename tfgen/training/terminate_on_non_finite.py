"""Training that has diverged stops."""

import math
from typing import Any

import keras


class TerminateOnNonFinite(keras.callbacks.Callback):
    """Ends training at the first epoch with a term that is NaN or infinite.

    Keras's `TerminateOnNaN` looks at "loss" alone, which a model of several phases does not have;
    this looks at every term, of training and of validation.

    Attributes:
        diverged: `{term: value}` of those that were not finite, empty while all are.
        epoch: the epoch in which they were, counted from 1; None while there is none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.diverged: dict[str, float] = {}
        self.epoch: int | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.diverged, self.epoch = {}, None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.diverged = non_finite(logs)
        if self.diverged:
            self.epoch = epoch + 1
            self.model.stop_training = True


def non_finite(logs: dict[str, Any] | None) -> dict[str, float]:
    """`{term: value}` of the terms that are NaN or infinite."""
    values = {name: float(value) for name, value in (logs or {}).items()}
    return {name: value for name, value in values.items() if not math.isfinite(value)}
