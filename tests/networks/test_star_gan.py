"""The networks of StarGAN: the published layers, and the way in for the label."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import Attributes, Classes
from tfgen.layers import GroupNormalization
from tfgen.networks import star_gan_discriminator, star_gan_generator

X = tf.constant(np.random.default_rng(0).random((3, 9, 12, 2), "float32"))


def convolutions(network):
    return [
        (each.filters, each.kernel_size, each.strides)
        for each in network.layers
        if isinstance(each, (keras.layers.Conv2D, keras.layers.Conv2DTranspose))
    ]


def test_the_layers_at_128x128_are_those_of_tables_4_and_5():
    generator = star_gan_generator((128, 128, 3), Attributes(("a", "b")), base_filters=64)
    assert convolutions(generator) == [
        (64, (7, 7), (1, 1)),
        (128, (4, 4), (2, 2)),
        (256, (4, 4), (2, 2)),
        *[(256, (3, 3), (1, 1))] * 12,
        (128, (4, 4), (2, 2)),
        (64, (4, 4), (2, 2)),
        (3, (7, 7), (1, 1)),
    ]
    # Each but the first and the last convolution.
    normalizations = [e for e in generator.layers if isinstance(e, GroupNormalization)]
    assert len(normalizations) == 16
    judge = star_gan_discriminator((128, 128, 3), 2, base_filters=2)
    halvings = [(2 * 2**step, (4, 4), (2, 2)) for step in range(6)]
    assert convolutions(judge) == [*halvings, (1, (3, 3), (1, 1)), (2, (2, 2), (1, 1))]
    assert not any("Normalization" in type(each).__name__ for each in judge.layers)


@pytest.fixture(scope="module")
def generator():
    keras.utils.set_random_seed(0)
    return star_gan_generator(X.shape[1:], Classes(4), 4, num_blocks=1, num_halvings=1)


def test_the_label_reaches_the_image(generator):
    """Images of one source under four labels differ, and each label moves them."""
    given = tf.eye(4)
    images = np.array(generator([tf.repeat(X[:1], 4, axis=0), given]))
    assert images.shape == (4, 9, 12, 2) and images.min() > 0 and images.max() < 1
    for one in range(4):
        for other in range(one):
            assert np.abs(images[one] - images[other]).mean() > 0.005
    with tf.GradientTape() as tape:
        tape.watch(given)
        total = tf.reduce_sum(generator([tf.repeat(X[:1], 4, axis=0), given]) ** 2)
    assert np.all(np.abs(np.diag(tape.gradient(total, given))) > 1e-3)


def test_a_normalization_behind_mirrored_edges_would_take_the_label_away():
    """The reason why the first convolution has none."""
    planes = tf.constant(np.repeat(np.eye(4), 2, axis=0).reshape(8, 1, 1, 4), tf.float32)
    planes = tf.tile(planes, (1, 7, 7, 1))
    convolution = keras.layers.Conv2D(5, 3)
    normalized = GroupNormalization(5, epsilon=1e-5)
    x = tf.pad(X[:1, :5, :5], ((0, 0), (1, 1), (1, 1), (0, 0)), "REFLECT")
    both = tf.concat([tf.repeat(x, 8, axis=0), planes], axis=-1)
    h = convolution(both)
    assert np.abs(h[0] - h[2]).max() > 0.1
    np.testing.assert_allclose(normalized(h)[0], normalized(h)[2], atol=1e-4)


def test_the_output_is_the_mean_over_patches_and_the_logits_see_the_whole_image():
    keras.utils.set_random_seed(0)
    judge = star_gan_discriminator(X.shape[1:], 4, 3)
    outputs, logits = judge(X)
    assert outputs.shape == (3,) and logits.shape == (3, 4)
    patches = keras.Model(judge.input, judge.get_layer("patches").output)(X)
    np.testing.assert_allclose(outputs, np.mean(patches, axis=(1, 2, 3)), rtol=1e-5)
    with tf.GradientTape() as tape:
        tape.watch(X)
        one = judge(X)[1][:, 2]
    slope = np.abs(tape.gradient(one, X)).sum(axis=-1)
    # Of the odd side's last row and column too.
    assert np.all(slope > 0)


def test_without_halvings_all_convolutions_are_on_the_images_grid():
    generator = star_gan_generator((9, 8, 1), Classes(3), 4, num_blocks=1, num_halvings=0)
    expected = [(4, (7, 7), (1, 1)), *[(4, (3, 3), (1, 1))] * 2, (1, (7, 7), (1, 1))]
    assert convolutions(generator) == expected and generator.output_shape == (None, 9, 8, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_halvings": -1}, "num_halvings.*Received: -1"),
        ({"num_halvings": 4}, "num_halvings.*Received: 4"),
        ({"num_blocks": 0}, "num_blocks.*Received: 0"),
        ({"kernel_size": 4}, "kernel_size.*Received: 4"),
        ({"base_filters": 0}, "base_filters.*Received: 0"),
        ({"image_shape": (7, 9, 1)}, "at least 8.*Received: "),
    ],
)
def test_bad_sizes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        star_gan_generator(**{"image_shape": (9, 9, 1), "condition": Classes(3)} | arguments)
    if {*arguments} <= {"num_halvings", "base_filters", "image_shape"}:
        with pytest.raises(ValueError, match=message):
            star_gan_discriminator(**{"image_shape": (9, 9, 1), "num_logits": 2} | arguments)
