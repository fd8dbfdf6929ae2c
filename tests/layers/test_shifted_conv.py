"""The shifted convolutions: by hand, and in pieces."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import (
    DownRightShiftedConv2D,
    DownRightShiftedConv2DTranspose,
    DownShiftedConv2D,
    DownShiftedConv2DTranspose,
)

KINDS = [
    (DownShiftedConv2D, (2, 3), 1),
    (DownShiftedConv2D, (2, 3), 2),
    (DownShiftedConv2D, (1, 3), 1),
    (DownRightShiftedConv2D, (2, 2), 1),
    (DownRightShiftedConv2D, (2, 2), 2),
    (DownRightShiftedConv2D, (2, 1), 1),
]


def randomized(layer, features):
    layer.build((None, None, None, features))
    generator = np.random.default_rng(0)
    layer.set_weights([generator.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def image(*shape):
    return np.random.default_rng(1).normal(size=shape).astype("float32")


@pytest.mark.parametrize(("kind", "kernel_size", "strides"), KINDS)
@pytest.mark.parametrize(("height", "width"), [(4, 5), (5, 4), (1, 1)])
def test_a_convolution_is_the_sum_over_what_it_sees(kind, kernel_size, strides, height, width):
    layer = randomized(kind(3, kernel_size, strides=strides), 2)
    x = image(2, height, width, 2)
    kernel, bias = layer.get_weights()
    left = kernel_size[1] // 2 if kind is DownShiftedConv2D else kernel_size[1] - 1
    shape = (-(-height // strides), -(-width // strides))
    expected = np.tile(bias, (2, *shape, 1))
    for i, j in np.ndindex(shape):
        for tap in np.ndindex(kernel_size):
            row = strides * i + tap[0] - (kernel_size[0] - 1)
            column = strides * j + tap[1] - left
            if 0 <= row < height and 0 <= column < width:
                expected[:, i, j] += x[:, row, column] @ kernel[tap]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "shift"), [(DownShiftedConv2DTranspose, -1), (DownRightShiftedConv2DTranspose, 0)]
)
@pytest.mark.parametrize(("height", "width"), [(2, 3), (1, 1)])
def test_a_transpose_spreads_each_pixel_over_the_kernel(kind, shift, height, width):
    layer = randomized(kind(3), 2)
    x = image(2, height, width, 2)
    kernel, bias = layer.get_weights()
    expected = np.tile(bias, (2, 2 * height, 2 * width, 1))
    for i, j in np.ndindex(height, width):
        for tap in np.ndindex(kernel.shape[:2]):
            row, column = 2 * i + tap[0], 2 * j + tap[1] + shift
            if 0 <= column < 2 * width:
                expected[:, row, column] += x[:, i, j] @ kernel[tap].T
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("strides", [1, 2])
def test_rows_and_pixels_are_the_convolution_in_pieces(strides):
    x = image(2, 5, 7, 3)
    down = randomized(DownShiftedConv2D(4, strides=strides), 3)
    expected, rows = down(x), down.row(x[:, 2 * strides - 1 : 2 * strides + 1])
    np.testing.assert_allclose(rows[:, 0], expected[:, 2], rtol=1e-4, atol=1e-5)
    right = randomized(DownRightShiftedConv2D(4, strides=strides), 3)
    expected = right(x)
    behind_zeros = tf.pad(x[:, 2 * strides - 1], ((0, 0), (1, 0), (0, 0)))
    above = right.from_above(behind_zeros[:, tf.newaxis])
    assert above.shape[1] == expected.shape[2]
    for j in range(expected.shape[2]):
        own = x[:, 2 * strides, j * strides]
        left = x[:, 2 * strides, j * strides - 1] if j else np.zeros_like(own)
        pixel = right.pixel([left, own], above[:, j])
        np.testing.assert_allclose(pixel, expected[:, 2, j], rtol=1e-4, atol=1e-5)


def test_rows_and_pixels_are_the_transpose_in_pieces():
    x = image(2, 3, 4, 3)
    down = randomized(DownShiftedConv2DTranspose(2), 3)
    right = randomized(DownRightShiftedConv2DTranspose(2), 3)
    for parity in (0, 1):
        row = down.row(x[:, 1:2], parity)[:, 0]
        np.testing.assert_allclose(row, down(x)[:, 2 + parity], rtol=1e-4, atol=1e-5)
        for j in range(8):
            pixel = right.pixel(x[:, 1, j // 2], parity, j % 2)
            np.testing.assert_allclose(pixel, right(x)[:, 2 + parity, j], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: DownShiftedConv2D(0),
        lambda: DownShiftedConv2D(2, (2, 2)),
        lambda: DownRightShiftedConv2D(2, (0, 1)),
        lambda: DownRightShiftedConv2D(2, strides=0),
        lambda: DownShiftedConv2DTranspose(0),
    ],
)
def test_bad_sizes_are_refused(make):
    with pytest.raises(ValueError, match="expected .*Received:"):
        make()


@pytest.mark.parametrize("kind", [DownShiftedConv2D, DownRightShiftedConv2D])
def test_layer_is_rebuilt_from_its_configuration(kind):
    layer = kind(3, (2, 1), strides=2, kernel_initializer="zeros", name="halve")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
    assert (copy.kernel_size, copy.strides, copy.kernel_initializer) == ((2, 1), 2, "zeros")
