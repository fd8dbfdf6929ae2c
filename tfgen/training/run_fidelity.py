"""How close the samples of a run are to the images of its test set."""

import os
from typing import Any

import numpy as np

from tfgen.conditions import Classes
from tfgen.core import SamplingModel
from tfgen.evaluation.fidelity import fidelity_report
from tfgen.evaluation.fidelity.features import FeatureFunction
from tfgen.training.files import write_json
from tfgen.training.pictures import of_images
from tfgen.training.run_data import KEPT, load_run_split
from tfgen.training.run_folder import RunFolder
from tfgen.training.run_judge import judge_of_run

_BLOCK = 250  # samples that are drawn at once


def evaluate_fidelity(
    folder: str | os.PathLike,
    features: FeatureFunction | None = None,
    *,
    split: str = "test",
    num_images: int | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Compares samples of a run with real images, and adds the figures to `metrics.json`.

    The samples of a model with a condition are given those of the split, one after the other.

    Args:
        folder: of the run.
        features: a `Judge`, `InceptionFeatures()`, or any callable; None for the judge in
            `judge.keras` of the folder, which is trained on the run's data set and written there
            where it is missing.
        split: of the run's data set, which training did not see.
        num_images: samples; None for as many as the split has images.
        seed: of the draws.
    Returns:
        What `fidelity_report` gives: the value of the key "fidelity" beside the split's figures.
    Raises:
        ValueError: no finished run, or one whose model draws no images; a data set without classes
            for a judge; or a judge of other images.
    """
    run = RunFolder(folder)
    with run.lock():
        metrics, model = run.read_metrics(), run.load_model()
        if not isinstance(model, SamplingModel) or not of_images(model.event_shape):
            raise ValueError(
                "expected a run whose model draws images. Received: a"
                f" {type(model).__name__} of shape {tuple(model.event_shape)}"
            )
        features = judge_of_run(run.judge, metrics) if features is None else features
        shape = getattr(features, "event_shape", model.event_shape)
        if tuple(shape) != tuple(model.event_shape):
            raise ValueError(
                f"expected a judge of images of shape {tuple(model.event_shape)}."
                f" Received: one of {tuple(shape)}"
            )
        real, *condition = load_run_split(model, metrics, split)
        trained_on = "train" if metrics.get("validation_split") else KEPT
        training, *training_condition = load_run_split(model, metrics, trained_on)
        count = len(real) if num_images is None else num_images
        asked = [each[np.arange(count) % len(each)] for each in condition]
        samples = model.sample(
            count, condition=asked[0] if asked else None, seed=seed, batch_size=_BLOCK
        )
        labels = {}
        if isinstance(model.condition, Classes):
            labels = {
                "real_labels": condition[0],
                "fake_labels": asked[0],
                "training_labels": training_condition[0],
            }
        report = fidelity_report(features, real, samples, training, **labels, seed=seed)
        figures = {**metrics.get(split, {}), "fidelity": report}
        write_json(run.metrics, {**metrics, split: figures})
    return report
