"""Figures of one kind or another, as names and numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Figure = Callable[[np.ndarray, np.ndarray], Any]


def measure(figures: Sequence[Figure], real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """What functions of real and generated images, or of their features, say.

    A function that gives a number has its own name. One that gives several has the names of the
    parts, as `precision` and `recall`; where a part is called "mean", it takes the function's name,
    and the other parts begin with it, as `kernel_distance` and `kernel_distance_standard_error`.

    Args:
        figures: functions of `(real, fake)`, such as `frechet_distance`.
        real, fake: what they are functions of.
    Returns:
        `{name: number}`.
    Raises:
        ValueError: two figures of one name.
    """
    found: dict[str, float] = {}
    for figure in figures:
        name = name_of(figure)
        result = figure(real, fake)
        parts = result._asdict() if hasattr(result, "_asdict") else result
        if not isinstance(parts, Mapping):
            named = {name: parts}
        elif "mean" in parts:
            named = {name if key == "mean" else f"{name}_{key}": v for key, v in parts.items()}
        else:
            named = dict(parts)
        twice = sorted(named.keys() & found.keys())
        if twice:
            raise ValueError(f"expected figures of different names. Received: {twice[0]} twice")
        found |= {key: float(value) for key, value in named.items()}
    return found


def name_of(figure: Figure) -> str:
    """The name of a function, that of a `functools.partial` too."""
    return getattr(getattr(figure, "func", figure), "__name__", type(figure).__name__)
