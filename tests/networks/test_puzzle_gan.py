"""The networks of PuzzleGAN: their filters, what reads what, and odd sides."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import part_encoder, puzzle_generator


def test_the_encoder_of_64x64_has_the_published_filters():
    encoder = part_encoder((64, 64, 3))
    convolutions = [each for each in encoder.layers if isinstance(each, keras.layers.Conv2D)]
    assert [(c.filters, c.kernel_size, c.strides) for c in convolutions] == [
        (filters, (5, 5), (2, 2)) for filters in (64, 128, 256, 512)
    ]
    *features, embedding = encoder.output_shape
    assert [each[1:] for each in features] == [
        (32, 32, 64),
        (16, 16, 128),
        (8, 8, 256),
        (4, 4, 512),
    ]
    assert embedding == (None, 128)


@pytest.mark.parametrize("kernel_size", [4, 5])
@pytest.mark.parametrize("shape", [(9, 14, 3), (8, 8, 1)])
def test_the_image_reads_z_and_the_mask_does_not_at_sides_of_any_size(shape, kernel_size):
    keras.utils.set_random_seed(0)
    network = puzzle_generator(shape, 2, 3, 2, 4, kernel_size)
    patches = np.random.default_rng(0).random((5, 2, *shape), "float32")
    z = np.random.default_rng(1).normal(size=(2, 5, 3)).astype("float32")
    (image, logits), (other, same) = (network([patches, each]) for each in z)
    assert image.shape == (5, *shape) and logits.shape == (5, *shape[:2], 1)
    assert 0 < np.min(image) and np.max(image) < 1
    np.testing.assert_array_equal(logits, same)
    assert not np.array_equal(image, other)
    turned, as_before = network([patches[:, ::-1], z[0]])
    np.testing.assert_allclose(turned, image, atol=1e-6)
    np.testing.assert_allclose(as_before, logits, atol=1e-6)


def test_the_image_comes_of_all_weights_but_those_of_the_mask_alone():
    """All but kernel and bias of the mask's last convolution; the mask comes of the encoder."""
    keras.utils.set_random_seed(0)
    network = puzzle_generator((8, 8, 1), 2, 3, 2, 4)
    patches = np.random.default_rng(0).random((5, 2, 8, 8, 1), "float32")
    z = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")
    (encoder,) = (each.network for each in network.layers if hasattr(each, "network"))
    with tf.GradientTape(persistent=True) as tape:
        image, logits = network([patches, z], training=True)
        image, logits = tf.reduce_sum(image**2), tf.reduce_sum(logits**2)
    gradients = tape.gradient(image, network.trainable_variables)
    assert sum(each is None for each in gradients) == 2
    assert all(np.any(each != 0) for each in gradients if each is not None)
    assert all(np.any(each != 0) for each in tape.gradient(logits, encoder.trainable_variables))


@pytest.mark.parametrize(
    "arguments",
    [{"num_patches": 0}, {"latent_dim": 0}, {"base_filters": 0}, {"embedding_dim": 0}],
)
def test_sizes_that_are_none_are_refused(arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))}.*Received: 0"):
        puzzle_generator((8, 8, 1), **arguments)
