"""Training that saves its progress after each epoch, for the benchmarks that take long."""

import json
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

    def on_epoch_end(self, epoch, logs=None):
        self.seconds += time.monotonic() - self.begun
        with open(self.path, "w") as file:
            json.dump({"seconds": self.seconds, "epochs": epoch + 1}, file)


def fit(build, x, folder, *, epochs, batch_size, validation_data=None, objective=None):
    """Trains a model, from where a killed process stopped if there was one.

    Args:
        build: `() -> compiled model`, called with random seed 0 where there is no checkpoint.
        x: the training images.
        folder: where checkpoint, history and time are kept.
        epochs: number of epochs in all.
        batch_size: images of one step.
        validation_data: images that are looked at after each epoch.
        objective: of a VAE, for what is left of the epochs; None for the one that it has.
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
    if objective is not None and model.epochs_seen < epochs:
        model.objective = objective
    stopwatch = _Stopwatch(os.path.join(folder, "seconds.json"))
    model.fit(
        x,
        batch_size=batch_size,
        epochs=epochs,
        initial_epoch=model.epochs_seen,
        validation_data=validation_data,
        verbose=2,
        callbacks=[
            History(os.path.join(folder, "history.csv")),
            Checkpoint(checkpoint),
            stopwatch,
        ],
    )
    return model, stopwatch.seconds
