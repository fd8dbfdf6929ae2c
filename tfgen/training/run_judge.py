"""Judges of a data set and of a run: trained once, kept in a file."""

import os
from typing import Any

from tfgen import data as datasets
from tfgen.evaluation.fidelity import Judge, load_judge, train_judge
from tfgen.training.checkpoint import save_atomically
from tfgen.training.run_data import HELD_OUT, KEPT


def make_judge(
    data: str | os.PathLike,
    path: str | os.PathLike,
    *,
    epochs: int | None = None,
    seed: int = 0,
    binarize: str | None = None,
    levels: int | None = None,
    channels: int | None = None,
    verbose: int = 0,
) -> Judge:
    """Trains a judge on the training images of a data set, tests it, and writes it to a file.

    Args:
        data: name or path of a data set of images with integer classes. Where it has no split
            "test", a tenth of "train" is held out for the test.
        path: of the file, ending in `.keras`.
        epochs: of training; None for the usual ones (see `train_judge`).
        seed: of the start, the orders, and what is drawn of the images.
        binarize, levels, channels: how the images are prepared (see `tfgen.data.load`).
        verbose: as in Keras.
    Returns:
        The `Judge`.
    Raises:
        ValueError: another ending, no images or no classes.
    """
    if not os.fspath(path).endswith(".keras"):
        raise ValueError(f"expected a path that ends in .keras. Received: {os.fspath(path)}")
    names = ("train", "test") if "test" in datasets.splits(data) else (KEPT, HELD_OUT)
    train, test = (
        datasets.load_arrays(
            data,
            split,
            labels=True,
            seed=seed,
            binarize=binarize,
            levels=levels,
            channels=channels,
        )
        for split in names
    )
    name = os.path.basename(os.path.normpath(os.fspath(data)))
    judge = train_judge(train, test, data=name, epochs=epochs, seed=seed, verbose=verbose)
    save_atomically(judge, path)
    return judge


def judge_of_run(path: str | os.PathLike, metrics: dict[str, Any]) -> Judge:
    """The judge in a file; one is trained on the run's data set where there is none.

    Args:
        path: of the file.
        metrics: of the run, as `metrics.json` has them: the images are prepared as the run's are.
    """
    if os.path.exists(path):
        return load_judge(path)
    prepared = {name: metrics.get(name) for name in ("binarize", "levels", "channels")}
    return make_judge(metrics["data"], path, seed=metrics["seed"], **prepared)
