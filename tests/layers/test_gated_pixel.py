"""The gated layer and its convolution: all pixels at once, and one by one."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import GatedPixelLayer, LeftConv2D


def randomized(layer, *shapes):
    layer.build(*shapes)
    generator = np.random.default_rng(0)
    layer.set_weights([generator.normal(size=w.shape) for w in layer.get_weights()])
    return layer


@pytest.mark.parametrize("mask", ["A", "B"])
def test_the_left_convolution_is_the_sum_over_what_it_sees(mask):
    layer = randomized(LeftConv2D(6, 3, mask, groups=3), (None, None, None, 3))
    x = np.random.default_rng(1).normal(size=(2, 2, 4, 3))
    kernel, bias = layer.get_weights()
    expected = np.tile(bias, (2, 2, 4, 1)).astype("float64")
    for j in range(4):
        for tap in range(3):
            source = j - 2 + tap
            for channel in range(3):
                for output in range(6):
                    group = output // 2
                    own = channel < group or (mask == "B" and channel == group)
                    if source >= 0 and (source < j or own):
                        term = x[:, :, source, channel] * kernel[tap, channel, output]
                        expected[:, :, j, output] += term
    np.testing.assert_allclose(layer(x.astype("float32")), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mask", ["A", "B"])
def test_the_groups_of_a_pixel_are_slices_of_the_left_convolution(mask):
    layer = randomized(LeftConv2D(4, 3, mask, groups=2), (None, None, None, 6))
    x = tf.random.stateless_normal((3, 1, 5, 6), (0, 1))
    left, own = x[:, 0, 2:4], tf.split(x[:, 0, 4], 2, axis=-1)
    groups = [layer.group(c, own, left) for c in range(2)]
    np.testing.assert_allclose(tf.concat(groups, -1), layer(x)[:, 0, 4], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize(("mask", "groups", "inputs"), [("A", 3, 3), ("B", 3, 6), ("B", 1, 6)])
def test_rows_and_groups_are_the_layer_in_pieces(mask, groups, inputs, conditional):
    shape = (None, 4, 5, inputs)
    layer = GatedPixelLayer(6, 5, mask, groups, conditional)
    layer = randomized(layer, shape, shape, *([(None, 2)] if conditional else []))
    vertical = tf.random.stateless_normal((2, 4, 5, inputs), (0, 1))
    horizontal = tf.random.stateless_normal((2, 4, 5, inputs), (0, 2))
    condition = tf.random.stateless_normal((2, 2), (0, 3)) if conditional else None
    expected_vertical, expected_horizontal = layer(vertical, horizontal, condition)

    row, link = layer.row(vertical[:, 1:4], condition)
    np.testing.assert_allclose(row[:, 0], expected_vertical[:, 3], rtol=1e-4, atol=1e-5)
    own, gated, pixel = tf.split(horizontal[:, 3, 4], groups, axis=-1), [], []
    for c in range(groups):
        pixel.append(layer.group(c, link[:, 0, 4], own[: c + 1], horizontal[:, 3, 2:4], gated))
    np.testing.assert_allclose(
        tf.concat(pixel, -1), expected_horizontal[:, 3, 4], rtol=1e-4, atol=1e-5
    )


def test_the_gate_is_equation_4():
    """One pixel, one feature: tanh(f) sigma(g), with the condition in both."""
    layer = randomized(GatedPixelLayer(1, 3, "B", 1, True), (1, 1, 1, 1), (1, 1, 1, 1), (1, 1))
    vertical, horizontal, condition = np.float32([0.7]), np.float32([-0.4]), np.float32([1.3])
    shape = (1, 1, 1, 1)
    found = layer(vertical.reshape(shape), horizontal.reshape(shape), condition.reshape(1, 1))
    f, g = vertical * layer.vertical.kernel.numpy()[-1, 1, 0] + layer.vertical.bias.numpy()
    v_condition, h_condition = (
        layer.vertical_condition.kernel.numpy()[0] * condition,
        layer.horizontal_condition.kernel.numpy()[0] * condition,
    )
    gate = lambda gates: np.tanh(gates[0]) / (1 + np.exp(-gates[1]))
    np.testing.assert_allclose(
        found[0][0, 0, 0, 0], gate(np.array([f, g]) + v_condition), rtol=1e-5
    )
    link = (np.array([f, g]) + v_condition) @ layer.link.kernel.numpy()
    own = horizontal * layer.horizontal.kernel.numpy()[-1, 0] + layer.horizontal.bias.numpy()
    gated = gate(own + link + h_condition)
    out = gated * layer.residual.kernel.numpy()[0, 0, 0] + layer.residual.bias.numpy()[0]
    np.testing.assert_allclose(found[1][0, 0, 0, 0], out + horizontal[0], rtol=1e-5)


def test_features_that_do_not_split_into_the_groups_are_refused():
    with pytest.raises(ValueError, match="multiple of 3 groups.*Received: 4"):
        LeftConv2D(4, 1, groups=3)
    with pytest.raises(ValueError, match='"A" or "B".*Received'):
        LeftConv2D(4, 1, mask="C")
