"""Trains and measures models one after the other: what `tfgen compare` does."""

import gc
import json
import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgen import data as datasets
from tfgen import registry
from tfgen.autoregressive.table import Table
from tfgen.comparison.columns import Row, write_csv
from tfgen.comparison.entrants import BASELINE, find_entrants, settings_of, suitable_models
from tfgen.comparison.measures import measures_of_run, write_pictures
from tfgen.comparison.page import write_page
from tfgen.comparison.panel import Panel
from tfgen.training import RunFolder, train
from tfgen.training.files import json_text, write_json
from tfgen.training.folder_lock import LOCK, folder_lock
from tfgen.training.run import check_limits
from tfgen.training.run_folder import check_arguments

_SPLIT = "test"
_REAL = "real images"


class Comparison(NamedTuple):
    """What came out.

    Attributes:
        rows: of the table, JSON-like (see `measures_of_run`), each with its "name"; a row whose
            model could not be trained or measured says why, as "failed".
        protocol: lines: how the figures were found.
    """

    rows: list[Row]
    protocol: list[str]


def compare(
    names: Sequence[str] = (),
    *,
    output: str | os.PathLike,
    data: str | os.PathLike | None = None,
    minutes: float | None = None,
    epochs: int | None = None,
    settings: dict[str, dict[str, str]] | None = None,
    judge: str | os.PathLike | None = None,
    num_samples: int = 1000,
    num_test: int | None = None,
    seed: int = 0,
    binarize: str | None = None,
    channels: int | None = None,
    resume: bool = False,
    say: Callable[[str], None] = print,
) -> Comparison:
    """Sets models side by side: each is trained with the same budget, and measured alike.

    Likelihoods are of the data set's own levels wherever a model can have them. Samples are
    compared with the test images by one classifier of real images, trained here. `Independent`
    takes part in any case, and so do real images, in the place of samples.

    The folder gets `compare.json`, `compare.csv`, `compare.html` (one file, which needs no
    network), `judge.keras`, and for each model its run in `runs/` and its figures in `figures/`.

    Args:
        names: models, which are trained, or folders of finished runs of one data set; none for all
            models that the data set suits.
        output: the folder, which must not exist, or be resumed.
        data: name or path of a data set (see `tfgen.data.load`); None for that of the runs.
        minutes: of training steps, for each model.
        epochs: of training, the most; None for no limit where there are minutes.
        settings: `{model: {argument: text}}` of `MODEL.default`.
        judge: file of the classifier (see `tfgen.training.make_judge`); None: `judge.keras` in the
            folder, which is trained where it is missing.
        num_samples: of each model, that are judged.
        num_test: test examples whose likelihood is told, drawn at random; None for all.
        seed: of weights, orders and draws.
        binarize: "threshold" or "stochastic": all models get binary images, but for densities of
            real numbers, which have none of these; None: none does that can have the data set's
            levels.
        channels: 1 or 3, to which images are converted; None: as they are.
        resume: go on in the folder: what is finished is not done again.
        say: is told of the progress, a line at a time.
    Returns:
        The `Comparison`.
    Raises:
        ValueError: names or settings that there are not, no data set, no budget, a folder that
            exists, one that was begun with other arguments, or one that another process writes.
    """
    folder = Path(output)
    entrants = find_entrants(names, folder, settings or {})
    trained = not names or any(entrant.model for entrant in entrants)
    if data is None and trained:
        raise ValueError("expected a data set on which models are trained. Received: none")
    if trained:
        check_limits(epochs, minutes)
    data = _data_of(entrants, data)
    begun = {"names": list(names), "data": data, "settings": settings or {}, "seed": seed}
    begun |= {"minutes": minutes, "epochs": epochs}
    begun |= {"num_samples": num_samples, "num_test": num_test}
    begun |= {"binarize": binarize, "channels": channels}
    begun |= {"judge": None if judge is None else os.fspath(judge)}
    with folder_lock(folder):
        _begin(folder, begun, resume)
        info = datasets.info(data, "train", channels=channels)
        if not names:
            entrants = find_entrants(suitable_models(info, binarize, say), folder, {})
        if (info.levels or binarize) and BASELINE not in {entrant.name for entrant in entrants}:
            entrants += find_entrants([BASELINE], folder, {})
        say(f"reading {data}, and a classifier of its images")
        panel = Panel(
            judge or folder / "judge.keras",
            data,
            split=_SPLIT,
            seed=seed,
            binarize=binarize,
            channels=channels,
        )
        rows = [_real_row(panel, folder, num_samples, seed)]
        known = _Settings(data, minutes, epochs, seed, binarize, channels, num_samples, num_test)
        for index, entrant in enumerate(entrants):
            place = f"{index + 1} of {len(entrants)}, {entrant.name}: "
            tell = lambda text, place=place: say(place + text)
            rows.append(_row(entrant, info, panel, folder, known, tell))
        protocol = _protocol(begun, panel)
        comparison = Comparison(rows, protocol)
        write_json(folder / "compare.json", comparison._asdict())
        write_csv(rows, folder / "compare.csv")
        runs = {entrant.name: RunFolder(entrant.run) for entrant in entrants}
        write_page(rows, protocol, runs, folder / "figures", folder / "compare.html")
        return comparison


class _Settings(NamedTuple):
    """What each model is trained on, for how long, and what it is measured by."""

    data: str
    minutes: float | None
    epochs: int | None
    seed: int
    binarize: str | None
    channels: int | None
    num_samples: int
    num_test: int | None


def _row(entrant, info, panel, folder, known, say):
    """The row of an entrant; what has been measured is not measured again."""
    figures = folder / "figures" / entrant.name
    path = figures / "row.json"
    if path.exists():
        say("measured before")
        return json.loads(path.read_text(encoding="utf-8"))
    os.makedirs(figures, exist_ok=True)
    try:
        if entrant.model is not None:
            _train(entrant, info, known, say)
        say("measuring")
        row = measures_of_run(
            RunFolder(entrant.run),
            panel,
            figures,
            num_samples=known.num_samples,
            num_test=known.num_test,
            split=_SPLIT,
            seed=known.seed,
        )
    # Whatever a model and its data raise is the table's to say, and the others go on.
    except Exception as error:
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        failed = " ".join(f"{kind}{error}".split())
        say(failed)
        return {"name": entrant.name, "model": entrant.model, "failed": failed}
    finally:
        gc.collect()
    row = {"name": entrant.name, **row}
    write_json(path, row)
    return json.loads(json_text(row))


def _train(entrant, info, known, say):
    kind = registry.find_model(entrant.model)
    settings = {**settings_of(kind, info, known.binarize), **entrant.settings}
    # A table counts: once is all, and a part of the examples would be another data set.
    once = issubclass(kind, Table)
    limits = {"epochs": 1 if once else known.epochs, "minutes": None if once else known.minutes}
    binarize = known.binarize
    if binarize is not None:
        model = registry.build(kind, settings, info)
        # A density of real numbers has none of binary images.
        if model.levels != 2 and model.density in ("exact", "bound"):
            binarize = None
    say("training" + "".join(f", {key}={text}" for key, text in settings.items()))
    train(
        lambda *infos: registry.build(kind, settings, *infos),
        known.data,
        output=entrant.run,
        seed=known.seed,
        binarize=binarize,
        channels=known.channels,
        resume=True,
        arguments={"model": entrant.model, "set": settings},
        verbose=0,
        **limits,
    )


def _real_row(panel, folder, count, seed):
    samples, figures = panel.real(count, seed)
    if panel.images:
        write_pictures(panel, samples, folder / "figures" / _REAL)
    return {"name": _REAL, "fidelity": figures}


def _data_of(entrants, data):
    """The data set of all: the one given, or that of the runs."""
    found = {RunFolder(e.run).read_metrics()["data"] for e in entrants if e.model is None}
    found |= set() if data is None else {os.fspath(data)}
    if len(found) != 1:
        raise ValueError(f"expected one data set. Received: {', '.join(sorted(found)) or 'none'}")
    return found.pop()


def _begin(folder, arguments, resume):
    path = folder / "arguments.json"
    if all(each.name == LOCK for each in folder.iterdir()):
        write_json(path, arguments)
        return
    if not resume or not path.exists():
        raise ValueError(
            "expected a new folder, or to resume the comparison in it."
            f" Received: {folder}, which exists"
        )
    check_arguments(path, arguments, "begin the comparison in another folder")


def _protocol(begun, panel):
    """How the figures were found, in lines."""
    spent = [f"{begun['minutes']:g} minutes of training steps"] if begun["minutes"] else []
    spent += [f"at most {begun['epochs']} epochs"] if begun["epochs"] else []
    lines = [
        f"data: {begun['data']}, {len(panel.training):,} examples of the training split, of which"
        " a tenth is held out where there is no validation split;"
        f" {len(panel.test):,} of the test split"
        + (f"; binarized ({begun['binarize']})" if begun["binarize"] else ""),
    ]
    if spent:
        lines.append(f"training: {', '.join(spent)} each, seed {begun['seed']}; tables count once")
    some = f"{begun['num_test']:,} examples of " if begun["num_test"] else ""
    lines.append(f"nats: the mean over {some}the test split, by the kind beside them")
    if panel.judge is not None:
        lines.append(
            f"fidelity: {begun['num_samples']:,} samples of seed {begun['seed']} against the test"
            f" images; judge: {panel.judge.description}; in the row of real images as many training"
            " images stand for samples, and the judge reads the test images' labels"
        )
    machine = platform.processor() or platform.machine()
    lines.append(
        f"machine: {machine}, {os.cpu_count()} cores, {len(tf.config.list_physical_devices('GPU'))}"
        f" GPUs; TensorFlow {tf.__version__}, NumPy {np.__version__}"
    )
    return lines
