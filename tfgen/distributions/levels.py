"""The levels of discrete data in [0, 1]."""

import numpy as np

from tfgen.distributions.checks import check_count

# Distance, in level spacings, at which a value still counts as a level. float32 rounds the values
# of 2^16 levels by up to 0.004 spacings.
LEVEL_TOLERANCE = 1e-2


def level_values(levels, dtype=np.float32):
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


def check_levels(levels):
    """Gives `levels` as an int; raises ValueError unless it is one from 2 to 65536."""
    return check_count("levels", levels, minimum=2, maximum=2**16)
