"""Epsilon, x_0 and v: three ways to say one thing."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.diffusion import Epsilon, Start, Velocity

PREDICTIONS = [Epsilon(), Start(), Velocity()]


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=repr)
@settings(deadline=None, max_examples=30)
@given(alpha_bar=st.floats(1e-4, 1 - 1e-4), seed=st.integers(0, 1000))
def test_the_target_means_the_x0_and_noise_it_was_made_of(prediction, alpha_bar, seed):
    rng = np.random.default_rng(seed)
    x0, noise = (tf.constant(rng.normal(size=(2, 3))) for _ in range(2))
    alpha_bar = tf.constant([alpha_bar, 0.5], tf.float64)
    xt = tf.sqrt(alpha_bar)[:, None] * x0 + tf.sqrt(1 - alpha_bar)[:, None] * noise
    target = prediction.target(x0, noise, alpha_bar)
    found = prediction.x0_and_noise(target, xt, alpha_bar)
    np.testing.assert_allclose(found, [x0, noise], atol=1e-9)


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=repr)
def test_predicted_x0_and_noise_always_add_up_to_x_t(prediction):
    rng = np.random.default_rng(0)
    output, xt = (tf.constant(rng.normal(size=(2, 3))) for _ in range(2))
    x0, noise = prediction.x0_and_noise(output, xt, tf.constant(0.3, tf.float64))
    np.testing.assert_allclose(np.sqrt(0.3) * x0 + np.sqrt(0.7) * noise, xt, rtol=1e-12)


def test_velocity_is_the_derivative_by_the_angle():
    """x_t = cos(phi) x_0 + sin(phi) noise, v = d x_t / d phi  (Salimans & Ho 2022, section 4)."""
    x0, noise = tf.constant([[0.4, -1.0]], tf.float64), tf.constant([[1.3, 0.2]], tf.float64)
    phi = tf.constant(0.7, tf.float64)
    with tf.autodiff.ForwardAccumulator(phi, tf.ones_like(phi)) as accumulator:
        xt = tf.cos(phi) * x0 + tf.sin(phi) * noise
    velocity = Velocity().target(x0, noise, tf.cos(phi) ** 2)
    np.testing.assert_allclose(velocity, accumulator.jvp(xt), rtol=1e-12)
