"""DCGAN's networks: exact sizes, the paper's filters, the step count and initialisation."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.layers import SyncBatchNormalization
from tfgen.networks import dcgan_discriminator, dcgan_generator, dcgan_grids

sides = st.integers(8, 33)


def layers_of(network, kind):
    return [layer for layer in network.layers if type(layer) is kind]


@settings(max_examples=10, deadline=None, derandomize=True)
@given(height=sides, width=sides, channels=st.integers(1, 3))
def test_generator_output_has_exactly_the_image_shape(height, width, channels):
    image_shape = (height, width, channels)
    generator = dcgan_generator(2, image_shape, base_filters=1)
    discriminator = dcgan_discriminator(image_shape, base_filters=1)
    images = generator(np.random.default_rng(0).normal(size=(3, 2)))
    assert images.shape == (3, *image_shape)
    assert discriminator(images).shape == (3,)


@given(height=sides, width=sides)
def test_steps_halve_the_shorter_side_to_at_most_four(height, width):
    grids = dcgan_grids((height, width, 1))
    assert len(grids) - 1 == math.ceil(math.log2(min(height, width) / 4))
    assert grids[0] == (height, width)
    assert 2 < min(grids[-1]) <= 4
    for larger, smaller in zip(grids[:-1], grids[1:], strict=True):
        assert smaller == (math.ceil(larger[0] / 2), math.ceil(larger[1] / 2))


@pytest.mark.parametrize("image_shape", [(8, 8, 1), (9, 20, 2), (28, 28, 1)])
def test_networks_have_one_convolution_per_step(image_shape):
    num_steps = len(dcgan_grids(image_shape)) - 1
    generator = dcgan_generator(2, image_shape, base_filters=2)
    discriminator = dcgan_discriminator(image_shape, base_filters=2)
    ups = layers_of(generator, keras.layers.Conv2DTranspose)
    downs = layers_of(discriminator, keras.layers.Conv2D)
    assert len(ups) == len(downs) == num_steps
    assert len(layers_of(generator, SyncBatchNormalization)) == num_steps
    assert len(layers_of(discriminator, SyncBatchNormalization)) == num_steps - 1
    # Step by step, the generator undoes the discriminator's grids.
    sizes = [tuple(layer.input.shape[1:3]) for layer in downs]
    assert [tuple(layer.output.shape[1:3]) for layer in reversed(ups)] == sizes


def test_filters_at_64_pixels_are_those_of_figure_1():
    generator = dcgan_generator(100, (64, 64, 3))
    ups = layers_of(generator, keras.layers.Conv2DTranspose)
    assert [layer.input.shape[1:] for layer in ups] == [
        (4, 4, 1024),
        (8, 8, 512),
        (16, 16, 256),
        (32, 32, 128),
    ]
    discriminator = dcgan_discriminator((64, 64, 3))
    downs = layers_of(discriminator, keras.layers.Conv2D)
    assert [layer.filters for layer in downs] == [128, 256, 512, 1024]


@pytest.mark.parametrize("image_shape", [(8, 9, 1), (17, 12, 2)])
def test_transposed_convolution_is_the_transpose_of_the_strided_one(image_shape):
    """<conv(a), b> = <a, conv^T(b)> for every a, b when the two share a kernel."""
    generator = dcgan_generator(2, image_shape, base_filters=2)
    up = layers_of(generator, keras.layers.Conv2DTranspose)[-1]
    random = np.random.default_rng(0)
    a = random.normal(size=(1, *image_shape)).astype("float32")
    b = random.normal(size=(1, *up.input.shape[1:])).astype("float32")
    down = keras.layers.Conv2D(b.shape[-1], 5, strides=2, padding="same", use_bias=False)
    down.build(a.shape)
    down.kernel.assign(up.kernel)
    up.bias.assign(np.zeros(up.bias.shape))
    np.testing.assert_allclose(np.sum(down(a) * b), np.sum(a * up(b)), rtol=1e-4, atol=1e-4)


def test_weights_start_at_standard_deviation_0_02():
    for network in (dcgan_generator(50, (16, 16, 1), 32), dcgan_discriminator((16, 16, 1), 32)):
        for layer in network.layers:
            if hasattr(layer, "kernel"):
                kernel = layer.kernel.numpy()
                error = 4 * 0.02 / math.sqrt(kernel.size)
                assert abs(kernel.mean()) < error
                assert abs(kernel.std() - 0.02) < error


def test_images_stay_in_the_unit_interval_and_reach_its_ends():
    generator = dcgan_generator(3, (8, 9, 1), base_filters=4)
    z = 1e4 * np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    for weight in generator.trainable_weights:
        weight.assign(10 * weight)
    images = generator(z).numpy()
    assert images.min() == 0 and images.max() == 1


def test_discriminator_reads_zero_to_one_as_minus_one_to_one():
    discriminator = dcgan_discriminator((8, 8, 1), base_filters=2)
    rescaling = layers_of(discriminator, keras.layers.Rescaling)[0]
    np.testing.assert_array_equal(rescaling(np.array([0.0, 0.5, 1.0])), [-1.0, 0.0, 1.0])


def test_generator_emits_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = dcgan_generator(3, (8, 8, 1), base_filters=2)
    finally:
        keras.config.set_dtype_policy("float32")
    images = generator(np.ones((2, 3), "float32"))
    assert images.dtype == "float32"


@pytest.mark.parametrize("image_shape", [(7, 8, 1), (8, 8), (28, 28, 0), (64,)])
def test_images_below_8x8_or_of_another_rank_are_refused(image_shape):
    with pytest.raises(ValueError, match="at least 8. Received: "):
        dcgan_generator(2, image_shape)
    with pytest.raises(ValueError, match="at least 8. Received: "):
        dcgan_discriminator(image_shape)


def test_sizes_below_one_are_refused():
    with pytest.raises(ValueError, match="latent_dim to be at least 1. Received: 0"):
        dcgan_generator(0, (8, 8, 1))
    with pytest.raises(ValueError, match="base_filters to be at least 1. Received: 0"):
        dcgan_discriminator((8, 8, 1), base_filters=0)
