"""Sizes, rates and weights are met at the door, before anything is built of them."""

import math
import numbers
from collections.abc import Sequence
from typing import Any

from tfgen.core.checks import check_count

MOST_UNITS = 2**20
# What Python builds one by one: with more of them it would be at it for hours.
MOST_PARTS = 1000


def check_sizes(**sizes: Any) -> None:
    """Checks sizes that become an axis of an array: units, features, channels, words.

    Args:
        **sizes: `{name: size}`, each an integer from 1 to 2^20.
    Raises:
        ValueError: one is not.
    """
    for name, size in sizes.items():
        check_count(size, name, most=MOST_UNITS)


def check_parts(**numbers_of: Any) -> None:
    """Checks numbers of things that are built one by one: layers, blocks, orders.

    Args:
        **numbers_of: `{name: number}`, each an integer from 1 to 1,000.
    Raises:
        ValueError: one is not.
    """
    for name, number in numbers_of.items():
        check_count(number, name, most=MOST_PARTS)


def check_size_list(
    sizes: Sequence[int], name: str, *, least: int = 0, most: int = MOST_UNITS
) -> tuple[int, ...]:
    """Checks a sequence of sizes, such as the widths of layers, and gives it as a tuple.

    Args:
        sizes: at most 1,000 integers from 1 to `most`.
        name: what the messages call it.
        least: how many there have to be.
        most: largest size.
    Raises:
        ValueError: it is none.
    """
    if not hasattr(sizes, "__iter__"):
        raise ValueError(f"expected {name} to be a sequence of sizes. Received: {sizes!r}")
    sizes = tuple(sizes)
    if not least <= len(sizes) <= MOST_PARTS:
        received = sizes if len(sizes) < least else f"{len(sizes)} of them"
        raise ValueError(
            f"expected {name} to hold {least} to {MOST_PARTS} sizes. Received: {received}"
        )
    return tuple(int(check_count(size, f"every size of {name}", most=most)) for size in sizes)


def check_odd(size: Any, name: str, *, least: int = 1) -> int:
    """Checks the size of a kernel that has a centre, and gives it.

    Args:
        size: odd integer from `least` to 1,000.
        name: what the messages call it.
        least: smallest size, odd.
    Raises:
        ValueError: it is not.
    """
    is_integer = isinstance(size, numbers.Integral) and not isinstance(size, bool)
    if not is_integer or not least <= size <= MOST_PARTS or size % 2 == 0:
        raise ValueError(
            f"expected {name} to be an odd integer from {least} to {MOST_PARTS}. Received: {size!r}"
        )
    return size


def check_rate(rate: Any, name: str) -> float:
    """Checks a rate of dropout or a decay, and gives it as a float.

    Raises:
        ValueError: it is not a number in [0, 1).
    """
    if not _is_number(rate) or not 0 <= rate < 1:
        raise ValueError(f"expected {name} to be in [0, 1). Received: {rate!r}")
    return float(rate)


def check_not_negative(value: Any, name: str) -> float:
    """Checks a weight or a pseudo-count, and gives it as a float.

    Raises:
        ValueError: it is not a finite number of 0 or more.
    """
    if not _is_number(value) or not 0 <= value < math.inf:
        raise ValueError(f"expected {name} to be 0 or more, finite. Received: {value!r}")
    return float(value)


def check_positive(value: Any, name: str) -> float:
    """Checks a standard deviation or another scale, and gives it as a float.

    Raises:
        ValueError: it is not a positive, finite number.
    """
    if not _is_number(value) or not 0 < value < math.inf:
        raise ValueError(f"expected {name} to be positive and finite. Received: {value!r}")
    return float(value)


def check_finite(value: Any, name: str) -> float:
    """Checks a number of any sign, and gives it as a float.

    Raises:
        ValueError: it is not a finite number.
    """
    if not _is_number(value) or not math.isfinite(value):
        raise ValueError(f"expected {name} to be a finite number. Received: {value!r}")
    return float(value)


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
