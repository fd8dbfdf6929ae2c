"""Equalized learning rate: what the kernel is read as, and what an optimizer makes of it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfgen.layers import EqualizedConv2D, EqualizedDense

KINDS = {
    "dense": (EqualizedDense, layers.Dense, (7,), (32,), 32),
    "convolution": (EqualizedConv2D, layers.Conv2D, (7, 3), (6, 6, 8), 72),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def inputs_of(kind):
    shape = (64, *KINDS[kind][3])
    return tf.constant(np.random.default_rng(0).normal(size=shape).astype("float32"))


@every_kind
def test_the_output_is_that_of_keras_with_the_scaled_kernel(kind):
    equalized, plain, arguments, _, fan_in = KINDS[kind]
    x = inputs_of(kind)
    for gain in (np.sqrt(2), 1.0):
        layer, other = equalized(*arguments, gain=gain, activation="tanh"), plain(*arguments)
        layer(x), other(x)
        weight, bias = layer.get_weights()
        np.testing.assert_allclose([weight.mean(), weight.std()], [0, 1], atol=0.15)
        other.set_weights([weight * gain / np.sqrt(fan_in), bias])
        np.testing.assert_allclose(layer(x), np.tanh(other(x)), rtol=1e-4, atol=1e-5)


@every_kind
def test_a_rectified_output_keeps_the_variance_of_he(kind):
    """E[relu(y)^2] = E[x^2] where weights are N(0, 2 / fan_in)."""
    equalized, _, (_, *rest), *_ = KINDS[kind]
    y = equalized(256, *rest)(inputs_of(kind))
    np.testing.assert_allclose(np.mean(np.maximum(y, 0) ** 2), 1.0, rtol=0.1)


@every_kind
def test_the_gradient_is_scaled_as_the_kernel_is(kind):
    equalized, plain, arguments, _, fan_in = KINDS[kind]
    x, scale = inputs_of(kind), np.sqrt(2 / fan_in)
    layer, other = equalized(*arguments), plain(*arguments)
    layer(x), other(x)
    other.set_weights([layer.get_weights()[0] * scale, layer.get_weights()[1]])
    found = []
    for each in (layer, other):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(each(x) ** 2)
        found.append(tape.gradient(total, each.trainable_variables[0].value))
    np.testing.assert_allclose(found[0], scale * found[1], rtol=1e-3, atol=1e-3)
    # A step of finite differences, in the weight as it is stored.
    direction = np.random.default_rng(1).normal(size=found[0].shape).astype("float32")
    weight, bias = layer.get_weights()
    ends = []
    for step in (1e-2, -1e-2):
        layer.set_weights([weight + step * direction, bias])
        ends.append(np.sum(np.float64(layer(x)) ** 2))
    slope = (ends[0] - ends[1]) / 2e-2
    np.testing.assert_allclose(np.sum(found[0] * direction), slope, rtol=1e-2, atol=0.1)


def test_adam_moves_every_layer_by_the_same_part_of_its_range():
    """Of kernels as they are read: a step of 0.1 is a tenth of the start's deviation."""
    for units in (2, 50):
        layer, x = EqualizedDense(4), tf.ones((3, units))
        layer(x)
        before = np.array(layer.kernel)
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(layer(x))
        gradients = tape.gradient(total, layer.trainable_variables)
        keras.optimizers.Adam(0.1).apply(gradients, layer.trainable_variables)
        moved = np.abs(np.array(layer.kernel) - before)
        np.testing.assert_allclose(moved, 0.1 * np.sqrt(2 / units), rtol=1e-3)


@every_kind
def test_a_reloaded_layer_computes_the_same_under_every_policy(kind, tmp_path):
    equalized, _, arguments, shape, _ = KINDS[kind]
    x = inputs_of(kind)
    for policy in ("float32", "mixed_bfloat16"):
        layer = equalized(*arguments, gain=1.5, use_bias=False, dtype=policy)
        model = keras.Sequential([keras.Input(shape), layer])
        model.save(tmp_path / "model.keras")
        twin = keras.saving.load_model(tmp_path / "model.keras")
        assert twin.layers[0].gain == 1.5 and twin.layers[0].dtype_policy.name == policy
        assert twin(x).dtype == layer.compute_dtype
        np.testing.assert_array_equal(np.float32(twin(x)), np.float32(model(x)))
