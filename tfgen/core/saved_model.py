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
    served = _Served(model)
    functions = {
        name: tf.function(function, input_signature=specs, autograph=False)
        for name, (function, specs) in signatures.items()
    }
    for name, function in functions.items():
        setattr(served, name, function)
    partial = f"{path}.partial-{os.getpid()}"
    try:
        # `keras.export.ExportArchive` would trace each function once more.
        default = {"serving_default": next(iter(functions.values()))}
        tf.saved_model.save(served, partial, {**default, **functions})
        if os.path.isdir(path):
            shutil.rmtree(path)
        os.replace(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


class _Served(tf.Module):
    """The functions of a SavedModel, and what they need: weights, and tables of words."""

    # `tf.Module` has properties of these names; a SavedModel of Keras's has these lists.
    variables = trainable_variables = non_trainable_variables = ()

    def __init__(self, model):
        super().__init__()
        self.variables = list(model.variables)
        self.trainable_variables = list(model.trainable_variables)
        self.non_trainable_variables = list(model.non_trainable_variables)
        self.tables = [
            child
            for layer in model._flatten_layers()
            for child in tf.train.TrackableView.children(layer).values()
            if isinstance(child, tf.saved_model.experimental.TrackableResource)
        ]


def _may_be_replaced(path):
    if os.path.islink(path) or not os.path.isdir(path):
        return False
    entries = os.listdir(path)
    return not entries or "saved_model.pb" in entries
