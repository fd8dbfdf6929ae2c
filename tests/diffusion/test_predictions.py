"""Epsilon, x_0, v and Karras's preconditioning: four ways to say one thing."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.diffusion import Epsilon, Preconditioned, Start, Velocity

PREDICTIONS = [Epsilon(), Start(), Velocity(), Preconditioned(), Preconditioned(2.0)]


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=repr)
@settings(deadline=None, max_examples=30)
@given(sigma=st.floats(1e-2, 1e2), seed=st.integers(0, 1000))
def test_the_target_means_the_x0_and_noise_it_was_made_of(prediction, sigma, seed):
    rng = np.random.default_rng(seed)
    x0, noise = (tf.constant(rng.normal(size=(2, 3))) for _ in range(2))
    sigma = tf.constant([sigma, 1.0], tf.float64)
    x = x0 + sigma[:, None] * noise
    found = prediction.start(prediction.target(x0, noise, sigma), x, sigma)
    np.testing.assert_allclose(found, x0, atol=1e-9)
    np.testing.assert_allclose((x - found) / sigma[:, None], noise, atol=1e-9)


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=repr)
def test_the_target_keeps_its_digits_where_there_is_hardly_any_noise(prediction):
    """Of float32 examples, at a level where x_0 - c_skip x has three digits left."""
    rng = np.random.default_rng(0)
    x0, noise = rng.normal(size=(2, 4, 3))
    exact = prediction.target(tf.constant(x0), tf.constant(noise), 1e-4)
    found = prediction.target(
        tf.constant(x0, tf.float32), tf.constant(noise, tf.float32), tf.constant(1e-4, tf.float64)
    )
    np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-6)


def test_networks_read_the_papers_x_t():
    sigma = tf.constant([0.01, 1.0, 157.0])
    for prediction in (Epsilon(), Start(), Velocity()):
        np.testing.assert_allclose(prediction.c_in(sigma), (1 + sigma**2) ** -0.5, rtol=1e-6)


def test_preconditioning_is_that_of_table_1():
    sigma, data = np.array([0.01, 1.0, 80.0]), 0.5
    prediction, both = Preconditioned(data), sigma**2 + data**2
    np.testing.assert_allclose(prediction.c_skip(sigma), data**2 / both)
    np.testing.assert_allclose(prediction.c_out(sigma), sigma * data / np.sqrt(both))
    np.testing.assert_allclose(prediction.c_in(sigma), 1 / np.sqrt(both))
    # Of data with that deviation, what goes in and what is to come out has unit variance.
    x0, noise = np.random.default_rng(0).normal(size=(2, 3, 50000))
    x0 *= data
    np.testing.assert_allclose(
        np.std(prediction.c_in(sigma)[:, None] * (x0 + sigma[:, None] * noise), axis=1),
        1,
        rtol=0.02,
    )
    target = prediction.target(tf.constant(x0), tf.constant(noise), tf.constant(sigma))
    np.testing.assert_allclose(np.std(target, axis=1), 1, rtol=0.02)


def test_preconditioning_of_unit_variance_is_the_velocity_but_for_its_sign():
    sigma = tf.constant([0.1, 3.0], tf.float64)
    one, other = Preconditioned(1.0), Velocity()
    np.testing.assert_allclose(one.c_skip(sigma), other.c_skip(sigma))
    np.testing.assert_allclose(one.c_out(sigma), -other.c_out(sigma))
    np.testing.assert_allclose(one.c_in(sigma), other.c_in(sigma))


def test_velocity_is_the_derivative_by_the_angle():
    """x_t = cos(phi) x_0 + sin(phi) noise, v = d x_t / d phi  (Salimans & Ho 2022, section 4)."""
    x0, noise = tf.constant([[0.4, -1.0]], tf.float64), tf.constant([[1.3, 0.2]], tf.float64)
    phi = tf.constant(0.7, tf.float64)
    with tf.autodiff.ForwardAccumulator(phi, tf.ones_like(phi)) as accumulator:
        xt = tf.cos(phi) * x0 + tf.sin(phi) * noise
    velocity = Velocity().target(x0, noise, tf.tan(phi))
    np.testing.assert_allclose(velocity, accumulator.jvp(xt), rtol=1e-12)


def test_an_impossible_deviation_is_refused():
    with pytest.raises(ValueError, match="Received: 0"):
        Preconditioned(0.0)
