"""Checks of the arguments of heads and priors."""

import math
import numbers


def check_count(name, value, minimum=1, maximum=math.inf):
    """Gives `value` as an int; raises ValueError unless it is one from `minimum` to `maximum`."""
    is_integer = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_integer or not minimum <= value <= maximum:
        bounds = f"at least {minimum}" if maximum == math.inf else f"from {minimum} to {maximum}"
        raise ValueError(f"expected {name} to be an int, {bounds}. Received: {value!r}")
    return int(value)


def check_scale(name, value):
    """Gives `value` as a float; raises ValueError unless it is a positive, finite number."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not 0 < value < math.inf:
        raise ValueError(f"expected {name} to be positive and finite. Received: {value!r}")
    return float(value)
