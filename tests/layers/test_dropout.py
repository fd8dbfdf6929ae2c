"""Dropout: which elements it drops, how often, and that its mean is the input."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import Dropout


@pytest.mark.parametrize("jit_compile", [False, True])
def test_elements_are_dropped_by_themselves_at_the_rate_and_the_rest_is_scaled(jit_compile):
    keras.utils.set_random_seed(0)
    layer = Dropout(0.3)
    x = tf.ones((1000, 7, 9))
    y = tf.function(lambda x: layer(x, training=True), jit_compile=jit_compile)(x).numpy()
    dropped = y == 0
    np.testing.assert_allclose(y[~dropped], 1 / 0.7, rtol=1e-4)
    error = np.sqrt(0.3 * 0.7 / len(x))
    # Of every element, and of every pair of neighbours, whose bits are drawn together.
    np.testing.assert_allclose(dropped.mean(axis=0), 0.3, atol=4.5 * error)
    both = (dropped[..., 1:] & dropped[..., :-1]).mean(axis=0)
    np.testing.assert_allclose(both, 0.09, atol=4.5 * error)
    np.testing.assert_allclose(dropped.mean(), 0.3, atol=4 * error / np.sqrt(63))


def test_every_call_draws_anew_and_the_gradient_is_that_of_the_mask():
    layer = Dropout(0.5)
    x = tf.random.stateless_normal((4, 50), (0, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    np.testing.assert_allclose(tape.gradient(y, x), y / x, rtol=1e-5)
    assert np.any((layer(x, training=True) == 0) != (y == 0))


@pytest.mark.parametrize(("rate", "training"), [(0.5, False), (0.0, True), (1e-6, True)])
def test_otherwise_nothing_changes(rate, training):
    x = tf.random.stateless_normal((4, 5), (0, 1))
    np.testing.assert_array_equal(Dropout(rate)(x, training=training), x)


def test_layer_is_rebuilt_and_draws_the_same_from_the_same_state():
    layer = Dropout(0.25, name="drop")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert (copy.rate, copy.name) == (0.25, "drop")
    copy.seed_generator.state.assign(layer.seed_generator.state)
    x = tf.ones((3, 8))
    np.testing.assert_array_equal(copy(x, training=True), layer(x, training=True))
