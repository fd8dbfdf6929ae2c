"""The Row LSTM against Eq. 3 of van den Oord et al. (2016), pixel after pixel in NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from truths import assert_compiled_gradients_agree

from tfgen.layers import RowLSTMLayer


def random_layer(features, *arguments, **options):
    layer = RowLSTMLayer(*arguments, **options)
    layer.build((None, None, None, features))
    generator = np.random.default_rng(0)
    layer.set_weights([generator.normal(size=w.shape) / 2 for w in layer.get_weights()])
    return layer


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def plain(layer, x):
    """h_i = o tanh(c_i), c_i = f c_{i-1} + i g, [o, f, i, g] = act(K_ss * h_{i-1} + K_is * x_i)."""
    batch, height, width, features = x.shape
    k, units, groups = layer.kernel_size, layer.units, layer.groups
    K_is = layer.input_to_state.masked_kernel.numpy()[0]
    K_ss = layer.state_to_state.numpy().reshape(k, units, 4 * units)
    bias, reach = layer.input_to_state.bias.numpy(), k // 2
    h, c = np.zeros((height + 1, batch, width, units)), np.zeros((height + 1, batch, width, units))
    for i in range(height):
        for j in range(width):
            from_input = bias + np.zeros((batch, 4 * units))
            from_state = np.zeros((batch, 4 * units))
            for tap in range(k):
                column = j + tap - reach
                if 0 <= column < width:
                    from_input = from_input + x[:, i, column] @ K_is[tap]
                    from_state = from_state + h[i, :, column] @ K_ss[tap]
            # The inputs' gates are grouped by channel; a unit's four gates are found one by one.
            by_channel = from_input.reshape(batch, groups, 4, units // groups)
            by_gate = from_state.reshape(batch, 4, units)
            for unit in range(units):
                group, place = divmod(unit, units // groups)
                o, f, n, g = (by_channel[:, group, :, place] + by_gate[:, :, unit]).T
                new = sigmoid(f) * c[i, :, j, unit] + sigmoid(n) * np.tanh(g)
                c[i + 1, :, j, unit] = new
                h[i + 1, :, j, unit] = sigmoid(o) * np.tanh(new)
    return h[1:].transpose(1, 0, 2, 3)


CASES = [
    ((4, 5), 3, 1, 2),
    ((3, 4), 5, 3, 3),
    ((1, 1), 3, 2, 4),
    ((1, 6), 3, 1, 1),
    ((5, 1), 1, 1, 1),
]


@pytest.mark.parametrize(("size", "kernel_size", "groups", "features"), CASES)
def test_all_rows_at_once_are_the_paper_s_equation(size, kernel_size, groups, features):
    layer = random_layer(features, 2 * groups, kernel_size, groups=groups)
    x = np.random.default_rng(1).normal(size=(2, *size, features))
    output = layer(x.astype("float32"))
    np.testing.assert_allclose(output, plain(layer, x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_the_receptive_field_is_a_triangle(kernel_size):
    layer, size = random_layer(1, 2, kernel_size), 7
    x = tf.random.stateless_normal((1, 4, size, 1), (0, 1))
    for i, j in [(3, 3), (2, 1), (0, 5)]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(layer(x)[0, i, j] * [1.0, 2.0])
        found = tape.gradient(y, x)[0, :, :, 0].numpy()
        row, column = np.mgrid[:4, :size]
        reach = kernel_size // 2
        # Of its own row a state sees `reach` pixels to the left; each row up adds `reach` to both
        # sides.
        expected = (
            (row <= i) & (column >= j - reach * (i - row + 1)) & (column <= j + reach * (i - row))
        )
        np.testing.assert_array_equal(np.abs(found) > 1e-9, expected)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled_gradients_are_those_of_eager_mode(jit_compile):
    layer = random_layer(3, 3, groups=3)
    x = tf.random.stateless_normal((2, 4, 3, 3), (0, 1))
    assert_compiled_gradients_agree(layer, x, jit_compile)


def test_half_precision_computes_in_half_precision():
    assert RowLSTMLayer(4, dtype="mixed_bfloat16")(tf.ones((1, 3, 3, 2))).dtype == tf.bfloat16


def test_layer_is_rebuilt_from_its_configuration():
    layer = RowLSTMLayer(6, 5, groups=3, name="rows")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
    assert (copy.units, copy.kernel_size, copy.groups, copy.name) == (6, 5, 3, "rows")


@pytest.mark.parametrize(
    "options",
    [{"units": 0}, {"units": 4, "groups": 3}, {"groups": 0}, {"kernel_size": 2}],
)
def test_impossible_sizes_are_refused(options):
    with pytest.raises(ValueError, match="expected .*Received: "):
        RowLSTMLayer(**{"units": 6, **options})
