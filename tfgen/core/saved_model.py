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

    A SavedModel that was there before is replaced, and nothing else.

    Args:
        model: what the signatures compute with.
        path: of the folder.
        signatures: `{name: (function, input specs)}`.
    Raises:
        ValueError: the path is taken by something else than a SavedModel or an empty folder.
    """
    given, path = path, os.path.abspath(os.fspath(path))
    if os.path.lexists(path) and not _may_be_replaced(path):
        raise ValueError(
            "expected a new path, or the folder of a SavedModel, which is replaced."
            f" Received: {os.fspath(given)!r}, which holds something else"
        )
    archive = keras.export.ExportArchive()
    archive.track(model)
    for name, (function, specs) in signatures.items():
        archive.add_endpoint(name, function, specs)
    partial = f"{path}.partial-{os.getpid()}"
    try:
        # Keras would print the partial path, which is gone a moment later.
        archive.write_out(partial, verbose=False)
        if os.path.isdir(path):
            shutil.rmtree(path)
        os.replace(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _may_be_replaced(path):
    if os.path.islink(path) or not os.path.isdir(path):
        return False
    entries = os.listdir(path)
    return not entries or "saved_model.pb" in entries
