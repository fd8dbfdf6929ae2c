"""Convolutions with doubled or halved sides: what the two steps that they stand for give."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import EqualizedConv2D, EqualizedDownConv2D, EqualizedUpConv2D

X = np.random.default_rng(0).normal(size=(2, 4, 6, 3)).astype("float32")


def in_two_steps(kind, convolution, x):
    """Nearest neighbours, then a convolution; or a convolution, then means."""
    if kind is EqualizedUpConv2D:
        return convolution(x.repeat(2, axis=1).repeat(2, axis=2))
    full = np.array(convolution(x))
    return full.reshape(2, 2, 2, 3, 2, -1).mean(axis=(2, 4))


@pytest.mark.parametrize("kind", [EqualizedUpConv2D, EqualizedDownConv2D])
def test_one_convolution_is_the_two_steps(kind, tmp_path):
    keras.utils.set_random_seed(0)
    layer = kind(5, gain=1.5, activation="tanh", bias_initializer="normal")
    plain = EqualizedConv2D(5, 3, padding="same", gain=1.5)
    outputs = layer(X)
    plain.build(X.shape)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(outputs, np.tanh(in_two_steps(kind, plain, X)), atol=1e-5)
    assert layer.compute_output_shape(X.shape) == outputs.shape
    model = keras.Sequential([keras.Input(X.shape[1:]), layer])
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    assert twin.layers[0].gain == 1.5
    np.testing.assert_array_equal(twin(X), outputs)


@pytest.mark.parametrize("kind", [EqualizedUpConv2D, EqualizedDownConv2D])
def test_the_gradient_of_the_weight_is_that_of_the_two_steps(kind):
    layer = kind(2, use_bias=False)
    layer(X)
    direction = np.random.default_rng(1).normal(size=layer.get_weights()[0].shape)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(X) ** 2)
    gradient = tape.gradient(total, layer.trainable_variables[0].value)
    # The outputs are linear in the weight, so that their squares are a parabola along a line.
    (weight,), ends = layer.get_weights(), []
    for step in (1.0, -1.0):
        layer.set_weights([weight + step * direction.astype("float32")])
        ends.append(np.sum(np.float64(layer(X)) ** 2))
    slope = (ends[0] - ends[1]) / 2
    np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=1e-4)


@pytest.mark.parametrize("kind", [EqualizedUpConv2D, EqualizedDownConv2D])
def test_bad_sizes_are_refused(kind):
    for arguments, name in (({"filters": 0}, "filters"), ({"filters": 1, "gain": -1}, "gain")):
        with pytest.raises(ValueError, match=f"{name}.*Received: "):
            kind(**arguments)
