"""Penalties against gradients worked by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.losses import R1

SEED = tf.constant([0, 3])


def test_r1_is_half_the_mean_square_of_the_gradient_worked_by_hand():
    """D(x) = a . x + x_0^2 x_1 has the gradient (a_0 + 2 x_0 x_1, a_1 + x_0^2)."""
    x, a = np.array([[1.0, 2.0], [-0.5, 3.0], [0.0, 0.0]], "float32"), (0.5, -1.0)
    judge = lambda x: a[0] * x[:, 0] + a[1] * x[:, 1] + x[:, 0] ** 2 * x[:, 1]
    squares = (0.5 + 2 * x[:, 0] * x[:, 1]) ** 2 + (x[:, 0] ** 2 - 1) ** 2
    for weight in (0.1, 10.0):
        found = R1(weight)(judge, tf.constant(x), tf.constant(x + 1), SEED)
        np.testing.assert_allclose(found, weight / 2 * squares.mean(), rtol=1e-6)


def test_r1_moves_the_discriminator_by_the_gradient_worked_by_hand():
    """Of D(x) = sum w x over images the penalty is weight / 2 |w|^2, whatever x is."""
    w = tf.Variable(np.arange(6.0, dtype="float32").reshape(2, 3, 1))
    with tf.GradientTape() as tape:
        ones = tf.ones((4, 2, 3, 1))
        loss = R1(0.5)(lambda x: tf.reduce_sum(w * x, axis=(1, 2, 3)), ones, 2 * ones, SEED)
    np.testing.assert_allclose(loss, 0.25 * 55, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(loss, w), 0.5 * w, rtol=1e-6)


def test_r1_is_a_value_with_a_positive_weight():
    config = keras.saving.serialize_keras_object(R1(3.0))
    assert keras.saving.deserialize_keras_object(config) == R1(3.0) != R1()
    for weight in (0.0, -1.0, "1"):
        with pytest.raises(ValueError, match="weight.*Received: "):
            R1(weight)
