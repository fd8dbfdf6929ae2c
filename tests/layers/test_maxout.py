"""Maxout: the largest of its linear pieces."""

import numpy as np
import pytest

from tfgen.layers import Maxout


def test_a_unit_is_the_largest_of_its_pieces():
    layer = Maxout(2, 3)
    layer.build((None, 4))
    random = np.random.default_rng(0)
    w, b = random.normal(size=(4, 6)), random.normal(size=6)
    layer.set_weights([w, b])
    x = random.normal(size=(5, 4)).astype("float32")
    expected = (x @ w + b).reshape(5, 2, 3).max(axis=2)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5)
    assert layer.compute_output_shape((None, 4)) == (None, 2)
    assert layer.get_config()["pieces"] == 3
    with pytest.raises(ValueError, match="pieces to be at least 1. Received: 0"):
        Maxout(2, 0)
