import numpy as np
import pytest

from tfgen.distributions import level_values


@pytest.mark.parametrize("levels", [2, 3, 17, 256, 65536])
def test_level_values_are_the_quotients_that_8_bit_scaling_gives(levels):
    """Level k is bit for bit the float32 quotient k / (levels - 1)."""
    values = level_values(levels)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, np.arange(levels, dtype=np.float32) / (levels - 1))


@pytest.mark.parametrize("levels", [1, 0, -3, 65537, 2.0, True, "256", None])
def test_a_wrong_number_of_levels_is_refused(levels):
    """The message names what came."""
    with pytest.raises(ValueError, match=rf"levels.*Received: {levels!r}$"):
        level_values(levels)
