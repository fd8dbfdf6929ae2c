"""Residual pairs: nothing is added at first, and then what the blocks say."""

import keras
import numpy as np
import pytest

from tfgen.networks import ConvolutionalNetworks, ResidualNetworks


@pytest.mark.parametrize("sides", [(8, 9), (11, 16)])
def test_untrained_networks_are_those_without_blocks(sides):
    plain = ConvolutionalNetworks((3, 4), (5,), activation="elu")
    residual = ResidualNetworks((3, 4), 2, (5,), activation="elu")
    random = np.random.default_rng(0)
    for make, shape in (
        (lambda networks: networks.encoder((*sides, 2), 6), (*sides, 2)),
        (lambda networks: networks.decoder(6, (*sides, 3)), (6,)),
    ):
        one, other = make(plain), make(residual)
        for layer in one.layers:
            other.get_layer(layer.name).set_weights(layer.get_weights()) if layer.weights else None
        x = random.normal(size=(2, *shape)).astype("float32")
        np.testing.assert_allclose(other(x), one(x), rtol=1e-6, atol=1e-6)
        blocks = sum(
            2 * ((9 * filters + 1) * filters) * residual.num_blocks for filters in residual.filters
        )
        assert other.count_params() == one.count_params() + blocks


def test_a_block_adds_two_convolutions_of_activations():
    encoder = ResidualNetworks((2,), 1, kernel_size=1, activation="relu").encoder((4, 4, 1), 1)
    random = np.random.default_rng(0)
    encoder.set_weights([random.normal(size=w.shape) for w in encoder.get_weights()])
    matrix = lambda name: [
        weight.reshape(-1, weight.shape[-1]) for weight in encoder.get_layer(name).get_weights()
    ]
    x = random.normal(size=(3, 4, 4, 1)).astype("float32")
    relu = lambda h: np.maximum(h, 0)
    w, b = matrix("down_0")
    h = x[:, ::2, ::2] @ w + b
    update = h
    for part in (0, 1):
        w, b = matrix(f"down_0_block_0_{part}")
        update = relu(update) @ w + b
    h = relu(h + update).reshape(3, -1)
    w, b = matrix("output")
    np.testing.assert_allclose(encoder(x), h @ w + b, rtol=1e-4, atol=1e-5)


def test_no_blocks_are_refused_and_equal_networks_are_equal():
    with pytest.raises(ValueError, match="num_blocks .* Received: 0"):
        ResidualNetworks(num_blocks=0)
    networks = ResidualNetworks((4,), 3, activation="swish")
    assert ResidualNetworks.from_config(networks.get_config()) == networks
    loaded = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(networks))
    assert loaded == networks and loaded.num_blocks == 3
