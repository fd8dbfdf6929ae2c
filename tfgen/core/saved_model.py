"""A model as a SavedModel."""

import os
import shutil
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


def write_saved_model(
    model: keras.Model,
    path: str | os.PathLike,
    signatures: dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]],
) -> None:
    """Writes a SavedModel with named signatures; the folder appears when it is whole.

    A folder that was there before is replaced.

    Args:
        model: what the signatures compute with.
        path: of the folder.
        signatures: `{name: (function, input specs)}`.
    """
    archive = keras.export.ExportArchive()
    archive.track(model)
    for name, (function, specs) in signatures.items():
        archive.add_endpoint(name, function, specs)
    path = os.path.abspath(os.fspath(path))
    partial = f"{path}.partial-{os.getpid()}"
    try:
        # Keras would print the partial path, which is gone a moment later.
        archive.write_out(partial, verbose=False)
        if os.path.isdir(path):
            shutil.rmtree(path)
        os.replace(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
