"""The Diagonal BiLSTM against the recursion that it skews, pixel after pixel in NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from truths import assert_compiled_gradients_agree

from tfgen.layers import DiagonalBiLSTMLayer
from tfgen.layers.diagonal_lstm import _skew, _unskew


def random_layer(features, *arguments, **options):
    layer = DiagonalBiLSTMLayer(*arguments, **options)
    layer.build((None, None, None, features))
    generator = np.random.default_rng(0)
    layer.set_weights([generator.normal(size=w.shape) / 2 for w in layer.get_weights()])
    return layer


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def plain_direction(x, convolution, kernel, units, groups):
    """Eq. 3 from the top left corner, without any skewing."""
    batch, height, width, _ = x.shape
    K_above, K_left = kernel.numpy()[:units], kernel.numpy()[units:]
    K_is, bias = convolution.masked_kernel.numpy()[0, 0], convolution.bias.numpy()
    # Row and column -1 are the state outside the image, which is zero.
    h, c = (
        np.zeros((height + 1, width + 1, batch, units)),
        np.zeros((height + 1, width + 1, batch, units)),
    )
    for i in range(height):
        for j in range(width):
            by_channel = (x[:, i, j] @ K_is + bias).reshape(batch, groups, 4, units // groups)
            by_gate = (h[i - 1, j] @ K_above + h[i, j - 1] @ K_left).reshape(batch, 4, units)
            for unit in range(units):
                group, place = divmod(unit, units // groups)
                o, f, n, g = (by_channel[:, group, :, place] + by_gate[:, :, unit]).T
                c[i, j, :, unit] = sigmoid(f) * c[i, j - 1, :, unit] + sigmoid(n) * np.tanh(g)
                h[i, j, :, unit] = sigmoid(o) * np.tanh(c[i, j, :, unit])
    return h[:height, :width].transpose(2, 0, 1, 3)


def plain(layer, x):
    sizes = layer.units, layer.groups
    left = plain_direction(x, layer.input_to_state, layer.state_to_state, *sizes)
    right = plain_direction(
        x[:, :, ::-1], layer.mirrored_input_to_state, layer.mirrored_state_to_state, *sizes
    )
    left[:, 1:] += right[:, :-1, ::-1]
    return left


CASES = [((4, 5), 1, 2), ((5, 3), 3, 3), ((1, 1), 2, 4), ((1, 6), 1, 1), ((5, 1), 1, 1)]


@pytest.mark.parametrize(("size", "groups", "features"), CASES)
def test_all_diagonals_at_once_are_the_recursion(size, groups, features):
    layer = random_layer(features, 2 * groups, groups=groups)
    x = np.random.default_rng(1).normal(size=(2, *size, features))
    output = layer(x.astype("float32"))
    np.testing.assert_allclose(output, plain(layer, x), rtol=1e-4, atol=1e-5)


def test_the_skewed_map_moves_row_i_by_i_places():
    maps = np.random.default_rng(0).normal(size=(2, 3, 4, 5, 2))
    skewed = _skew(tf.constant(maps)).numpy()
    expected = np.zeros((8, 2, 3, 4, 2))
    for i in range(4):
        expected[i : i + 5, :, :, i] = maps[:, :, i].transpose(2, 0, 1, 3)
    np.testing.assert_array_equal(skewed, expected)
    np.testing.assert_array_equal(_unskew(tf.constant(skewed), 5), maps)


def test_a_pixel_sees_itself_and_everything_before_it():
    layer = random_layer(1, 2)
    x = tf.random.stateless_normal((1, 3, 4, 1), (0, 1))
    for pixel in range(12):
        i, j = divmod(pixel, 4)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(layer(x)[0, i, j] * [1.0, 2.0])
        found = np.abs(tape.gradient(y, x).numpy().reshape(-1))
        np.testing.assert_array_equal(found > 1e-9, np.arange(12) <= pixel)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled_gradients_are_those_of_eager_mode(jit_compile):
    layer = random_layer(3, 3, groups=3)
    x = tf.random.stateless_normal((2, 4, 3, 3), (0, 1))
    assert_compiled_gradients_agree(layer, x, jit_compile)


def test_half_precision_computes_in_half_precision():
    layer = DiagonalBiLSTMLayer(4, dtype="mixed_bfloat16")
    assert layer(tf.ones((1, 3, 3, 2))).dtype == tf.bfloat16


def test_layer_is_rebuilt_from_its_configuration():
    layer = DiagonalBiLSTMLayer(6, groups=3, name="diagonals")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
    assert (copy.units, copy.groups, copy.name) == (6, 3, "diagonals")


@pytest.mark.parametrize("options", [{"units": 0}, {"units": 4, "groups": 3}, {"groups": 0}])
def test_impossible_sizes_are_refused(options):
    with pytest.raises(ValueError, match="expected .*Received: "):
        DiagonalBiLSTMLayer(**{"units": 6, **options})
