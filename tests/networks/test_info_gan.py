"""InfoGAN's networks: exact sizes, and the paper's layers for MNIST."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.networks import info_gan_discriminator, info_gan_generator, info_gan_grids

sides = st.integers(8, 40)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(height=sides, width=sides)
def test_sizes_are_exact(height, width):
    shape = (height, width, 2)
    images = info_gan_generator(3, shape, 1, 2)(np.ones((2, 3), "float32"))
    logits, params = info_gan_discriminator(shape, 5, 1, 2)(images)
    assert images.shape == (2, *shape) and logits.shape == (2,) and params.shape == (2, 5)
    assert 0 <= np.min(images) and np.max(images) <= 1


def test_the_layers_for_mnist_are_those_of_table_1():
    def shapes(network):
        kinds = (keras.layers.Conv2D, keras.layers.Conv2DTranspose, keras.layers.Dense)
        return [each.output.shape[1:] for each in network.layers if isinstance(each, kinds)]

    generator = info_gan_generator(74, (28, 28, 1))
    assert shapes(generator) == [(1024,), (6272,), (14, 14, 64), (28, 28, 1)]
    discriminator = info_gan_discriminator((28, 28, 1), 14)
    found = shapes(discriminator)
    assert found[:3] == [(14, 14, 64), (7, 7, 128), (1024,)]
    assert sorted(found[3:]) == [(1,), (14,), (128,)]
    for network in (generator, discriminator):
        assert all(
            each.kernel_size == (4, 4) and each.strides == (2, 2)
            for each in network.layers
            if isinstance(each, (keras.layers.Conv2D, keras.layers.Conv2DTranspose))
        )


@pytest.mark.parametrize(
    ("side", "grids"), [(8, [8, 4]), (14, [14, 7]), (28, [28, 14, 7]), (32, [32, 16, 8, 4])]
)
def test_grids_halve_to_at_most_seven(side, grids):
    assert info_gan_grids((side, side, 1)) == [(each, each) for each in grids]


def test_sizes_out_of_range_are_refused():
    with pytest.raises(ValueError, match="at least 8. Received: "):
        info_gan_generator(3, (7, 8, 1))
    with pytest.raises(ValueError, match="num_params to be at least 1. Received: 0"):
        info_gan_discriminator((8, 8, 1), 0)
