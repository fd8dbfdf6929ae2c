"""Mutated examples, which have the statistics of the background alone."""

import numpy as np

from tfgen.core import check_count
from tfgen.core.size_checks import check_rate
from tfgen.core.typing import ArrayLike


def mutate(x: ArrayLike, rate: float, levels: int, *, seed: int = 0) -> np.ndarray:
    """Draws some values anew, uniformly over the levels: what a background model is trained on.

    Args:
        x: `[n, ...]`, on the levels.
        rate: share of the values that are drawn, in [0, 1); Ren et al. (2019) take 0.1 to 0.3.
        levels: number of levels, at least 2.
        seed: of the draws.
    Returns:
        float32, of the shape of x.
    Raises:
        ValueError: a rate or a number of levels that is none.
    """
    check_rate(rate, "rate")
    if check_count(levels, "levels") < 2:
        raise ValueError(f"expected levels to be at least 2. Received: {levels!r}")
    random = np.random.default_rng(seed)
    x = np.asarray(x, "float32")
    drawn = random.integers(levels, size=x.shape) / np.float32(levels - 1)
    return np.where(random.random(x.shape, "float32") < rate, drawn, x).astype("float32")
