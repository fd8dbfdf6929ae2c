"""The generator from image to image: the paper's sizes, any image's size, no image sees another."""

import keras
import numpy as np
import pytest

from tfgen.networks import resnet_generator


def test_the_network_of_the_paper_has_its_weights():
    network = resnet_generator((256, 256, 3))
    kernels = 49 * 3 * 64 + 9 * (64 * 128 + 128 * 256) + 9 * 2 * 9 * 256**2
    kernels += 9 * (256 * 128 + 128 * 64) + 49 * 64 * 3 + 3
    norms = 2 * (64 + 128 + 256 + 18 * 256 + 128 + 64)
    assert network.count_params() == kernels + norms == 11_383_427
    assert network.output_shape == (None, 256, 256, 3)


@pytest.mark.parametrize(
    ("shape", "halvings"),
    [((8, 8, 1), 0), ((9, 15, 2), 0), ((28, 28, 1), 1), ((31, 17, 3), 1), ((64, 33, 3), 2)],
)
def test_images_of_any_size_are_translated_each_by_itself(shape, halvings):
    network = resnet_generator(shape, 2, base_filters=2, num_blocks=1)
    strides = [getattr(layer, "strides", 1) for layer in network.layers]
    assert strides.count((2, 2)) == 2 * halvings
    # Kernels of size 1 rather than 0.02: the outputs of a new network hardly differ.
    rng = np.random.default_rng(0)
    network.set_weights([rng.normal(0, 0.5, weight.shape) for weight in network.get_weights()])
    x = rng.random((3, *shape), "float32")
    together = np.array(network(x))
    assert together.shape == (3, *shape[:2], 2)
    assert together.min() >= 0 and together.max() <= 1 and together.std() > 0.05
    alone = [np.array(network(each[np.newaxis]))[0] for each in x]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert not np.allclose(together[0], together[1], atol=0.01)


def test_blocks_and_kernels_are_as_many_as_wished():
    count = lambda kind, network: sum(isinstance(layer, kind) for layer in network.layers)
    few = resnet_generator((16, 16, 1), num_blocks=2, base_filters=2, num_halvings=0, kernel_size=3)
    assert count(keras.layers.Add, few) == 2 and count(keras.layers.Conv2D, few) == 6
    assert {layer.kernel_size for layer in few.layers if hasattr(layer, "kernel_size")} == {(3, 3)}
    assert count(keras.layers.Add, resnet_generator((16, 16, 1), base_filters=2)) == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (7, 8, 1)}, "at least 8"),
        ({"image_shape": (8, 8)}, "height, width, channels"),
        ({"num_halvings": 3}, "2 or more of 8 pixels. Received: 3"),
        ({"num_halvings": -1}, "at least 1"),
        ({"num_blocks": 0}, "at least 1"),
        ({"num_channels": 0}, "at least 1"),
        ({"kernel_size": 4}, "odd"),
        ({"kernel_size": 17}, "to be mirrored"),
    ],
)
def test_wrong_sizes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        resnet_generator(**{"image_shape": (8, 8, 1), "base_filters": 2, **arguments})
