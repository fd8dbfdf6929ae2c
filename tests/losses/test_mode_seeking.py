"""The mode-seeking term against its value and gradient worked by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.losses import ModeSeeking


def test_the_term_is_the_distance_of_the_noise_over_that_of_the_images():
    z_a, z_b = tf.constant([[1.0, -1.0], [0.0, 2.0]]), tf.constant([[0.0, 1.0], [0.0, 1.0]])
    x_a, x_b = tf.fill((2, 2, 2, 1), 0.75), tf.fill((2, 2, 2, 1), 0.25)
    found = ModeSeeking(0.1)(z_a, z_b, x_a, x_b)
    # E|z_a - z_b| = (1 + 2 + 0 + 1) / 4 = 1 and E|x_a - x_b| = 1 / 2.
    np.testing.assert_allclose(found, 0.1 / (0.5 + 1e-5), rtol=1e-6)
    assert found.dtype == tf.float32 and found.shape == ()


def test_the_gradient_drives_the_two_images_apart_the_more_the_closer_they_are():
    """d/ds of weight / s, where x_a - x_b = s everywhere and E|z_a - z_b| = 1."""
    z = tf.ones((3, 2))
    for apart in (0.1, 0.5):
        s = tf.Variable(apart)
        with tf.GradientTape() as tape:
            loss = ModeSeeking(2.0)(z, 0 * z, s * tf.ones((3, 4)), tf.zeros((3, 4)))
        np.testing.assert_allclose(tape.gradient(loss, s), -2 / apart**2, rtol=1e-3)


def test_images_that_are_the_same_have_a_finite_term():
    z, x = tf.ones((2, 3)), tf.ones((2, 4))
    np.testing.assert_allclose(ModeSeeking()(z, -z, x, x), 1e5, rtol=1e-6)


def test_half_precision_is_computed_in_float32():
    z, x = tf.ones((2, 3), tf.float16), tf.fill((2, 4), tf.constant(0.5, tf.float16))
    assert ModeSeeking()(z, 0 * z, x, 0 * x).dtype == tf.float32


@pytest.mark.parametrize("weight", [0, -1.0, float("nan"), "much"])
def test_a_weight_that_is_not_positive_is_refused(weight):
    with pytest.raises(ValueError, match="expected weight to be positive.*Received"):
        ModeSeeking(weight)
