"""Padding by the mirrored inside."""

import numpy as np
import pytest

from tfgen.layers import ReflectionPadding2D


@pytest.mark.parametrize("padding", [1, 3])
def test_the_inside_is_mirrored_at_the_edges(padding):
    x = np.random.default_rng(0).random((2, 4, 5, 3), "float32")
    layer = ReflectionPadding2D(padding)
    sides = (padding, padding)
    expected = np.pad(x, ((0, 0), sides, sides, (0, 0)), mode="reflect")
    np.testing.assert_array_equal(layer(x), expected)
    assert layer.compute_output_shape((None, 4, 5, 3)) == (None, *expected.shape[1:])


def test_what_cannot_be_mirrored_is_refused():
    with pytest.raises(ValueError, match=r"more than padding=4.* Received: \(4, 5\)"):
        ReflectionPadding2D(4)(np.zeros((1, 4, 5, 1)))
    with pytest.raises(ValueError, match="padding to be at least 1. Received: 0"):
        ReflectionPadding2D(0)
