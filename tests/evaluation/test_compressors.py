import zlib

import numpy as np
import pytest
import tensorflow as tf

from tfgen.evaluation import PNG, Zlib

RANDOM = np.random.default_rng(0)


def levels(*shape):
    return RANDOM.integers(0, 256, size=(3, *shape), dtype="uint8")


@pytest.mark.parametrize("shape", [(5, 4, 1), (4, 4, 3), (4, 3, 5), (7,)])
def test_the_length_is_that_of_a_file_from_which_the_levels_come_back(shape):
    x = levels(*shape)
    found = PNG()(tf.constant(x))
    for each, bits in zip(x, found.numpy(), strict=True):
        channels = shape[-1] if len(shape) == 3 and shape[-1] in (1, 3) else 1
        rows = shape[0] if len(shape) == 3 else 1
        file = tf.io.encode_png(each.reshape(rows, -1, channels), 9)
        assert bits == 8 * len(file.numpy())
        np.testing.assert_array_equal(tf.io.decode_png(file).numpy().ravel(), each.ravel())


def test_zlib_counts_the_bytes_of_deflate():
    x = levels(6, 6, 1)
    expected = [8 * len(zlib.compress(each.tobytes(), 9)) for each in x]
    np.testing.assert_array_equal(Zlib()(tf.constant(x)), expected)


@pytest.mark.parametrize("compressor", [PNG(), Zlib()])
def test_noise_is_longer_than_a_plain_image(compressor):
    x = np.stack([levels(16, 16, 1)[0], np.full((16, 16, 1), 7, "uint8")])
    noise, plain = compressor(tf.constant(x)).numpy()
    assert noise > 8 * 256 > 1000 > plain


def test_an_effort_that_is_none_is_refused():
    with pytest.raises(ValueError, match="effort to be at most 9. Received: 10"):
        PNG(10)
    with pytest.raises(ValueError, match="effort to be at least 1. Received: 0"):
        Zlib(0)
