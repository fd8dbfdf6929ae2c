"""What is made of a run's checkpoint when training ends."""

import shutil
from pathlib import Path
from typing import Any

from tfgen.core import GenerativeModel
from tfgen.training.curves import save_curves
from tfgen.training.files import replacing, write_json
from tfgen.training.history import read_history
from tfgen.training.run_data import HELD_OUT, RunData
from tfgen.training.run_evaluation import split_likelihood
from tfgen.training.run_folder import RunFolder
from tfgen.training.run_pictures import save_preview

_PREVIEWED = 64  # validation examples that samples.png is made of


def write_products(
    folder: RunFolder,
    model: GenerativeModel,
    source: Path,
    images: RunData,
    facts: dict[str, Any],
    *,
    epochs: int,
    seconds: float,
) -> None:
    """Writes those products of a run that are missing or older than its checkpoint.

    They are `model.keras`, `saved_model/`, `samples.png` (the model's preview), `curves.png` and
    `metrics.json`, with the keys "model"; the facts; "epochs", trained; "kept_epoch", the one of
    the model; "num_train" and "num_validation", images; "num_parameters", free ones; "seconds", of
    training steps, over all processes; "final", the terms of the epoch kept, those of validation
    as "val_..."; and "validation", the likelihood of the images held out (see `split_likelihood`).
    A figure that is not finite is null.

    Args:
        folder: of the run.
        model: as `source` has it.
        source: the file of the epoch that is kept: the checkpoint, or the best one's.
        images: of the run.
        facts: "data", "data_b" where there are two sets, "seed", "batch_size"; "binarize" and
            "levels", how the images were prepared (null: not at all).
        epochs: that were trained.
        seconds: of training steps.
    """
    rows = read_history(folder.history) if folder.history.exists() else []
    # A process that was killed, or that diverged, left a row and no checkpoint.
    rows = [row for row in rows if row["epoch"] <= epochs]
    [kept] = [row for row in rows if row["epoch"] == model.epochs_seen] or [{}]
    final = {name: value for name, value in kept.items() if name not in ("epoch", "seconds")}
    validation = facts.get("validation_split") or HELD_OUT

    def write_model(path):
        with replacing(path) as partial:
            shutil.copyfile(source, partial)

    def write_samples(path):
        batch = tuple(array[:_PREVIEWED] for array in images.validation)
        save_preview(model, batch, path, facts["seed"])

    def write_curves(path):
        if rows:
            save_curves(rows, path)

    def write_metrics(path):
        metrics = {
            "model": type(model).__name__,
            **facts,
            "epochs": epochs,
            "kept_epoch": model.epochs_seen,
            "num_train": images.num_train,
            "num_validation": max(map(len, images.validation)),
            "num_parameters": model.num_free_parameters,
            "seconds": round(seconds, 1),
            "final": final,
            "validation": split_likelihood(
                model, images.validation, facts, validation, seed=facts["seed"]
            ),
        }
        write_json(path, metrics)

    writers = {
        folder.model: write_model,
        folder.saved_model: model.export,
        folder.samples: write_samples,
        folder.curves: write_curves,
        folder.metrics: write_metrics,
    }
    for path in folder.to_do():
        writers[path](path)
