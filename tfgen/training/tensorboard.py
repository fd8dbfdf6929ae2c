"""What TensorBoard shows of a run."""

import os
from typing import Any

import keras
import tensorflow as tf

from tfgen.training.pictures import image_grid, of_images
from tfgen.training.terminate_on_non_finite import non_finite


class TensorBoard(keras.callbacks.Callback):
    """Writes the terms of every epoch for TensorBoard, and the model's preview.

    The previews of all epochs have one seed, so that the same draws are seen to change.

    Args:
        folder: where the event files go.
        batch: `(x,)` or `(x, y)`, some examples for `model.preview`; None for no pictures. Models
            whose events are no images have none either.
        seed: of the previews.
    """

    def __init__(
        self, folder: str | os.PathLike, batch: tuple | None = None, seed: int = 0
    ) -> None:
        super().__init__()
        self.folder = os.fspath(folder)
        self.batch = batch
        self.seed = seed

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._writer = tf.summary.create_file_writer(self.folder)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        with self._writer.as_default(step=epoch + 1):
            for name, value in (logs or {}).items():
                tf.summary.scalar(name, value)
            # Who has diverged has nothing to show.
            if self.batch and of_images(self.model.event_shape) and not non_finite(logs):
                preview = self.model.preview(self.batch, self.seed)
                tf.summary.image("preview", image_grid(preview)[None])
        self._writer.flush()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._writer.close()
