"""A pool of earlier images: what it holds, what it gives, and when."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import ImagePool


def numbered(first, count):
    """Images whose every pixel is the number of the image."""
    numbers = np.arange(first, first + count, dtype="float32")
    return np.broadcast_to(numbers[:, None, None, None], (count, 2, 2, 1)).copy()


def pool_of(size):
    pool = ImagePool(size)
    pool.build((None, 2, 2, 1))
    return pool


def numbers(images):
    images = np.asarray(images)
    np.testing.assert_array_equal(images, np.broadcast_to(images[:, :1, :1], images.shape))
    return images[:, 0, 0, 0]


def test_the_pool_fills_first_and_gives_what_it_gets():
    pool = pool_of(5)
    for first in (1, 3):
        images = numbered(first, 2)
        given = pool(images, seed=tf.constant([0, first]), training=True)
        np.testing.assert_array_equal(given, images)
    np.testing.assert_array_equal(numbers(pool.images), [1, 2, 3, 4, 0])
    assert int(pool.count) == 4
    # One more fits; what it then may exchange for is all of the five.
    given = numbers(pool(numbered(5, 3), seed=tf.constant([0, 5]), training=True))
    assert given[0] == 5 and int(pool.count) == 5
    after = sorted([*numbers(pool.images), *given[1:]])
    assert after == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(("batch", "jit_compile"), [(1, False), (3, True), (7, False)])
def test_half_of_the_images_change_places_with_stored_ones(batch, jit_compile):
    size, steps = 5, 150
    pool = pool_of(size)
    step = tf.function(lambda x, seed: pool(x, seed, training=True), jit_compile=jit_compile)
    first, exchanged, taken_from = 1, 0, np.zeros(size)
    step(numbered(first, 7)[:batch], tf.constant([1, 0]))
    while int(pool.count) < size:
        first += batch
        step(numbered(first, batch), tf.constant([1, first]))
    for index in range(steps):
        first += batch
        images, stored = numbered(first, batch), numbers(pool.images)
        given = numbers(step(images, tf.constant([2, index])))
        # Nothing is lost, and nothing is there twice.
        after = [*numbers(pool.images), *given]
        assert sorted(after) == sorted([*stored, *numbers(images)])
        # What is not given is in the place of what is.
        for new, old in zip(numbers(images), given, strict=True):
            if new != old:
                place = list(stored).index(old)
                assert numbers(pool.images)[place] == new
                taken_from[place] += 1
                exchanged += 1
        if batch > size:
            np.testing.assert_array_equal(given[size:], numbers(images)[size:])
    # Of n fair coins, within four standard deviations of a half; each place alike.
    n = steps * min(batch, size)
    assert abs(exchanged - n / 2) < 4 * np.sqrt(n) / 2
    np.testing.assert_allclose(taken_from / exchanged, 1 / size, atol=4 * np.sqrt(0.16 / exchanged))


def test_outside_of_training_nothing_is_stored_or_exchanged():
    pool = pool_of(2)
    pool(numbered(1, 2), seed=tf.constant([0, 0]), training=True)
    for images in (numbered(8, 1), numbered(9, 4)):
        np.testing.assert_array_equal(pool(images), images)
    np.testing.assert_array_equal(numbers(pool.images), [1, 2])
    assert not pool.trainable_weights and len(pool.weights) == 2


def test_images_keep_their_precision_under_every_policy():
    image = np.full((1, 2, 2, 1), 1 / 3, "float32")
    pool = ImagePool(1, dtype="mixed_bfloat16")
    np.testing.assert_array_equal(pool(image, seed=tf.constant([0, 0]), training=True), image)
    np.testing.assert_array_equal(pool.images, image)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(pool))
    assert twin.size == 1 and twin.dtype_policy == pool.dtype_policy


@pytest.mark.parametrize("size", [0, -1, 1.5])
def test_a_pool_of_no_size_is_refused(size):
    with pytest.raises(ValueError, match="size to be .*Received: "):
        ImagePool(size)
