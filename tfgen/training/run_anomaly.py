"""How well the model of a run tells another data set's examples from its own."""

import os
from typing import Any

import numpy as np

from tfgen import data as datasets
from tfgen.core import GenerativeModel, UnpairedModel
from tfgen.evaluation import (
    AnomalyDetector,
    AnomalyScore,
    ComplexityCorrected,
    LikelihoodRatio,
    NegativeLogLikelihood,
    ReconstructionError,
    Typicality,
    detection,
)
from tfgen.training.pictures import check_ending, of_images, save_grid
from tfgen.training.run_data import load_run_split, load_validation
from tfgen.training.run_folder import RunFolder

SCORES = ("likelihood", "reconstruction", "ratio", "typicality", "complexity")
_ALL = 2**31
_SHOWN = 16  # images of a row
_TRAINING, _TYPICAL = "train[:90%]", 5000  # what a run has trained on, whatever it held out


def anomaly(
    folder: str | os.PathLike,
    data: str | os.PathLike,
    *,
    score: str | None = None,
    background: str | os.PathLike | None = None,
    split: str = "test",
    false_alarm_rate: float = 0.05,
    output: str | os.PathLike | None = None,
) -> dict[str, Any]:
    """Detects the examples of another data set among those that a run's model was trained on.

    The validation examples of the run set the threshold. The picture has two rows of images: the
    strangest of the run's own, then those of the other data set that look the least strange.

    Args:
        folder: of the run.
        data: name or path of the other data set, whose images are prepared as the run's are.
        score: one of `SCORES` (see the classes in `tfgen.evaluation`); None for "likelihood", or
            "reconstruction" where the model has none.
        background: folder of the run of the background model, for "ratio".
        split: of both data sets.
        false_alarm_rate: share of the run's own examples that may pass for anomalies.
        output: picture; None for `anomalies.png` in the folder. Vectors have none.
    Returns:
        A dictionary: "score"; "num_normal" and "num_anomalies", examples; "auroc" and "aupr" (see
        `tfgen.evaluation.detection`); "false_alarm_rate", the one asked for; "false_alarms" and
        "found", the shares of the run's own and of the other examples that are called anomalies.
    Raises:
        ValueError: no finished run, or a model that does not have the score or takes a condition;
            or examples of another shape.
    """
    run = RunFolder(folder)
    picture = run.path / "anomalies.png" if output is None else output
    check_ending(picture)
    model, metrics = run.load_model(), run.read_metrics()
    if model.condition is not None:
        raise ValueError(
            "expected a model without a condition: another data set has none that it knows."
            f" Received: a {type(model).__name__} with {model.condition}"
        )
    if isinstance(model, UnpairedModel):
        raise ValueError(
            "expected a model of one data set, to tell other examples from."
            f" Received: a {type(model).__name__}, which learns from two"
        )
    shape = datasets.info(data, split, channels=metrics.get("channels")).event_shape
    if tuple(shape) != tuple(model.event_shape):
        raise ValueError(
            f"expected examples of shape {tuple(model.event_shape)}, as the run's are."
            f" Received: {tuple(shape)} in {data}"
        )
    if score is None:
        has_likelihood = model.density in ("exact", "bound")
        score = "likelihood" if has_likelihood else "reconstruction"
    value = _score(score, model, metrics, background)
    [calibration] = load_validation(model, metrics, _ALL)
    [own] = load_run_split(model, metrics, split)
    [other] = load_run_split(model, {**metrics, "data": data}, split)
    detector = AnomalyDetector(model, value, false_alarm_rate).fit(calibration)
    normal, strange = detector.decision_function(own), detector.decision_function(other)
    if of_images(model.event_shape):
        shown = min(_SHOWN, len(own), len(other))
        worst = own[np.argsort(normal)[:shown]], other[np.argsort(-strange)[:shown]]
        save_grid(np.stack(worst), picture)
    return {
        "score": score,
        "num_normal": len(own),
        "num_anomalies": len(other),
        **detection(normal, strange),
        "false_alarm_rate": false_alarm_rate,
        "false_alarms": float(np.mean(normal < 0)),
        "found": float(np.mean(strange < 0)),
    }


def _score(
    name: str,
    model: GenerativeModel,
    metrics: dict[str, Any],
    background: str | os.PathLike | None,
) -> AnomalyScore:
    if name not in SCORES:
        raise ValueError(f"expected one of the scores {', '.join(SCORES)}. Received: {name}")
    if (name == "ratio") != (background is not None):
        raise ValueError(
            "expected a background, the folder of a run, for the score ratio and for no other."
            f" Received: background={background} for {name}"
        )
    if name == "ratio":
        return LikelihoodRatio(RunFolder(background).load_model())
    if name == "typicality":
        return Typicality.of(model, load_run_split(model, metrics, _TRAINING)[0][:_TYPICAL])
    return {
        "likelihood": NegativeLogLikelihood,
        "reconstruction": ReconstructionError,
        "complexity": ComplexityCorrected,
    }[name]()
