"""The multilayer perceptron against matrix products, and its shapes."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.networks import mlp

shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(input_shape=shapes, hidden=st.lists(st.integers(1, 5), max_size=2), output_shape=shapes)
def test_maps_any_shape_to_any_shape(input_shape, hidden, output_shape):
    network = mlp(input_shape, hidden, output_shape)
    outputs = network(np.ones((3, *input_shape), "float32"))
    assert network.built
    assert outputs.shape == (3, *output_shape)
    assert len([layer for layer in network.layers if layer.weights]) == len(hidden) + 1


def test_equals_matrix_products():
    network = mlp((2, 3), (4,), (2, 1), activation="relu", output_activation="tanh")
    x = np.random.default_rng(0).normal(size=(5, 2, 3)).astype("float32")
    w0, b0, w1, b1 = (np.random.default_rng(1).normal(size=w.shape) for w in network.weights)
    network.set_weights([w0, b0, w1, b1])
    expected = np.tanh(np.maximum(x.reshape(5, 6) @ w0 + b0, 0) @ w1 + b1).reshape(5, 2, 1)
    np.testing.assert_allclose(network(x), expected, rtol=1e-4, atol=1e-5)


def test_config_round_trip_keeps_the_function():
    network = mlp((3,), (4, 4), (2,), activation="leaky_relu", name="encoder")
    copy = keras.Model.from_config(network.get_config())
    copy.set_weights(network.get_weights())
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    assert copy.name == "encoder"
    np.testing.assert_array_equal(copy(x), network(x))


def test_dropout_acts_in_training_alone_and_keeps_the_mean():
    network = mlp((1,), (4000,), (1,), activation=None, dropout=0.5)
    hidden, output = (layer for layer in network.layers if layer.weights)
    hidden.set_weights([np.ones((1, 4000)), np.zeros(4000)])
    output.set_weights([np.full((4000, 1), 1 / 4000), np.zeros(1)])
    x = np.ones((1, 1), "float32")
    np.testing.assert_allclose(network(x, training=False), 1.0, rtol=1e-4)
    in_training = network(x, training=True).numpy().item()
    assert abs(in_training - 1.0) > 1e-4
    # Six standard deviations of the mean of 4000 values that are 0 or 2.
    np.testing.assert_allclose(in_training, 1.0, atol=6 / 4000**0.5)


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_dropout_rate_is_below_one(rate):
    with pytest.raises(ValueError, match="dropout to be in .* Received: "):
        mlp((2,), (3,), (1,), dropout=rate)


@pytest.mark.parametrize("sizes", [{"input_shape": (0,)}, {"hidden": (2.0,)}, {"hidden": (-1,)}])
def test_sizes_are_positive_integers(sizes):
    sizes = {"input_shape": (2,), "hidden": (3,), "output_shape": (1,)} | sizes
    with pytest.raises(ValueError, match="every size of .* (integer|at least 1). Received: "):
        mlp(**sizes)
