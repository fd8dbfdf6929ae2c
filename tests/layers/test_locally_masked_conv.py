"""The locally masked convolution, pixel by pixel."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import LocallyMaskedConv2D, MaskedConv2D


def random_layer(mask, kernel_size=(3, 5), groups=3):
    layer = LocallyMaskedConv2D(6, kernel_size, mask=mask, groups=groups)
    layer.build((None, None, None, 3))
    generator = np.random.default_rng(0)
    layer.set_weights([generator.normal(size=w.shape) for w in layer.get_weights()])
    return layer


@pytest.mark.parametrize("mask", ["A", "B"])
def test_it_is_a_sum_over_the_visible_pixels_and_the_channels_before(mask):
    layer, generator = random_layer(mask), np.random.default_rng(1)
    x = generator.normal(size=(2, 4, 5, 3)).astype("float32")
    visible = generator.integers(0, 2, (4, 5, 15)).astype("float32")
    padded = np.pad(x, ((0, 0), (1, 1), (2, 2), (0, 0)))
    kernel, bias = (weight.numpy() for weight in layer.weights)
    expected = np.tile(bias, (2, 4, 5, 1))
    for i, j, o in np.ndindex(4, 5, 15):
        di, dj = divmod(o, 5)
        pixel = padded[:, i + di, j + dj]
        if o != 7:
            expected[:, i, j] += visible[i, j, o] * pixel @ kernel[di, dj]
            continue
        for out in range(6):
            seen = out // 2 + (mask == "B")
            expected[:, i, j, out] += pixel[:, :seen] @ kernel[di, dj, :seen, out]
    found = layer(x, visible)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    # A sampler computes the two parts of a pixel one after the other.
    patches = [padded[:, 1 + o // 5, 2 + o % 5] for o in range(15)]
    patches = np.stack(patches, axis=1) * visible[1, 2, :, None]
    patches[:, 7] = 0
    channels = [x[:, 1, 2, c : c + 1] for c in range(3)]
    others = tf.split(layer.from_others(patches), 3, axis=-1)
    parts = tf.concat([owed + layer.own(c, channels) for c, owed in enumerate(others)], axis=-1)
    np.testing.assert_allclose(parts, found[:, 1, 2], rtol=1e-4)


def test_one_mask_for_all_pixels_gives_the_masked_convolution():
    layer = random_layer("B")
    twin = MaskedConv2D(6, (3, 5), mask="B", groups=3)
    twin.build((None, None, None, 3))
    twin.set_weights(layer.get_weights())
    x = tf.random.stateless_normal((2, 4, 5, 3), (0, 2))
    visible = np.tile(np.arange(15) < 7, (4, 5, 1)).astype("float32")
    np.testing.assert_allclose(layer(x, visible), twin(x), rtol=1e-4, atol=1e-5)


def test_half_precision_and_configuration():
    layer = LocallyMaskedConv2D(6, 3, mask="A", groups=3, dtype="mixed_bfloat16", name="first")
    y = layer(tf.ones((2, 4, 5, 3)), tf.ones((4, 5, 9)))
    assert y.dtype == tf.bfloat16 and y.shape == layer.compute_output_shape((2, 4, 5, 3))
    config = keras.saving.serialize_keras_object(layer)
    twin = keras.saving.deserialize_keras_object(config)
    assert twin.get_config() == layer.get_config() and twin.kernel_size == (3, 3)
