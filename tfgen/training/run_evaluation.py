"""The figures of a run: what `metrics.json` says."""

import os
from typing import Any

from tfgen.core import GenerativeModel
from tfgen.evaluation import Estimator, likelihood, two_phase_likelihood
from tfgen.evaluation.estimators import default_estimator
from tfgen.training.files import write_json
from tfgen.training.run_data import load_run_split
from tfgen.training.run_folder import RunFolder


def evaluate(
    folder: str | os.PathLike,
    *,
    split: str = "test",
    seed: int = 0,
    estimator: Estimator | None = None,
    dear: Estimator | None = None,
    num_dear_examples: int = 500,
) -> dict[str, Any]:
    """Evaluates a run on a split that training did not see, and adds it to `metrics.json`.

    Args:
        folder: of the run.
        split: of the run's data set.
        seed: of the draws.
        estimator: of the likelihood (see `tfgen.evaluation.likelihood`); None for the model's own
            density or bound.
        dear: another one, whose mean gap to the first on a random `num_dear_examples` of the split
            is added (see `tfgen.evaluation.two_phase_likelihood`); None for none.
    Returns:
        A dictionary, the value of the key `split` in `metrics.json`: the model's terms,
        "num_examples", and "likelihood" (see `split_likelihood`).
    Raises:
        ValueError: no finished run, or a damaged one; no such split; another process writes the
            run; or an estimator that is not for the model.
    """
    run = RunFolder(folder)
    with run.lock():
        metrics = run.read_metrics()
        model = run.load_model()
        arrays = load_run_split(model, metrics, split)
        terms = model.evaluate(
            *arrays, batch_size=metrics["batch_size"], verbose=0, return_dict=True
        )
        found = split_likelihood(
            model,
            arrays,
            metrics,
            split,
            seed=seed,
            estimator=estimator,
            dear=dear,
            num_dear_examples=num_dear_examples,
        )
        figures = {"num_examples": max(map(len, arrays)), **terms, **found}
        # Of the same model: what it took minutes to find is kept.
        judged = {k: v for k, v in metrics.get(split, {}).items() if k == "fidelity"}
        write_json(run.metrics, {**metrics, split: {**figures, **judged}})
    return figures


def split_likelihood(
    model: GenerativeModel,
    arrays: tuple,
    facts: dict[str, Any],
    split: str,
    *,
    seed: int,
    estimator: Estimator | None = None,
    dear: Estimator | None = None,
    num_dear_examples: int = 500,
) -> dict[str, Any]:
    """The likelihood of a split of a run's data set.

    Args:
        model: of the run.
        arrays: the split, `(x,)` or `(x, y)`.
        facts: "data" and "binarize", how the images were prepared (null: not at all).
        split: its name.
        seed: of the draws.
        estimator, dear, num_dear_examples: as for `evaluate`.
    Returns:
        `{"likelihood": ...}`, JSON-like, the fields of an `Estimate` (see
        `tfgen.evaluation.likelihood`); empty for a model whose density is "implicit" or "none".
    Raises:
        ValueError: an estimator that is not for the model.
    """
    if estimator is None and dear is None and model.density not in ("exact", "bound"):
        return {}
    x, *condition = arrays
    known = {
        "condition": condition[0] if condition else None,
        "seed": seed,
        "protocol": {"data": facts["data"], "split": split, "binarization": facts["binarize"]},
    }
    if dear is None:
        found = likelihood(model, x, estimator=estimator, **known)
    else:
        cheap = default_estimator(model) if estimator is None else estimator
        found = two_phase_likelihood(
            model, x, cheap=cheap, dear=dear, num_examples=num_dear_examples, **known
        )
    return {"likelihood": found.to_json()}
