"""Supports move predictions to the nearest point where x_0 may be."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.diffusion import Everywhere, Interval, Sphere

X = tf.constant(np.random.default_rng(0).normal(size=(5, 2, 3)), tf.float32)
SUPPORTS = [Everywhere(), Interval(), Interval(0, 0.3), Sphere(), Sphere(2.5)]


@pytest.mark.parametrize("support", SUPPORTS, ids=repr)
def test_a_point_of_the_support_stays_and_no_other_is_nearer(support):
    points = support.project(X)
    np.testing.assert_allclose(support.project(points), points, rtol=1e-6)
    others = support.project(10 * tf.random.stateless_normal((1000, 2, 3), [0, 1]))
    distance = lambda y: np.sum((y - X.numpy()[:, None]) ** 2, axis=(2, 3))
    nearest = distance(points.numpy()[:, None])
    assert np.all(distance(others.numpy()[None]) >= nearest - 1e-5)


def test_supports_are_what_they_say():
    assert Everywhere().project(X) is X
    np.testing.assert_array_equal(Interval(-0.5, 0.2).project(X), np.clip(X, -0.5, 0.2))
    norms = tf.sqrt(tf.reduce_sum(Sphere(2.5).project(X) ** 2, axis=[1, 2]))
    np.testing.assert_allclose(norms, 2.5, rtol=1e-6)
    assert np.all(Sphere().project(tf.zeros((1, 2))) == 0)


@pytest.mark.parametrize("make", [lambda: Interval(1, 1), lambda: Sphere(0.0)])
def test_impossible_supports_are_refused(make):
    with pytest.raises(ValueError, match="Received: "):
        make()
