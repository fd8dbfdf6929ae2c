"""Training that saves its progress after each epoch, for the benchmarks that take long."""

import json
import math
import os
import time

import keras

from tfgen.training import Checkpoint, History


class _Stopwatch(keras.callbacks.Callback):
    """Adds up the seconds of training, validation and saving included, over restarts."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.seconds = 0.0
        if os.path.exists(path):
            with open(path) as file:
                self.seconds = json.load(file)["seconds"]

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.monotonic()

    def so_far(self):
        return self.seconds + time.monotonic() - self.begun

    def on_epoch_end(self, epoch, logs=None):
        self.seconds = self.so_far()
        with open(self.path, "w") as file:
            json.dump({"seconds": self.seconds, "epochs": epoch + 1}, file)


class _Budget(keras.callbacks.Callback):
    """Ends the training, in the middle of an epoch too, when the time is used up."""

    def __init__(self, stopwatch, seconds):
        super().__init__()
        self.stopwatch = stopwatch
        self.budget = seconds

    def on_train_batch_end(self, batch, logs=None):
        if self.stopwatch.so_far() > self.budget:
            self.model.stop_training = True


class Decay(keras.callbacks.Callback):
    """The rate falls along a line in the second half of the time, restarts included.

    Of a game whose phases have rates of their own, `phase` may be the one whose rate falls: where
    both do, the one who judges is as far behind the other as before.
    """

    def __init__(self, rate, budget, folder, phase=None):
        super().__init__()
        self.rate = rate
        self.budget = budget
        self.path = os.path.join(folder, "seconds.json")
        self.phase = phase

    def on_epoch_begin(self, epoch, logs=None):
        seconds = 0.0
        if os.path.exists(self.path):
            with open(self.path) as file:
                seconds = json.load(file)["seconds"]
        left = max(1 - seconds / self.budget, 0.01)
        model = self.model
        optimizer = model.phase_optimizers[self.phase] if self.phase else model.optimizer
        optimizer.learning_rate = self.rate * min(2 * left, 1.0)


def fit(
    build,
    x,
    folder,
    *,
    epochs,
    batch_size,
    steps_per_epoch=None,
    y=None,
    validation_data=None,
    prepare=None,
    budget=math.inf,
    callbacks=(),
):
    """Trains a model, from where a killed process stopped if there was one.

    Args:
        build: `() -> model`, called with random seed 0 where there is no checkpoint; compiled by it
            or by `prepare`.
        x: the training images.
        folder: where checkpoint, history and time are kept.
        epochs: number of epochs in all.
        batch_size: images of one step.
        steps_per_epoch: steps of an epoch; None for all of x.
        y: their conditions, or the second set of an unpaired model; None for a model without.
        validation_data: images that are looked at after each epoch.
        prepare: `(model) -> None`, called in each process before what is left of the epochs.
        budget: seconds of training, over all processes, after which it ends.
        callbacks: called after the progress is saved; their time does not count.
    Returns:
        The trained model and the seconds of training, over all processes.
    """
    os.makedirs(folder, exist_ok=True)
    checkpoint = os.path.join(folder, "checkpoint.keras")
    if os.path.exists(checkpoint):
        model = keras.saving.load_model(checkpoint)
    else:
        keras.utils.set_random_seed(0)
        model = build()
    if prepare is not None and model.epochs_seen < epochs:
        prepare(model)
    stopwatch = _Stopwatch(os.path.join(folder, "seconds.json"))
    if stopwatch.seconds >= budget:
        return model, stopwatch.seconds
    model.fit(
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        steps_per_epoch=steps_per_epoch,
        initial_epoch=model.epochs_seen,
        validation_data=validation_data,
        verbose=2,
        callbacks=[
            History(os.path.join(folder, "history.csv")),
            Checkpoint(checkpoint),
            stopwatch,
            _Budget(stopwatch, budget),
            *callbacks,
        ],
    )
    return model, stopwatch.seconds


def kept(path, compute):
    """What `compute` gives, as JSON, from a file where it has been computed."""
    if not os.path.exists(path):
        with open(f"{path}.partial", "w") as file:
            json.dump(compute(), file)
        os.replace(f"{path}.partial", path)
    with open(path) as file:
        return json.load(file)
