"""Checks of the arguments of heads."""

import math
import numbers
from typing import Any


def check_scale(value: Any, name: str) -> float:
    """Checks a standard deviation or another scale, and gives it as a float.

    Raises:
        ValueError: it is not a positive, finite number.
    """
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0 < value < math.inf:
        raise ValueError(f"expected {name} to be positive and finite. Received: {value!r}")
    return float(value)
