"""The figures of a run: what `metrics.json` says."""

import os
from typing import Any

from tfgen.core import GenerativeModel
from tfgen.evaluation import likelihood
from tfgen.training.files import write_json
from tfgen.training.run_data import load_run_split
from tfgen.training.run_folder import RunFolder


def evaluate(
    folder: str | os.PathLike, *, split: str = "test", seed: int = 0, num_terms: int | None = None
) -> dict[str, Any]:
    """Evaluates a run on a split that training did not see, and adds it to `metrics.json`.

    Args:
        folder: of the run.
        split: of the run's data set.
        seed: of the bound's draws.
        num_terms: of the bound of a diffusion model (see `tfgen.evaluation.likelihood`).
    Returns:
        A dictionary, the value of the key `split` in `metrics.json`: the model's terms,
        "num_examples", and the likelihood (see `tfgen.evaluation.likelihood`).
    Raises:
        ValueError: no finished run, or a damaged one; no such split; another process writes the
            run; or `num_terms` for another model.
    """
    run = RunFolder(folder)
    with run.lock():
        metrics = run.read_metrics()
        model = run.load_model()
        arrays = load_run_split(model, metrics, split)
        terms = model.evaluate(
            *arrays, batch_size=metrics["batch_size"], verbose=0, return_dict=True
        )
        figures = {
            "num_examples": len(arrays[0]),
            **terms,
            **split_likelihood(model, arrays, seed, num_terms),
        }
        write_json(run.metrics, {**metrics, split: figures})
    return figures


def split_likelihood(
    model: GenerativeModel, arrays: tuple, seed: int, num_terms: int | None = None
) -> dict[str, Any]:
    """The likelihood of arrays `(x,)` or `(x, y)` (see `tfgen.evaluation.likelihood`)."""
    x, *condition = arrays
    condition = condition[0] if condition else None
    return likelihood(model, x, condition=condition, seed=seed, num_terms=num_terms)
