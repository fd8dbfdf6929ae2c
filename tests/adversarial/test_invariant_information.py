"""Invariant information of categories: by hand, its bounds, and what it moves."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.adversarial import AffineJitter, InfoGAN, InvariantInformation
from tfgen.distributions import CategoricalCode, Code, UniformCode

CODE = Code((CategoricalCode(3), UniformCode(1)))
SHAPE = (8, 8, 1)


def params(logits):
    """Of Q(c | x), the numbers' part being nothing."""
    return tf.concat([tf.cast(logits, tf.float32), tf.zeros((len(logits), 2))], axis=1)


def test_the_term_is_the_information_of_the_symmetric_joint_distribution():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 5, 3))
    shares = lambda logits: np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    joint = shares(one).T @ shares(other) / 5
    joint = (joint + joint.T) / 2
    expected = sum(
        joint[i, j] * np.log(joint[i, j] / (joint[i].sum() * joint[:, j].sum()))
        for i in range(3)
        for j in range(3)
    )
    term = InvariantInformation(AffineJitter(), weight=2.0)
    np.testing.assert_allclose(term(CODE, params(one), params(other)), -2 * expected, rtol=1e-4)
    # Sure, alike and equally frequent: H(c). The same category for all: nothing.
    sure = 50 * np.eye(3)
    np.testing.assert_allclose(term(CODE, params(sure), params(sure)), -2 * np.log(3), rtol=1e-5)
    alike = 50 * np.eye(3)[[1, 1, 1]]
    np.testing.assert_allclose(term(CODE, params(alike), params(alike)), 0, atol=1e-5)


def test_it_is_part_of_the_discriminator_s_loss_and_leaves_its_statistics():
    """At rotation, scale and shift 0 the changed images are the images."""
    still = AffineJitter(0.0, 0.0, 0.0)
    x = tf.constant(np.random.default_rng(0).random((6, *SHAPE), "float32"))
    losses, weights = [], []
    for invariance in (None, InvariantInformation(still)):
        keras.utils.set_random_seed(0)
        model = InfoGAN.default(SHAPE, CODE, 2, base_filters=2, hidden=6, invariance=invariance)
        wide = model.discriminator.get_layer("params")
        wide.kernel.assign(20 * wide.kernel)
        _, of_real = model.look(x, training=True)
        losses.append(model.discriminator_loss((x,), tf.constant([0, 1]), True))
        weights.append(model.discriminator.get_weights())
    expected = InvariantInformation(still)(CODE, of_real, of_real)
    assert expected < -0.01
    found = losses[1]["discriminator_loss"] - losses[0]["discriminator_loss"]
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_jitter_moves_what_it_says_and_no_more():
    x = np.zeros((200, 9, 9, 1), "float32")
    x[:, 4, 6] = 1
    turned = AffineJitter(30.0, 0.0, 0.0)(tf.constant(x), tf.constant([0, 1]))[..., 0]
    rows, columns = np.indices((9, 9)) - 4
    mass = np.sum(turned, axis=(1, 2))
    angles = np.degrees(
        np.arctan2(np.sum(turned * rows, axis=(1, 2)), np.sum(turned * columns, axis=(1, 2)))
    )
    # A pixel falls on four, which turns their centre by up to two degrees.
    assert np.max(np.abs(angles)) < 32 and np.ptp(angles) > 50
    np.testing.assert_allclose(mass, 1, atol=0.3)
    shifted = AffineJitter(0.0, 0.0, 0.2)(tf.constant(x), tf.constant([0, 1]))[..., 0]
    centre = np.sum(shifted * rows, axis=(1, 2))
    assert np.max(np.abs(centre)) <= 0.2 * 9 + 1e-4 and np.ptp(centre) > 3
    still = AffineJitter(0.0, 0.0, 0.0)(tf.constant(x), tf.constant([0, 1]))
    np.testing.assert_allclose(still, x, atol=1e-6)


def test_jitter_is_linear_in_the_image_and_runs_under_xla():
    rng = np.random.default_rng(0)
    one, other = (tf.constant(rng.random((3, 5, 7, 2), "float32")) for _ in range(2))
    jitter, seed = AffineJitter(40.0, 0.3, 0.2), tf.constant([0, 1])
    moved = jitter(one + 2 * other, seed)
    np.testing.assert_allclose(moved, jitter(one, seed) + 2 * jitter(other, seed), atol=1e-5)
    compiled = tf.function(jitter, jit_compile=True)
    assert np.isfinite(compiled(one, seed)).all()
    with tf.GradientTape() as tape:
        tape.watch(one)
        total = tf.reduce_sum(other * jitter(one, seed))
    # The gradient of a linear map is the map's own transpose.
    gradient = tape.gradient(total, one)
    np.testing.assert_allclose(tf.reduce_sum(gradient * one), total, rtol=1e-4)


def test_an_image_that_is_twice_as_large_has_its_pixels_twice_as_far_out():
    x = np.zeros((1, 9, 9, 1), "float32")
    x[0, 4, 6] = 1
    jitter = AffineJitter(0.0, 0.5, 0.0)
    grown = jitter(tf.constant(np.repeat(x, 200, axis=0)), tf.constant([0, 1]))[..., 0]
    columns = np.indices((9, 9))[1] - 4
    places = np.sum(grown * columns, axis=(1, 2)) / np.sum(grown, axis=(1, 2))
    # From 2 * 0.5 to 2 * 1.5 pixels, to a quarter, as pixels are.
    assert np.min(places) < 1.35 and np.max(places) > 2.65
    assert np.min(places) > 0.75 and np.max(places) < 3.25
    np.testing.assert_allclose(
        np.sum(grown * (np.indices((9, 9))[0] - 4), axis=(1, 2)), 0, atol=1e-4
    )


def test_arguments_out_of_range_are_refused():
    with pytest.raises(ValueError, match="an augmentation, such as.*Received: 3"):
        InvariantInformation(3)
    with pytest.raises(ValueError, match="weight to be positive.*Received: 0"):
        InvariantInformation(AffineJitter(), weight=0)
    with pytest.raises(ValueError, match="a code with a CategoricalCode. Received: "):
        InfoGAN.default(
            SHAPE,
            Code(UniformCode(1)),
            2,
            base_filters=2,
            hidden=6,
            invariance=InvariantInformation(AffineJitter()),
        )
    with pytest.raises(ValueError, match=r"scale to be in \[0, 1\). Received: 1"):
        AffineJitter(scale=1)
    with pytest.raises(ValueError, match=r"images \[batch.*Received: shape \(2, 3\)"):
        AffineJitter()(tf.zeros((2, 3)), tf.constant([0, 1]))
