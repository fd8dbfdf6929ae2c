"""The row of one run: its likelihood, its samples, and what they cost."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from tfgen.comparison.panel import Panel
from tfgen.core import SamplingModel
from tfgen.training import RunFolder, read_history, save_grid
from tfgen.training.run_data import load_run_split
from tfgen.training.run_evaluation import split_likelihood

_BLOCK = 250  # samples that are drawn at once
_SHOWN, _COMPARED, _TIMED = 32, 8, 100


def measures_of_run(
    run: RunFolder,
    panel: Panel,
    folder: Path,
    *,
    num_samples: int,
    num_test: int | None,
    split: str,
    seed: int,
) -> dict[str, Any]:
    """Measures the model of a run, and writes the pictures of its samples.

    Args:
        run: a finished one.
        panel: by which it is measured.
        folder: gets `samples.png` and, of images, `nearest.png`: samples, and below each one the
            nearest training image.
        num_samples: that are judged; their conditions are those of the panel's examples.
        num_test: examples whose likelihood is told, drawn at random; None for all.
        split: of these examples.
        seed: of all draws.
    Returns:
        JSON-like: "model", "density", "levels", "likelihood" (the fields of an `Estimate`; None
        where the model has none), "fidelity" (see `Panel.figures`), "num_parameters", "epochs",
        "seconds", "images_per_second", "seconds_of_100_samples" and "saved_model_bytes".
    Raises:
        ValueError: no finished run, or one that the panel does not suit.
    """
    metrics, model = run.read_metrics(), run.load_model()
    arrays = load_run_split(model, metrics, split)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(arrays[0]))[:num_test])
    arrays = tuple(array[chosen] for array in arrays)
    found = split_likelihood(model, arrays, metrics, split, seed=seed)
    row = {
        "model": metrics["model"],
        "density": model.density,
        "levels": model.levels,
        "likelihood": found.get("likelihood"),
        "fidelity": {},
        "num_parameters": metrics["num_parameters"],
        "epochs": metrics["epochs"],
        "seconds": metrics["seconds"],
        "images_per_second": _images_per_second(
            run, metrics["num_train"], int(model.steps_seen) * metrics["batch_size"]
        ),
        "seconds_of_100_samples": None,
        "saved_model_bytes": sum(
            path.stat().st_size for path in run.saved_model.rglob("*") if path.is_file()
        ),
    }
    if not isinstance(model, SamplingModel) or model.event_shape != panel.test.shape[1:]:
        return row
    asked = None if model.condition is None else panel.conditions(num_samples)
    samples = _drawn(model, num_samples, asked, seed)
    row["fidelity"] = panel.figures(samples, asked)
    row["seconds_of_100_samples"] = _seconds(model, panel.conditions(_TIMED), seed)
    if panel.images:
        write_pictures(panel, samples, folder)
    return row


def write_pictures(panel: Panel, samples: np.ndarray, folder: Path) -> None:
    """Writes `samples.png`, the first ones, and `nearest.png`."""
    os.makedirs(folder, exist_ok=True)
    save_grid(samples[:_SHOWN], folder / "samples.png", num_columns=_COMPARED)
    some = samples[:_COMPARED]
    save_grid(np.stack([some, panel.nearest(some)]), folder / "nearest.png")


def _drawn(model, count, asked, seed):
    given = {} if model.condition is None else {"condition": asked}
    return model.sample(count, seed=seed, batch_size=_BLOCK, **given).numpy()


def _seconds(model, asked, seed):
    """Of 100 samples, without the compilation that the first ones may take."""
    for _ in range(2):
        begun = time.monotonic()
        _drawn(model, _TIMED, asked, seed)
        seconds = time.monotonic() - begun
    return seconds


def _images_per_second(run, num_train, num_seen):
    """Of training: of the whole epochs in the middle, where there are any.

    The first one compiles, and time may cut the last one short.
    """
    rows = read_history(run.history) if run.history.exists() else []
    seconds = [row.get("seconds", 0.0) for row in rows]
    if len(rows) > 2:
        return num_train * (len(rows) - 2) / max(seconds[-2] - seconds[0], 1e-9)
    return num_seen / seconds[-1] if rows and seconds[-1] else None
