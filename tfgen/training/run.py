"""A training run from a data set's name to a folder: what `tfgen train` does."""

import json
import math
import os
import shutil
import time
from pathlib import Path

import keras
import tensorflow as tf

from tfgen import data as datasets
from tfgen.evaluation import likelihood
from tfgen.training.checkpoint import Checkpoint, save_atomically
from tfgen.training.history import History, read_history
from tfgen.training.pictures import save_curves, save_grid
from tfgen.training.tensorboard import TensorBoard

ARGUMENTS = "arguments.json"
CHECKPOINT = "checkpoint.keras"
METRICS = "metrics.json"
_MEMORY_LIMIT = 4 * 2**30  # bytes of float32 from which on a data set is read as it is needed


def train(
    build,
    data,
    *,
    epochs,
    output,
    batch_size=None,
    seed=0,
    binarize=None,
    resume=False,
    overwrite=False,
    arguments=None,
    verbose="auto",
):
    """Trains a model on a data set and writes the folder of the run.

    A tenth of the training split is held out for validation; the test split is not looked at. A
    binary model gets binary images, one with more levels gets images of that many levels.

    The folder holds `model.keras`, `saved_model/`, `samples.png`, `curves.png`, `history.csv`,
    `metrics.json`, `logs/` for TensorBoard, and for resuming `arguments.json` and
    `checkpoint.keras`. Keys of `metrics.json`: "model", "data", "seed", "batch_size", "epochs";
    "binarize" and "levels", how the images were prepared (null: not at all); "num_train" and
    "num_validation", images; "num_parameters", free ones; "seconds", of this process's training;
    "final", the terms of the last epoch, those of validation as "val_..."; and "validation", the
    likelihood (see `tfgen.evaluation.likelihood`) of the images held out.

    Args:
        build: `(DataInfo) -> model`, not compiled.
        data: name or path of a data set (see `tfgen.data.load`).
        epochs: number of epochs, at least 1.
        output: path of the folder.
        batch_size: images of one step; None for the model's `default_batch_size`.
        seed: of weights, orders and draws.
        binarize: "threshold" or "stochastic", for a binary model; None for "threshold" there.
        resume: go on from the folder's checkpoint, or start where there is none.
        overwrite: replace the run in the folder.
        arguments: JSON-like, whatever else describes the run; a resumed run must have the same.
        verbose: as in `keras.Model.fit`.
    Returns:
        The trained model.
    Raises:
        ValueError: the folder exists, the data do not fit the model, or a resumed run was started
            with other arguments.
    """
    if epochs < 1:
        raise ValueError(f"expected epochs to be at least 1. Received: {epochs}")
    given = {
        "data": os.fspath(data),
        "batch_size": batch_size,
        "seed": seed,
        "binarize": binarize,
        **(arguments or {}),
    }
    output = Path(output)
    info = datasets.info(data, "train")
    keras.utils.set_random_seed(seed)
    model = build(info)
    preparation = _preparation(model, binarize)
    batch_size = batch_size or model.default_batch_size
    x, validation = _load(data, info, preparation, batch_size, seed)

    _open_folder(output, given, resume, overwrite)
    checkpoint = output / CHECKPOINT
    if checkpoint.exists():
        model = keras.saving.load_model(checkpoint)
    else:
        model.compile(steps_per_execution=_steps_per_execution(x, batch_size))
    if model.epochs_seen >= epochs and (output / METRICS).exists():
        return model
    begun = time.monotonic()
    if model.epochs_seen < epochs:
        model.fit(
            x,
            batch_size=None if isinstance(x, tf.data.Dataset) else batch_size,
            epochs=epochs,
            initial_epoch=model.epochs_seen,
            validation_data=validation,
            verbose=verbose,
            callbacks=[
                History(output / "history.csv"),
                TensorBoard(output / "logs", seed=seed),
                Checkpoint(checkpoint),
            ],
        )
    seconds = time.monotonic() - begun
    rows = read_history(output / "history.csv")
    save_atomically(model, output / "model.keras")
    model.export(output / "saved_model")
    save_grid(model.sample(64, seed=seed), output / "samples.png")
    save_curves(rows, output / "curves.png")
    _write_json(
        output / METRICS,
        {
            "model": type(model).__name__,
            "data": given["data"],
            "seed": seed,
            "batch_size": batch_size,
            "epochs": model.epochs_seen,
            **preparation,
            "num_train": info.num_examples - len(validation),
            "num_validation": len(validation),
            "num_parameters": model.num_free_parameters,
            "seconds": round(seconds, 1),
            "final": {name: value for name, value in rows[-1].items() if name != "epoch"},
            "validation": likelihood(model, validation, seed=seed),
        },
    )
    return model


def load_run(folder):
    """The trained model of a run's folder.

    Raises:
        ValueError: there is no finished run.
    """
    path = Path(folder) / "model.keras"
    if not path.exists():
        raise ValueError(f"expected the folder of a finished run. Received: {folder}")
    return keras.saving.load_model(path)


def evaluate(folder, *, split="test", seed=0):
    """Evaluates a run on a split that training did not see, and adds it to `metrics.json`.

    Args:
        folder: of the run.
        split: of the run's data set.
        seed: of the bound's draws.
    Returns:
        A dictionary, the value of the key `split` in `metrics.json`: the model's terms,
        "num_examples", and the likelihood (see `tfgen.evaluation.likelihood`).
    Raises:
        ValueError: no finished run, or no such split.
    """
    model = load_run(folder)
    path = Path(folder) / METRICS
    metrics = json.loads(path.read_text())
    x = datasets.load_arrays(
        metrics["data"],
        split,
        levels=metrics["levels"],
        binarize=metrics["binarize"],
        seed=metrics["seed"],
    )
    terms = model.evaluate(x, batch_size=metrics["batch_size"], verbose=0, return_dict=True)
    figures = {"num_examples": len(x), **terms, **likelihood(model, x, seed=seed)}
    _write_json(path, {**metrics, split: figures})
    return figures


def _preparation(model, binarize):
    """How images must be prepared for the model's likelihood: the arguments of `data.load`."""
    if model.levels == 2:
        return {"binarize": binarize or "threshold", "levels": None}
    if binarize:
        raise ValueError(
            f"expected no binarize: this {type(model).__name__} has"
            f" {'continuous images' if model.levels is None else f'{model.levels} levels'}."
            f" Received: {binarize!r}"
        )
    return {"binarize": None, "levels": model.levels}


def _load(data, info, preparation, batch_size, seed):
    """The training images, an array where it stays the same and fits, and the validation array."""
    held_out = datasets.load_arrays(data, "train[90%:]", seed=seed, **preparation)
    size = info.num_examples * 4 * int(tf.reduce_prod(info.event_shape))
    if preparation["binarize"] == "stochastic" or size > _MEMORY_LIMIT:
        options = {"batch_size": batch_size, "seed": seed, "memory_limit": _MEMORY_LIMIT}
        return datasets.load(data, "train[:90%]", **options, **preparation), held_out
    return datasets.load_arrays(data, "train[:90%]", **preparation), held_out


def _steps_per_execution(x, batch_size):
    """Steps of one compiled call: up to 16, and a divisor of the epoch's, so that all are whole."""
    steps = len(x) if isinstance(x, tf.data.Dataset) else math.ceil(len(x) / batch_size)
    return max(count for count in range(1, 17) if steps % count == 0)


def _open_folder(output, given, resume, overwrite):
    """Makes the folder of a new run, or checks that an old one may go on or be replaced."""
    recorded = output / ARGUMENTS
    if resume and recorded.exists():
        before = json.loads(recorded.read_text())
        changed = [
            name for name in sorted({*before, *given}) if before.get(name) != given.get(name)
        ]
        if changed:
            raise ValueError(
                f"expected the arguments with which {output} was started, {_show(before, changed)}."
                f" Received: {_show(given, changed)}"
            )
        return
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        if overwrite and recorded.exists():
            shutil.rmtree(output)
        elif overwrite:
            raise ValueError(f"expected the folder of a run to overwrite. Received: {output}")
        else:
            raise ValueError(
                "expected a new folder, or to resume or overwrite the run in it."
                f" Received: {output}, which exists"
            )
    output.mkdir(parents=True, exist_ok=True)
    _write_json(recorded, given)


def _show(arguments, names):
    return ", ".join(f"{name}={arguments.get(name)!r}" for name in names)


def _write_json(path, value):
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=2) + "\n")
    os.replace(partial, path)
