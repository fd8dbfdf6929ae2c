"""Distributions of small binary images whose truth is known, to learn from and to judge by."""

import numpy as np

from tfgen.core import check_count
from tfgen.core.size_checks import check_finite, check_rate
from tfgen.distributions.binary_table import BinaryTable
from tfgen.distributions.hypercube import all_images, flip_pixels, image_numbers


def bars_and_stripes(side: int = 4, flip_probability: float = 0.02) -> BinaryTable:
    """Images of full rows or full columns, each on by chance, with pixels that are then flipped.

    A coin says rows or columns, one more for each of them whether it is on (MacKay 2003, chapter
    43); then each pixel is flipped with `flip_probability`, so that every image has some
    probability.

    Args:
        side: of the square images, at most 4.
        flip_probability: of each pixel, in [0, 1).
    Returns:
        A `BinaryTable` of images `(side, side, 1)`.
    Raises:
        ValueError: too large a side, or no probability.

    Example:
        >>> truth = bars_and_stripes(2, flip_probability=0.0)
        >>> round(float(truth.entropy()), 4)  # 4 images of 1/8 and 2 of 1/4
        1.7329
    """
    _check_side(side)
    check_rate(flip_probability, "flip_probability")
    lines = all_images((side,))
    rows = np.repeat(lines[:, :, None], side, axis=2)
    patterns = np.concatenate([rows, rows.transpose(0, 2, 1)])
    counts = np.bincount(image_numbers(patterns), minlength=2 ** (side * side))
    probabilities = flip_pixels(counts / len(patterns), flip_probability)
    with np.errstate(divide="ignore"):
        logits = np.log(probabilities)
    return BinaryTable(logits.astype("float32"), (side, side, 1))


def ising_grid(side: int = 4, coupling: float = 0.4) -> BinaryTable:
    """A grid of spins, p(s) proportional to exp(coupling sum over neighbours of s_i s_j).

    Neighbours are above, below, left and right, with no wrapping around (Ising 1925; MacKay 2003,
    chapter 31); a pixel of 1 is the spin +1, one of 0 the spin -1. Pixels of a positive coupling
    are alike, of a negative one a chessboard; at 0 they are independent.

    Args:
        side: of the square images, at most 4.
        coupling: J, any finite number; about 0.44 is critical on large grids.
    Returns:
        A `BinaryTable` of images `(side, side, 1)`.
    Raises:
        ValueError: too large a side, or no coupling.

    Example:
        >>> truth = ising_grid(2, coupling=0.0)
        >>> round(float(truth.entropy()), 4)  # 4 log 2
        2.7726
    """
    _check_side(side)
    check_finite(coupling, "coupling")
    spins = 2 * all_images((side, side)).astype("float64") - 1
    across = (spins[:, 1:] * spins[:, :-1]).sum(axis=(1, 2))
    down = (spins[:, :, 1:] * spins[:, :, :-1]).sum(axis=(1, 2))
    return BinaryTable((coupling * (across + down)).astype("float32"), (side, side, 1))


def _check_side(side):
    check_count(side, "side", most=4)
