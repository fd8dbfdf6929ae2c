"""A training run from a data set's name to a folder: what `tfgen train` does."""

import math
import os
import shutil
import time
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from tfgen import data as datasets
from tfgen.core import GenerativeModel
from tfgen.data import DataInfo
from tfgen.evaluation import likelihood
from tfgen.training.checkpoint import Checkpoint
from tfgen.training.curves import save_curves
from tfgen.training.files import replacing, write_json
from tfgen.training.history import History, read_history
from tfgen.training.pictures import save_grid
from tfgen.training.run_data import VALIDATION, load_split, load_training, preparation
from tfgen.training.run_folder import RunFolder
from tfgen.training.tensorboard import TensorBoard
from tfgen.training.terminate_on_non_finite import TerminateOnNonFinite


def train(
    build: Callable[[DataInfo], GenerativeModel],
    data: str | os.PathLike,
    *,
    epochs: int,
    output: str | os.PathLike,
    batch_size: int | None = None,
    seed: int = 0,
    binarize: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    arguments: dict[str, Any] | None = None,
    verbose: str | int = "auto",
) -> GenerativeModel:
    """Trains a model on a data set and writes the folder of the run.

    A tenth of the training split is held out for validation; the test split is not looked at. A
    binary model gets binary images, one with more levels gets images of that many levels.

    The folder holds `model.keras`, `saved_model/`, `samples.png`, `curves.png`, `history.csv`,
    `metrics.json`, `logs/` for TensorBoard, and for resuming `arguments.json` and
    `checkpoint.keras`. Keys of `metrics.json`: "model", "data", "seed", "batch_size", "epochs";
    "binarize" and "levels", how the images were prepared (null: not at all); "num_train" and
    "num_validation", images; "num_parameters", free ones; "seconds", of this process's training;
    "final", the terms of the last epoch, those of validation as "val_..."; and "validation", the
    likelihood (see `tfgen.evaluation.likelihood`) of the images held out. A figure that is not
    finite is null.

    Args:
        build: `(DataInfo) -> model`, not compiled.
        data: name or path of a data set (see `tfgen.data.load`).
        epochs: number of epochs, at least 1.
        output: path of the folder.
        batch_size: images of one step; None for the model's `default_batch_size`.
        seed: of weights, orders and draws.
        binarize: "threshold" or "stochastic", for a binary model; None for "threshold" there.
        resume: go on from the folder's checkpoint, or start where there is none; whatever is
            missing or older than the checkpoint is written.
        overwrite: replace the run in the folder.
        arguments: JSON-like, whatever else describes the run; a resumed run must have the same.
        verbose: as in `keras.Model.fit`.
    Returns:
        The trained model.
    Raises:
        ValueError: the folder exists, or another process writes it; the data do not fit the model;
            or a resumed run was started with other arguments.
        FloatingPointError: a term of an epoch was not finite. The checkpoint of the last epoch
            before it stays.
    """
    if epochs < 1:
        raise ValueError(f"expected epochs to be at least 1. Received: {epochs}")
    data = os.fspath(data)
    given = {"data": data, "batch_size": batch_size, "seed": seed, "binarize": binarize}
    given |= arguments or {}
    folder = RunFolder(output)
    with folder.lock():
        folder.check(given, resume, overwrite)
        info = datasets.info(data, "train")
        keras.utils.set_random_seed(seed)
        goes_on = resume and folder.checkpoint.exists()
        model = keras.saving.load_model(folder.checkpoint) if goes_on else build(info)
        prepared = preparation(model, binarize)
        batch_size = batch_size or model.default_batch_size
        x = load_training(data, info, prepared, batch_size, seed)
        validation = load_split(data, VALIDATION, prepared, seed)

        folder.begin(given, resume)
        if not goes_on:
            model.compile(steps_per_execution=_steps_per_execution(x, batch_size))
        begun = time.monotonic()
        if model.epochs_seen < epochs:
            _fit(model, folder, x, validation, epochs, batch_size, seed, verbose)
        seconds = time.monotonic() - begun
        rows = read_history(folder.history) if folder.history.exists() else []
        rows = [row for row in rows if row["epoch"] <= model.epochs_seen]

        def write_metrics(path):
            figures = {
                "model": type(model).__name__,
                "data": data,
                "seed": seed,
                "batch_size": batch_size,
                "epochs": model.epochs_seen,
                **prepared,
                "num_train": info.num_examples - len(validation),
                "num_validation": len(validation),
                "num_parameters": model.num_free_parameters,
                "seconds": round(seconds, 1),
                "final": {k: v for row in rows[-1:] for k, v in row.items() if k != "epoch"},
                "validation": likelihood(model, validation, seed=seed),
            }
            write_json(path, figures)

        write = {
            folder.model: lambda path: _copy(folder.checkpoint, path),
            folder.saved_model: model.export,
            folder.samples: lambda path: save_grid(model.sample(64, seed=seed), path),
            folder.curves: lambda path: save_curves(rows, path),
            folder.metrics: write_metrics,
        }
        for path in folder.to_do():
            write[path](path)
    return model


def load_run(folder: str | os.PathLike) -> GenerativeModel:
    """The trained model of a run's folder.

    Raises:
        ValueError: there is no finished run.
    """
    return RunFolder(folder).load_model()


def _fit(model, folder, x, validation, epochs, batch_size, seed, verbose):
    diverged = TerminateOnNonFinite()
    model.fit(
        x,
        batch_size=None if isinstance(x, tf.data.Dataset) else batch_size,
        epochs=epochs,
        initial_epoch=model.epochs_seen,
        validation_data=validation,
        verbose=verbose,
        callbacks=[
            History(folder.history),
            diverged,
            TensorBoard(folder.logs, seed=seed),
            Checkpoint(folder.checkpoint),
        ],
    )
    if diverged.epoch:
        terms = ", ".join(f"{name} = {value}" for name, value in diverged.diverged.items())
        kept = "no epoch before it to keep"
        if folder.checkpoint.exists():
            kept = f"{folder.checkpoint} holds epoch {diverged.epoch - 1}"
        raise FloatingPointError(
            f"expected terms that are finite. Received: {terms} in epoch {diverged.epoch}; {kept}"
        )


def _steps_per_execution(x, batch_size):
    """Steps of one compiled call: up to 16, and a divisor of the epoch's, so that all are whole."""
    steps = len(x) if isinstance(x, tf.data.Dataset) else math.ceil(len(x) / batch_size)
    return max(count for count in range(1, 17) if steps % count == 0)


def _copy(source, path):
    with replacing(path) as partial:
        shutil.copyfile(source, partial)
