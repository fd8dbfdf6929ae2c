"""A training run from a data set's name to a folder: what `tfgen train` does."""

import contextlib
import math
import os
from collections.abc import Callable
from typing import Any

import keras

from tfgen import data as datasets
from tfgen.core import GenerativeModel, UnpairedModel
from tfgen.training.best_epoch import BestEpoch
from tfgen.training.checkpoint import Checkpoint
from tfgen.training.distribute import Devices
from tfgen.training.history import History
from tfgen.training.run_data import load_run_data, preparation, validation_split
from tfgen.training.run_folder import RunFolder, load_model
from tfgen.training.run_products import write_products
from tfgen.training.stopwatch import Stopwatch
from tfgen.training.tensorboard import TensorBoard
from tfgen.training.terminate_on_non_finite import TerminateOnNonFinite

_PREVIEWED = 16  # validation examples that TensorBoard's pictures get
_UNLIMITED = 10**6  # epochs, where minutes end the training


def train(
    build: Callable[..., GenerativeModel],
    data: str | os.PathLike,
    *,
    data_b: str | os.PathLike | None = None,
    epochs: int | None = None,
    minutes: float | None = None,
    output: str | os.PathLike,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    patience: int | None = None,
    seed: int = 0,
    binarize: str | None = None,
    channels: int | None = None,
    distribute: str | None = None,
    resume: bool = False,
    overwrite: bool = False,
    arguments: dict[str, Any] | None = None,
    verbose: str | int = "auto",
) -> GenerativeModel:
    """Trains a model on a data set and writes the folder of the run.

    Where the data set has no validation split, a tenth of the training split is held out; the test
    split is not looked at. A binary model gets binary images, one with more levels gets images of
    that many levels; one with a condition gets the labels.

    The folder holds `model.keras`, `saved_model/`, `samples.png`, `curves.png`, `history.csv`,
    `metrics.json` (see `write_products`), `logs/` for TensorBoard, and for resuming
    `arguments.json` and `checkpoint.keras`; with `patience`, also `best.keras`.

    Args:
        build: `(DataInfo) -> model`, not compiled, or `(DataInfo, DataInfo) -> model` of two sets.
        data: name or path of a data set (see `tfgen.data.load`).
        data_b: of the second one, for a model that learns from two, which form no pairs.
        epochs: number of epochs, at least 1; None for no limit, where there are minutes.
        minutes: of training steps, over all processes, after which training ends, in the middle of
            an epoch too, which then counts as one; None for no limit.
        output: path of the folder.
        batch_size: images of one step; None for the model's `default_batch_size`.
        learning_rate: of the model's optimizers; None for the paper's.
        patience: epochs without an improvement of the validation images' likelihood (or of what
            else the model minimises, see `BestEpoch`) after which training stops. All that is
            made of the model is then made of its best epoch. None: all epochs, and the last one.
        seed: of weights, orders and draws, in 0..2^31 - 1.
        binarize: "threshold" or "stochastic", for a binary model, or one without a density; None
            for "threshold" of a binary one, and else for images as they are.
        channels: 1 or 3, to which images are converted; None: as they are.
        distribute: "mirrored", "multi-worker" or None (see `Devices`). Of several processes, each
            of which is called alike and sees the same folder, the chief alone writes it.
        resume: go on from the folder's checkpoint, or start where there is none; whatever is
            missing or older than the checkpoint is written.
        overwrite: replace the run in the folder.
        arguments: JSON-like, whatever else describes the run; a resumed run must have the same.
        verbose: as in `keras.Model.fit`.
    Returns:
        The trained model, as `model.keras` has it.
    Raises:
        ValueError: the folder exists, or another process writes it; the data do not fit the model;
            a resumed run was started with other arguments, or has more epochs; `patience` is given
            for a model with several phases; there is no limit; minutes alone for a model that
            is trained in stages, which are shares of the epochs; or minutes for several processes.
        FloatingPointError: a term of an epoch was not finite. The checkpoint of the last epoch
            before it stays.
    """
    check_limits(epochs, minutes, distribute)
    if not 0 <= seed < 2**31:
        raise ValueError(f"expected a seed from 0 to 2**31 - 1. Received: {seed}")
    if learning_rate is not None and not 0 < learning_rate < math.inf:
        raise ValueError(f"expected a learning rate above 0. Received: {learning_rate}")
    folder = RunFolder(output)
    best = None if patience is None else BestEpoch(folder.best, patience)
    devices = Devices(distribute)
    data = os.fspath(data)
    data_b = None if data_b is None else os.fspath(data_b)
    given = {"data": data, "data_b": data_b}
    given |= {"batch_size": batch_size, "learning_rate": learning_rate}
    given |= {"patience": patience, "seed": seed, "binarize": binarize, "channels": channels}
    given |= {"distribute": distribute, **(arguments or {})}
    # A run from before data sets had their own says none, and is not gone on with where there is.
    held_out = {"validation_split": validation_split(data)}
    if data_b is not None:
        held_out["validation_split_b"] = validation_split(data_b)
    given |= held_out
    with folder.lock() if devices.is_chief else contextlib.nullcontext():
        if devices.is_chief:
            folder.check(given, resume, overwrite, unknown=["batch_size"])
        names = [data] if data_b is None else [data, data_b]
        infos = [datasets.info(each, "train", channels=channels) for each in names]
        keras.utils.set_random_seed(seed)
        goes_on = resume and folder.checkpoint.exists()
        with devices.scope():
            model = folder.load_checkpoint() if goes_on else build(*infos)
        _check_sets(model, data_b)
        if epochs is None and hasattr(model, "stages"):
            raise ValueError(
                f"expected epochs, of which a {type(model).__name__} gives each stage its share."
                f" Received: minutes={minutes} alone"
            )
        epochs = _UNLIMITED if epochs is None else epochs
        if epochs < model.epochs_seen:
            raise ValueError(
                f"expected epochs to be at least {model.epochs_seen}, which {folder.path} has"
                f" trained. Received: {epochs}"
            )
        if best is not None:
            best.monitored(model)
        prepared = preparation(model, binarize, channels)
        batch_size = given["batch_size"] = batch_size or model.default_batch_size
        if devices.is_chief:
            folder.check(given, resume, overwrite)
        images = load_run_data(
            model,
            data,
            prepared,
            batch_size=batch_size,
            seed=seed,
            validation=held_out["validation_split"],
            data_b=data_b,
            validation_b=held_out.get("validation_split_b"),
        )
        if not goes_on:
            with devices.scope():
                steps = _steps_per_execution(images, batch_size)
                model.compile(steps_per_execution=steps, learning_rate=learning_rate)
        if devices.is_chief:
            folder.begin(given, resume)
        stopwatch = Stopwatch(folder.history, None if minutes is None else 60 * minutes)
        stopwatch.restore(model.epochs_seen)
        checkpoint = (Checkpoint if devices.is_chief else _Unwritten)(folder.checkpoint, best=best)
        checkpoint.restore(model)
        if model.epochs_seen < epochs and not stopwatch.spent and not (best and best.ended(model)):
            callbacks = [stopwatch, checkpoint]
            if devices.is_chief:
                batch = tuple(array[:_PREVIEWED] for array in images.validation)
                board = TensorBoard(folder.logs, batch, seed)
                callbacks = [stopwatch, History(folder.history), board, checkpoint]
            with _nothing_left(folder) if devices.is_chief else contextlib.nullcontext():
                _fit(model, images, folder, callbacks, epochs, batch_size, verbose)
        epochs, source = model.epochs_seen, folder.checkpoint
        if best is not None and best.epoch not in (None, epochs):
            source = folder.best
            model = load_model(source, "start the run anew with --overwrite")
        if devices.is_chief:
            facts = {"data": data, **held_out}
            facts |= {} if data_b is None else {"data_b": data_b}
            facts |= {"seed": seed, "batch_size": batch_size, **prepared}
            seconds = stopwatch.seconds
            write_products(folder, model, source, images, facts, epochs=epochs, seconds=seconds)
        devices.wait()
    return model


def check_limits(epochs: int | None, minutes: float | None, distribute: str | None = None) -> None:
    """Checks that training has an end, and one that all processes reach in the same step.

    Args:
        epochs, minutes, distribute: as for `train`.
    Raises:
        ValueError: there is none, or a number is out of range.
    """
    if epochs is None and minutes is None:
        raise ValueError("expected epochs or minutes. Received: neither")
    if epochs is not None and epochs < 1:
        raise ValueError(f"expected epochs to be at least 1. Received: {epochs}")
    if minutes is not None and not 0 < minutes < math.inf:
        raise ValueError(f"expected minutes to be above 0. Received: {minutes}")
    if minutes is not None and distribute == "multi-worker":
        raise ValueError(
            "expected epochs alone for several processes, whose clocks differ."
            f" Received: minutes={minutes}"
        )


def load_run(folder: str | os.PathLike) -> GenerativeModel:
    """The trained model of a run's folder.

    Raises:
        ValueError: there is no finished run.
    """
    return RunFolder(folder).load_model()


def _check_sets(model, data_b):
    """Checks that there is a second data set where the model learns from two, and only there."""
    kind = type(model).__name__
    if isinstance(model, UnpairedModel) and data_b is None:
        raise ValueError(
            f"expected a second data set (data_b): a {kind} learns from two. Received: one"
        )
    if data_b is not None and not isinstance(model, UnpairedModel):
        raise ValueError(
            f"expected one data set: a {kind} learns from one. Received: a second, {data_b}"
        )


class _Unwritten(Checkpoint):
    """What stops the processes that are not the chief in the same epoch; it writes nothing."""

    def write(self, better: bool) -> None:
        pass

    def mend(self, model: keras.Model) -> None:
        pass


@contextlib.contextmanager
def _nothing_left(folder):
    """Clears a run that fails before its first epoch is done: there is nothing to go on from."""
    try:
        yield
    except Exception as error:
        # Of one that has diverged, the history is to be looked at.
        if not folder.checkpoint.exists() and not isinstance(error, FloatingPointError):
            folder.clear()
        raise


def _fit(model, images, folder, callbacks, epochs, batch_size, verbose):
    diverged = TerminateOnNonFinite()
    model.fit(
        *images.training,
        batch_size=None if images.streamed else batch_size,
        epochs=epochs,
        initial_epoch=model.epochs_seen,
        validation_data=images.validation,
        verbose=verbose,
        callbacks=[*callbacks, diverged],
    )
    if diverged.epoch:
        terms = ", ".join(f"{name} = {value}" for name, value in diverged.diverged.items())
        kept = "no epoch was before it"
        if folder.checkpoint.exists():
            kept = f"{folder.checkpoint} holds epoch {diverged.epoch - 1}"
        raise FloatingPointError(
            f"expected terms that are finite. Received: {terms} in epoch {diverged.epoch}; {kept}"
        )


def _steps_per_execution(images, batch_size):
    """Steps of one compiled call: up to 16, and a divisor of the epoch's, so that all are whole."""
    steps = math.ceil(images.num_train / batch_size)
    return max(count for count in range(1, 17) if steps % count == 0)
