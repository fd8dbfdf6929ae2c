"""What TensorBoard shows of a run."""

import os

import keras
import tensorflow as tf

from tfgen.training.pictures import image_grid


class TensorBoard(keras.callbacks.Callback):
    """Writes the terms and a grid of samples of every epoch for TensorBoard.

    The samples of all epochs come from one seed, so that the same latent draws are seen to change.

    Args:
        folder: where the event files go.
        num_samples: images of the grid; 0 for none.
        seed: of the samples.
    """

    def __init__(self, folder, num_samples=16, seed=0):
        super().__init__()
        self.folder = os.fspath(folder)
        self.num_samples = num_samples
        self.seed = seed

    def on_train_begin(self, logs=None):
        self._writer = tf.summary.create_file_writer(self.folder)

    def on_epoch_end(self, epoch, logs=None):
        with self._writer.as_default(step=epoch + 1):
            for name, value in logs.items():
                tf.summary.scalar(name, value)
            if self.num_samples:
                samples = self.model.sample(self.num_samples, seed=self.seed)
                tf.summary.image("samples", image_grid(samples)[None])
        self._writer.flush()

    def on_train_end(self, logs=None):
        self._writer.close()
