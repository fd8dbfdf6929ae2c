"""One file from which a killed training run goes on."""

import os

import keras


class Checkpoint(keras.callbacks.Callback):
    """Writes the whole model to one file as each epoch ends, by an atomic replacement.

    The file holds weights, optimizers, random states and the count of epochs: a process that was
    killed at any moment reads it with `keras.saving.load_model`, and goes on by
    `model.fit(..., initial_epoch=model.epochs_seen)` to the weights that it would have reached.

    Args:
        path: name of the file, ending in `.keras`.
    Raises:
        ValueError: another ending.
    """

    def __init__(self, path):
        super().__init__()
        self.path = os.fspath(path)
        if not self.path.endswith(".keras"):
            raise ValueError(f"expected a path that ends in .keras. Received: {path}")

    def on_epoch_end(self, epoch, logs=None):
        save_atomically(self.model, self.path)


def save_atomically(model, path):
    """`model.save(path)`, where the file is whole or not there at all."""
    partial = f"{os.fspath(path)}.partial.keras"
    model.save(partial)
    os.replace(partial, path)
