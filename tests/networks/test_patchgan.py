"""The discriminator of patches: the paper's sizes, and how far an output sees."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.networks import patch_side, patchgan_discriminator


def test_the_network_of_the_paper_has_its_weights_and_patches_of_70():
    network = patchgan_discriminator((256, 256, 3))
    kernels = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 64 + 1
    assert network.count_params() == kernels + 2 * (128 + 256 + 512) == 2_765_633
    assert network.output_shape == (None, 32, 32, 1)
    assert [patch_side(n) for n in (1, 2, 3)] == [16, 34, 70]


@pytest.mark.parametrize(
    ("side", "halvings"), [(8, 1), (16, 1), (33, 1), (34, 2), (69, 2), (70, 3), (128, 3)]
)
def test_small_images_have_smaller_patches(side, halvings):
    network = patchgan_discriminator((side, side + 3, 1), base_filters=1)
    convolutions = [each for each in network.layers if isinstance(each, keras.layers.Conv2D)]
    strides = [each.strides[0] for each in convolutions]
    assert strides == [2] * halvings + [1, 1]
    assert [each.filters for each in convolutions] == [*([1, 2, 4, 8][: halvings + 1]), 1]


@pytest.mark.parametrize("halvings", [1, 2])
def test_an_output_sees_its_patch(halvings):
    """Through the convolutions alone: instance normalization looks at all of the image."""
    network = patchgan_discriminator((80, 80, 1), base_filters=1, num_halvings=halvings)
    x = h = tf.Variable(tf.zeros((1, 80, 80, 1)))
    with tf.GradientTape() as tape:
        for layer in network.layers:
            if isinstance(layer, keras.layers.Conv2D):
                layer.kernel.assign(tf.ones_like(layer.kernel))
                h = layer(h)
        middle = h.shape[1] // 2
        output = h[0, middle, middle, 0]
    seen = tape.gradient(output, x)[0, :, :, 0].numpy() != 0
    rows = np.flatnonzero(seen.any(axis=1))
    assert seen.sum() == patch_side(halvings) ** 2 and len(rows) == rows[-1] - rows[0] + 1


def test_filters_stop_at_eight_times_the_first():
    network = patchgan_discriminator((64, 64, 1), base_filters=2, num_halvings=5)
    convolutions = [each for each in network.layers if isinstance(each, keras.layers.Conv2D)]
    assert [each.filters for each in convolutions] == [2, 4, 8, 16, 16, 16, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (8, 7, 1)}, "at least 8"),
        ({"num_halvings": 0}, "at least 1"),
        ({"num_halvings": 3}, "2 or more of 8 pixels"),
        ({"base_filters": 0}, "at least 1"),
    ],
)
def test_wrong_sizes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        patchgan_discriminator(**{"image_shape": (8, 8, 1), "base_filters": 2, **arguments})
