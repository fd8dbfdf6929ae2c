"""Gated perceptrons by hand."""

import numpy as np
import pytest

from tfgen.networks import GatedDenseNetworks


def test_each_unit_is_an_affine_map_times_its_gate():
    random = np.random.default_rng(0)
    networks = GatedDenseNetworks((3, 5))
    for network, shape, widths in (
        (networks.encoder((2, 2, 1), 7), (2, 2, 1), (3, 5)),
        (networks.decoder(4, (3, 2)), (4,), (5, 3)),
    ):
        network.set_weights([random.normal(size=w.shape) for w in network.get_weights()])
        x = random.normal(size=(6, *shape)).astype("float32")
        *layers, (w, b) = [layer.get_weights() for layer in network.layers if layer.weights]
        h = x.reshape(6, -1)
        for (kernel, bias), width in zip(layers, widths, strict=True):
            values, gates = np.split(h @ kernel + bias, 2, axis=1)
            h = values / (1 + np.exp(-gates))
            assert h.shape == (6, width)
        np.testing.assert_allclose(
            network(x), (h @ w + b).reshape(6, *network.output_shape[1:]), rtol=1e-4, atol=1e-5
        )
        assert [layer.name for layer in network.layers if layer.weights][-1] == "output"


def test_no_hidden_layers_are_an_affine_map():
    encoder = GatedDenseNetworks(()).encoder((3,), 2)
    assert [w.shape for w in encoder.weights] == [(3, 2), (2,)]


def test_widths_below_one_are_refused_and_equal_networks_are_equal():
    with pytest.raises(ValueError, match="every size of hidden .* Received: 0"):
        GatedDenseNetworks((0,))
    networks = GatedDenseNetworks([4, 2])
    assert GatedDenseNetworks.from_config(networks.get_config()) == networks
