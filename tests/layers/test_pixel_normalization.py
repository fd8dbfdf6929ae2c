"""PixelNormalization by hand, in half precision too."""

import numpy as np
import tensorflow as tf

from tfgen.layers import PixelNormalization


def test_the_features_of_each_cell_get_mean_square_1():
    x = np.random.default_rng(0).normal(3, 2, size=(2, 3, 4, 5)).astype("float32")
    expected = x / np.sqrt((x**2).mean(axis=-1, keepdims=True))
    np.testing.assert_allclose(PixelNormalization()(x), expected, rtol=1e-5)
    assert not np.any(PixelNormalization()(np.zeros((1, 2), "float32")))


def test_half_precision_squares_in_float32():
    # In float16 the squares of 300 are infinite, and 1e-8 is 0.
    outputs = PixelNormalization(dtype="mixed_float16")(np.float32([[300.0, 400.0], [0.0, 0.0]]))
    assert outputs.dtype == tf.float16
    np.testing.assert_allclose(outputs, [[0.8485, 1.1314], [0, 0]], rtol=1e-3)
