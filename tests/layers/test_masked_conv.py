"""The masked convolution against the order of pixels and channels."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import MaskedConv2D


def random_layer(*arguments, features, **options):
    layer = MaskedConv2D(*arguments, **options)
    layer.build((None, None, None, features))
    generator = np.random.default_rng(0)
    layer.set_weights([generator.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def sees(layer, shape):
    """Whether output (i, j, group) changes with input (i', j', group'), by autodiff."""
    x = tf.random.stateless_normal((1, *shape), (0, 1))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = layer(x)
    jacobian = tape.jacobian(y, x, experimental_use_pfor=False)[0, :, :, :, 0]
    height, width, features = shape
    groups = layer.groups
    pixels = height * width
    jacobian = tf.reshape(
        jacobian, (pixels, groups, layer.filters // groups, pixels, groups, features // groups)
    )
    return np.abs(jacobian).max(axis=(2, 5))


@pytest.mark.parametrize("mask", ["A", "B"])
@pytest.mark.parametrize(
    ("kernel_size", "groups", "filters", "features"),
    [(3, 1, 2, 1), (5, 3, 6, 3), ((1, 3), 2, 4, 6), (1, 3, 3, 6), ((3, 1), 1, 1, 2)],
)
def test_an_output_sees_exactly_what_comes_before_it(mask, kernel_size, groups, filters, features):
    layer = random_layer(filters, kernel_size, mask=mask, groups=groups, features=features)
    height, width = 4, 5
    found = sees(layer, (height, width, features))
    reach = [size // 2 for size in layer.kernel_size]
    for p in range(height * width):
        for q in range(height * width):
            down, right = p // width - q // width, p % width - q % width
            near = abs(down) <= reach[0] and abs(right) <= reach[1]
            for c in range(groups):
                for d in range(groups):
                    before = q < p or (q == p and (d < c or (d == c and mask == "B")))
                    assert (found[p, c, q, d] > 1e-6) == (near and before), (p, c, q, d)


def test_the_output_is_the_convolution_with_the_masked_kernel():
    layer = random_layer(6, (3, 5), mask="B", groups=3, features=3)
    x = np.random.default_rng(1).normal(size=(2, 4, 5, 3))
    padded = np.pad(x, ((0, 0), (1, 1), (2, 2), (0, 0)))
    kernel = layer.masked_kernel.numpy()
    expected = np.empty((2, 4, 5, 6))
    for i in range(4):
        for j in range(5):
            patch = padded[:, i : i + 3, j : j + 5]
            expected[:, i, j] = np.einsum("bhwf,hwfo->bo", patch, kernel) + layer.bias.numpy()
    np.testing.assert_allclose(layer(x.astype("float32")), expected, rtol=1e-4, atol=1e-5)
    outside = kernel == 0
    np.testing.assert_array_equal(kernel[~outside], layer.kernel.numpy()[~outside])
    assert outside[1, 3:].all() and outside[2].all() and not outside[0].any()


@pytest.mark.parametrize("mask", ["A", "B"])
def test_what_is_owed_to_each_direction_adds_up_to_the_convolution(mask):
    layer = random_layer(6, (3, 5), mask=mask, groups=3, features=3)
    x = tf.random.stateless_normal((2, 4, 5, 3), (0, 2))
    padded = np.pad(x, ((0, 0), (1, 0), (2, 0), (0, 0)))
    found = np.zeros((2, 4, 5, 6), "float32")
    for i in range(4):
        found[:, i] = layer.from_above(padded[:, i : i + 1, 2:])
        for j in range(5):
            found[:, i, j] += layer.from_left(padded[:, i + 1, j : j + 2])
            channels = tf.split(x[:, i, j], 3, axis=-1)
            own = [tf.broadcast_to(layer.own(c, channels), (2, 2)) for c in range(3)]
            found[:, i, j] += tf.concat(own, axis=-1)
    np.testing.assert_allclose(found, layer(x), rtol=1e-4, atol=1e-5)


def test_masked_weights_get_no_gradient():
    layer = random_layer(2, 3, mask="A", features=1)
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(layer(tf.random.stateless_normal((1, 4, 4, 1), (0, 1))) ** 2)
    gradient = tape.gradient(y, layer.kernel.value)
    np.testing.assert_array_equal(gradient == 0, layer.masked_kernel == 0)


def test_half_precision_computes_in_half_precision():
    layer = MaskedConv2D(4, 3, mask="B", dtype="mixed_bfloat16")
    assert layer(tf.ones((1, 3, 3, 2))).dtype == tf.bfloat16
    assert layer.masked_kernel.dtype == tf.float32


def test_layer_is_rebuilt_from_its_configuration():
    layer = MaskedConv2D(6, (1, 3), mask="A", groups=3, use_bias=False, name="first")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert copy.get_config() == layer.get_config()
    copy.build((None, 4, 4, 3))
    assert copy.bias is None and copy.kernel_size == (1, 3) and copy.name == "first"


@pytest.mark.parametrize(
    "options",
    [
        {"filters": 0},
        {"filters": 4, "groups": 3},
        {"groups": 0},
        {"kernel_size": 2},
        {"kernel_size": (3, 0)},
        {"kernel_size": (3,)},
        {"mask": "C"},
    ],
)
def test_impossible_arguments_are_refused(options):
    with pytest.raises(ValueError, match="expected .*Received: "):
        MaskedConv2D(**{"filters": 6, "kernel_size": 3, "mask": "A", **options})


def test_input_features_must_split_into_the_groups():
    with pytest.raises(ValueError, match="groups=3.*Received: 4"):
        MaskedConv2D(6, 3, mask="B", groups=3).build((None, 4, 4, 4))
