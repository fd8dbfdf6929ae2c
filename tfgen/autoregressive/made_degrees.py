"""The degrees of MADE's hidden units."""

from collections.abc import Sequence

import numpy as np


def random_degrees(
    hidden: Sequence[int], num_components: int, size: int, generator: np.random.RandomState
) -> tuple[np.ndarray, ...]:
    """The degrees of the hidden units, uniform from the least one of the layer below to D - 1.

    Returns:
        Tuple of int32 `[num_components, width]`, one for each layer. With one dimension all are
        0: the units see nothing.
    """
    least = np.full((num_components, 1), min(1, size - 1))
    layers = []
    for width in hidden:
        degrees = generator.randint(least, size, (num_components, width))
        least = degrees.min(axis=1, keepdims=True)
        layers.append(degrees.astype("int32"))
    return tuple(layers)


def units_by_degree(degrees: np.ndarray, size: int) -> np.ndarray:
    """The units of each degree from 0 to `size` - 1.

    Args:
        degrees: `[num_components, width]`.
    Returns:
        int32 `[num_components, size, most units of one degree]`, -1 where there are fewer.
    """
    units = np.argsort(degrees, axis=1, kind="stable")
    ordered = np.take_along_axis(degrees, units, axis=1)
    component = np.broadcast_to(np.arange(len(degrees))[:, np.newaxis], degrees.shape)
    counts = np.zeros((len(degrees), size), int)
    np.add.at(counts, (component, ordered), 1)
    first = np.cumsum(counts, axis=1) - counts
    place = np.arange(degrees.shape[1]) - np.take_along_axis(first, ordered, axis=1)
    table = np.full((*counts.shape, counts.max()), -1, "int32")
    table[component, ordered, place] = units
    return table
