"""The projection discriminator: its score by hand, for every kind of condition."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import Attributes, Captions, Classes, Vector
from tfgen.networks import (
    condition_features,
    dcgan_discriminator,
    dcgan_features,
    mlp,
    projection_discriminator,
)


def images(num, image_shape):
    return tf.constant(np.random.default_rng(0).random((num, *image_shape), "float32"))


@pytest.mark.parametrize(
    ("condition", "y"),
    [
        (Classes(3), [2, 0, 1, 2]),
        (Vector(2), np.arange(8, dtype="float32").reshape(4, 2)),
        (Attributes(("long", "bold")), [[1, 0], [1, 1], [0, 0], [0, 1]]),
        (Captions(("red", "seven"), 3), ["red", "a seven", "", "seven red"]),
    ],
)
def test_the_score_is_that_of_equation_3(condition, y):
    keras.utils.set_random_seed(0)
    phi = dcgan_features((8, 9, 1), base_filters=2)
    judge = projection_discriminator(phi, condition)
    weights = [10 * np.asarray(w) + 0.1 for w in judge.get_weights()]
    judge.set_weights(weights)
    x, given = images(4, (8, 9, 1)), condition.encode(condition.tokens(y))
    reads = condition_features(condition)
    words = [w for w in judge.weights if "words" in w.path]
    reads.set_weights([np.asarray(w) for w in words])
    of_x, of_y = np.asarray(phi(x)), np.asarray(reads(given))
    v = np.asarray(judge.get_layer("embedding").kernel)
    w, b = judge.get_layer("psi").get_weights()
    expected = np.sum((of_y @ v) * of_x, axis=1) + of_x @ w[:, 0] + b
    np.testing.assert_allclose(judge([x, given]), expected, rtol=2e-4)
    # Where y says nothing, psi alone speaks.
    nothing = judge([x, condition.nothing(4)])
    np.testing.assert_allclose(nothing, of_x @ w[:, 0] + b, rtol=2e-4, atol=1e-5)


def test_features_of_any_shape_serve_and_others_are_refused():
    grids = mlp((3,), (4,), (2, 2, 1))
    judge = projection_discriminator(grids, Vector(1))
    assert judge.get_layer("embedding").kernel.shape == (1, 4)
    two = mlp((3,), (4,), (2,), condition=Vector(1))
    with pytest.raises(ValueError, match="one input and one output. Received: 2 and 1"):
        projection_discriminator(two, Vector(1))
    with pytest.raises(ValueError, match="a condition to project on. Received: None"):
        projection_discriminator(grids, None)


def test_features_are_the_discriminator_s_without_its_last_layer():
    whole, phi = dcgan_discriminator((9, 12, 2), 2), dcgan_features((9, 12, 2), 2)
    *own, w, b = whole.get_weights()
    phi.set_weights(own)
    x = images(3, (9, 12, 2))
    np.testing.assert_allclose(whole(x), (phi(x) @ w)[:, 0] + b, rtol=1e-5, atol=1e-6)


def test_a_conditional_discriminator_is_a_projection_on_the_same_features():
    keras.utils.set_random_seed(0)
    of_both = dcgan_discriminator((9, 12, 2), 2, condition=Classes(3))
    alone, phi = dcgan_discriminator((9, 12, 2), 2), dcgan_features((9, 12, 2), 2)
    features, psi = of_both.get_layer("features"), of_both.get_layer("psi")
    alone.set_weights([*features.get_weights(), *psi.get_weights()])
    phi.set_weights(features.get_weights())
    x = images(3, (9, 12, 2))
    of_classes = of_both.get_layer("embedding").kernel.numpy()[[2, 0, 1]]
    expected = alone(x) + np.sum(of_classes * phi(x), axis=1)
    found = of_both([x, tf.one_hot([2, 0, 1], 3)])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert of_both.name == "discriminator"
