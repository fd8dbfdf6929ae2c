"""DiffAugment: what each change may do, by hand, and gradients that pass through it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.adversarial import DiffAugment

SEED = tf.constant([0, 5])


def images(num=400, height=8, width=12, channels=3):
    return np.random.default_rng(0).random((num, height, width, channels), "float32")


def augmented(policy, x):
    return DiffAugment((policy,))(tf.constant(x), SEED).numpy()


def test_colors_are_an_affine_change_of_each_image_by_factors_in_range():
    """In [-1, 1]: brightness b, then saturation s about the pixel's mean, contrast c about all."""
    x = 2 * images() - 1
    y = 2 * augmented("color", (x + 1) / 2) - 1
    pixel, pixel_of_y = (each.mean(axis=3, keepdims=True) for each in (x, y))
    # Colours about their pixel's mean have the factor s c, the means about the image's c.
    colors = np.sum((y - pixel_of_y) * (x - pixel), axis=(1, 2, 3))
    colors /= np.sum((x - pixel) ** 2, axis=(1, 2, 3))
    whole, whole_of_y = (each.mean(axis=(1, 2, 3)) for each in (x, y))
    grey = pixel - whole[:, None, None, None]
    contrast = np.sum(grey * pixel_of_y, axis=(1, 2, 3)) / np.sum(grey**2, axis=(1, 2, 3))
    brightness, saturation = whole_of_y - whole, colors / contrast
    for found, low, high in ((brightness, -0.5, 0.5), (saturation, 0, 2), (contrast, 0.5, 1.5)):
        assert low <= found.min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < found.max() <= high + 1e-5
        np.testing.assert_allclose(found.mean(), (low + high) / 2, atol=0.1)
    expected = contrast[:, None, None, None] * (
        saturation[:, None, None, None] * (x - pixel) + grey
    )
    np.testing.assert_allclose(y, expected + whole_of_y[:, None, None, None], atol=1e-4)


def test_translation_moves_images_by_up_to_an_eighth_and_fills_with_grey():
    x = images()
    y = augmented("translation", x)
    padded = np.pad(x, ((0, 0), (1, 1), (2, 2), (0, 0)), constant_values=0.5)
    shifts = set()
    for before, after in zip(padded, y, strict=True):
        fits = [
            (down, right)
            for down in range(3)
            for right in range(5)
            if np.allclose(before[down : down + 8, right : right + 12], after, atol=1e-6)
        ]
        assert len(fits) == 1
        shifts.add(fits[0])
    # An eighth of 8 is 1 pixel, of 12 it is 1.5, which is rounded up as in the paper's code.
    assert shifts == {(down, right) for down in range(3) for right in range(5)}


def test_cutout_empties_a_window_of_half_the_sides():
    x = images()
    y = augmented("cutout", x)
    cut = np.any(y != x, axis=3)
    np.testing.assert_allclose(y[cut], 0.5)
    rows, columns = cut.any(axis=2), cut.any(axis=1)
    np.testing.assert_array_equal(cut, rows[:, :, None] & columns[:, None, :])
    # Anywhere: whole windows in the middle, halves of them at the edges.
    assert {*rows.sum(axis=1)} == {2, 3, 4} and {*columns.sum(axis=1)} == {3, 4, 5, 6}
    assert rows.any(axis=0).all() and columns.any(axis=0).all()
    for line in rows:
        first, last = np.flatnonzero(line)[[0, -1]]
        assert line[first : last + 1].all()


def test_grey_images_keep_their_one_channel_and_gradients_pass():
    x = tf.constant(images(4, channels=1))
    change = DiffAugment()
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = change(x, SEED)
        total = tf.reduce_sum(y * tf.constant(images(4, channels=1)[::-1]))
    assert y.shape == x.shape
    gradient = tape.gradient(total, x)
    direction = tf.constant(np.random.default_rng(1).normal(size=x.shape).astype("float32"))
    # Affine in x, so that any step is as good as a small one.
    moved = tf.reduce_sum((change(x + direction, SEED) - y) * images(4, channels=1)[::-1])
    np.testing.assert_allclose(tf.reduce_sum(gradient * direction), moved, rtol=1e-3)


def test_the_seed_decides_and_each_image_has_draws_of_its_own():
    change, x = DiffAugment(), tf.constant(np.repeat(images(1), 20, axis=0))
    y = change(x, SEED)
    np.testing.assert_array_equal(change(x, SEED), y)
    compiled = tf.function(change, jit_compile=True)(x, SEED)
    assert compiled.shape == y.shape and np.isfinite(compiled).all()
    assert not np.array_equal(change(x, SEED + 1), y)
    assert len(np.unique(np.reshape(y, (20, -1)), axis=0)) == 20


def test_it_is_a_value_and_refuses_other_policies():
    config = keras.saving.serialize_keras_object(DiffAugment(("cutout",)))
    assert keras.saving.deserialize_keras_object(config) == DiffAugment(["cutout"])
    for policy in ((), ("colour",), "color", ("color", "color")):
        with pytest.raises(ValueError, match="policy to hold some of color.*Received: "):
            DiffAugment(policy)
    with pytest.raises(ValueError, match="expected images.*Received: "):
        DiffAugment()(tf.zeros((2, 3)), SEED)
