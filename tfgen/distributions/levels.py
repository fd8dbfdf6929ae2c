"""The levels of discrete data in [0, 1]."""

import numbers
from typing import Any

import numpy as np
import numpy.typing as npt

# Distance, in level spacings, at which a value still counts as a level. float32 rounds the values
# of 2^16 levels by up to 0.004 spacings.
LEVEL_TOLERANCE = 1e-2


def level_values(levels: int, dtype: npt.DTypeLike = np.float32) -> np.ndarray:
    """Values of all levels, k / (levels - 1) for k = 0 ... levels - 1, each correctly rounded.

    Args:
        levels: number of levels, 2 ... 65536.
        dtype: NumPy floating dtype of the result.
    Returns:
        NumPy array `[levels]`, ascending from 0 to 1.
    Raises:
        ValueError: wrong number of levels.
    """
    levels = check_levels(levels)
    return (np.arange(levels) / (levels - 1)).astype(dtype)


def check_levels(levels: Any) -> int:
    """Checks a number of levels, and gives it as an int.

    Raises:
        ValueError: it is not an int from 2 to 65536.
    """
    is_integer = isinstance(levels, numbers.Integral) and not isinstance(levels, bool)
    if not is_integer or not 2 <= levels <= 2**16:
        raise ValueError(f"expected levels to be an int from 2 to {2**16}. Received: {levels!r}")
    return int(levels)
