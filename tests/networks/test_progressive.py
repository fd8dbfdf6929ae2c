"""The growing networks: the published sizes, fades from one stage to the next, and shapes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import (
    GrowingCritic,
    GrowingGenerator,
    progressive_critic,
    progressive_generator,
)
from tfgen.networks.growing import doubled_sides, halved_sides


@pytest.fixture(scope="module")
def networks():
    keras.utils.set_random_seed(0)
    shape = (16, 16, 2)
    return progressive_generator(3, shape, 2, 6), progressive_critic(shape, 2, 6)


@pytest.fixture(scope="module")
def z():
    return np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


def test_at_1024_the_sizes_are_those_of_table_2():
    """The published networks have 23,079,115 and 23,087,249 weights."""
    generator = progressive_generator(512, (1024, 1024, 3))
    critic = progressive_critic((1024, 1024, 3))
    widths = [512, 512, 512, 512, 256, 128, 64, 32, 16]
    sides = [4 * 2**stage for stage in range(9)]
    assert [b.output_shape[1:] for b in generator.blocks] == [
        (side, side, width) for side, width in zip(sides, widths, strict=True)
    ]
    assert [b.input_shape[1:] for b in critic.blocks] == [
        (side, side, width) for side, width in zip(sides, widths, strict=True)
    ]
    assert sum(np.prod(v.shape) for v in generator.trainable_variables) == 23_079_115
    assert sum(np.prod(v.shape) for v in critic.trainable_variables) == 23_087_249


@pytest.mark.parametrize("stage", [1, 2])
def test_a_stage_at_blend_0_is_the_smaller_network_and_at_1_the_larger_alone(networks, z, stage):
    generator, critic = networks
    smaller = generator(z, stage=stage - 1)
    np.testing.assert_array_equal(generator(z, stage=stage, blend=0.0), doubled_sides(smaller))
    features = z
    for block in generator.blocks[: stage + 1]:
        features = block(features)
    alone = generator.colours[stage](features)
    np.testing.assert_array_equal(generator(z, stage=stage, blend=1.0), alone)
    half = generator(z, stage=stage, blend=0.5)
    np.testing.assert_allclose(half, (doubled_sides(smaller) + alone) / 2, rtol=1e-5, atol=1e-6)
    x = tf.constant(np.random.default_rng(1).normal(size=alone.shape).astype("float32"))
    of_smaller = critic(halved_sides(x), stage=stage - 1)
    np.testing.assert_array_equal(critic(x, stage=stage, blend=0.0), of_smaller)
    np.testing.assert_array_equal(critic(x, stage=stage, blend=1.0), critic.at(stage)(x))


def test_the_last_stage_is_the_default_and_training_passes_on_to_the_layers(networks, z):
    generator, critic = networks
    images = generator(z)
    assert images.shape == (4, 16, 16, 2) and critic.num_stages == generator.num_stages == 3
    np.testing.assert_array_equal(critic(images), critic(images, stage=2, blend=1.0))
    # The deviation over the batch is read in training alone.
    apart = np.concatenate([critic(each[None]) for each in images])
    np.testing.assert_allclose(critic(images), apart, rtol=1e-4, atol=1e-5)
    assert not np.allclose(critic(images, training=True), apart, rtol=1e-2)


def test_parts_hold_what_a_stage_computes(networks):
    generator, _ = networks
    names = lambda stage: [each.name for each in generator.parts(stage)]
    assert names(0) == ["block_4", "colour_4"]
    assert names(1) == ["block_4", "block_8", "colour_4", "colour_8"]
    assert names(2) == ["block_4", "block_8", "block_16", "colour_8", "colour_16"]


def test_a_network_reloads_alike(networks, z, tmp_path):
    generator, _ = networks
    generator.save(tmp_path / "network.keras")
    twin = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(twin(z, stage=1), generator(z, stage=1))


def test_squares_of_pixels_are_doubled_and_averaged_by_hand():
    x = np.arange(8, dtype="float32").reshape(1, 2, 4, 1)
    np.testing.assert_array_equal(
        doubled_sides(tf.constant(x))[0, :, :, 0],
        x[0, :, :, 0].repeat(2, axis=0).repeat(2, axis=1),
    )
    np.testing.assert_array_equal(halved_sides(tf.constant(x))[0, :, :, 0], [[2.5, 4.5]])
    np.testing.assert_array_equal(halved_sides(doubled_sides(tf.constant(x), 4), 4), x)


@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 16, 1), (2, 2, 1), (32, 32), (8, 8, 0)])
def test_other_shapes_are_refused(shape):
    for build in (lambda: progressive_generator(3, shape), lambda: progressive_critic(shape)):
        with pytest.raises(ValueError, match="power of two.*Received: "):
            build()


def test_blocks_that_do_not_fit_are_refused(networks):
    generator, critic = networks
    for kind, network in ((GrowingGenerator, generator), (GrowingCritic, critic)):
        for blocks, colours in (
            (network.blocks[:2], network.colours),
            (network.blocks[::-1], network.colours[::-1]),
            ([], []),
        ):
            with pytest.raises(ValueError, match="as many blocks.*Received: "):
                kind(blocks=blocks, colours=colours)
