"""Held-out images of a run, to play with and to compare others with."""

from typing import Any, NamedTuple

import numpy as np

from tfgen.core import GenerativeModel, UnpairedModel
from tfgen.training.run_data import load_validation

NUM_EXAMPLES = 200


class Examples(NamedTuple):
    """Validation examples as the model of a run reads them; None for what there is not.

    Attributes:
        x: `[n, *event_shape]`.
        condition: one for each.
        b: of the second domain, `[m, *event_shape_b]`.
    """

    x: np.ndarray | None = None
    condition: np.ndarray | None = None
    b: np.ndarray | None = None


def held_out(model: GenerativeModel, metrics: dict[str, Any]) -> Examples:
    """The first of a run's validation examples.

    Args:
        model: of the run.
        metrics: of the run, as `metrics.json` has them.
    Raises:
        ValueError: its data cannot be read, or are others by now.
    """
    x, *second = load_validation(model, metrics, NUM_EXAMPLES)
    if isinstance(model, UnpairedModel):
        return Examples(x, b=second[0])
    return Examples(x, *second)
