"""The masked dense layer against its formula."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import MaskedDense

CONNECTIONS = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 0], [1, 0, 1]], bool)


@pytest.mark.parametrize("use_bias", [True, False])
def test_output_is_the_formula(use_bias):
    layer = MaskedDense(3, "relu", use_bias=use_bias)
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    layer(x, CONNECTIONS)
    generator = np.random.default_rng(1)
    layer.set_weights([generator.normal(size=w.shape) for w in layer.get_weights()])
    W, *b = layer.get_weights()
    expected = np.maximum(x @ (W * CONNECTIONS) + (b[0] if b else 0), 0)
    np.testing.assert_allclose(layer(x, CONNECTIONS), expected, rtol=1e-5, atol=1e-6)


def test_weights_of_what_is_not_connected_get_no_gradient():
    layer, x = MaskedDense(3), tf.ones((2, 4))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(x, CONNECTIONS))
    gradient = tape.gradient(total, layer.kernel.value)
    np.testing.assert_array_equal(gradient, 2.0 * CONNECTIONS)


def test_half_precision_computes_in_it():
    layer = MaskedDense(3, dtype="mixed_bfloat16")
    assert layer(tf.ones((2, 4)), CONNECTIONS).dtype == tf.bfloat16
    assert layer.kernel.dtype == "float32"


def test_layer_is_rebuilt_from_its_configuration():
    layer = MaskedDense(3, "relu", use_bias=False, name="masked")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert (copy.units, copy.activation, copy.use_bias) == (3, "relu", False)
    assert copy.name == "masked"


@pytest.mark.parametrize("units", [0, -1, 2.5])
def test_impossible_sizes_are_refused(units):
    with pytest.raises(ValueError, match="Received: "):
        MaskedDense(units)
