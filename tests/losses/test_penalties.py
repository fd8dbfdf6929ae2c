"""Penalties against gradients worked by hand, and by finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.losses import R1, Drift, GradientPenalty, SumOfPenalties
from tfgen.losses.precision import float32_for_float16
from tfgen.networks import mlp

SEED = tf.constant([0, 3])
X, A = np.array([[1.0, 2.0], [-0.5, 3.0], [0.0, 0.0]], "float32"), (0.5, -1.0)
PENALTIES = [GradientPenalty(3.0, 0.5), R1(3.0), Drift(3.0), SumOfPenalties((R1(), Drift()))]
every_penalty = pytest.mark.parametrize("penalty", PENALTIES, ids=lambda each: type(each).__name__)


def judge(x):
    """D(x) = a . x + x_0^2 x_1."""
    return A[0] * x[:, 0] + A[1] * x[:, 1] + x[:, 0] ** 2 * x[:, 1]


def squares_by_hand(x):
    """|grad D|^2, the gradient (a_0 + 2 x_0 x_1, a_1 + x_0^2)."""
    return (0.5 + 2 * x[:, 0] * x[:, 1]) ** 2 + (x[:, 0] ** 2 - 1) ** 2


def test_r1_is_half_the_mean_square_of_the_gradient_worked_by_hand():
    for weight in (0.1, 10.0):
        found = R1(weight)(judge, tf.constant(X), tf.constant(X + 1), SEED)
        np.testing.assert_allclose(found, weight / 2 * squares_by_hand(X).mean(), rtol=1e-6)


def test_r1_moves_the_discriminator_by_the_gradient_worked_by_hand():
    """Of D(x) = sum w x over images the penalty is weight / 2 |w|^2, whatever x is."""
    w = tf.Variable(np.arange(6.0, dtype="float32").reshape(2, 3, 1))
    with tf.GradientTape() as tape:
        ones = tf.ones((4, 2, 3, 1))
        loss = R1(0.5)(lambda x: tf.reduce_sum(w * x, axis=(1, 2, 3)), ones, 2 * ones, SEED)
    np.testing.assert_allclose(loss, 0.25 * 55, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(loss, w), 0.5 * w, rtol=1e-6)


def test_the_gradient_penalty_is_that_of_the_norm_between_real_and_fake():
    fake = X[::-1] - 2
    u = tf.random.stateless_uniform((3, 1), SEED).numpy()
    between = u * X + (1 - u) * fake
    for weight, target in ((10.0, 1.0), (0.5, 0.0)):
        found = GradientPenalty(weight, target)(judge, tf.constant(X), tf.constant(fake), SEED)
        norms = np.sqrt(squares_by_hand(between))
        np.testing.assert_allclose(found, weight * np.mean((norms - target) ** 2), rtol=1e-5)
    assert GradientPenalty() == GradientPenalty(10.0, 1.0)


def test_one_number_places_all_pixels_of_an_image_between_two():
    """D(x) = |x|^2 / 2 has the gradient x: of constant images the norm is their value times 3."""
    real, fake = tf.ones((500, 3, 3, 1)), tf.zeros((500, 3, 3, 1))
    seen = []

    def judge(x):
        seen.append(x)
        return tf.reduce_sum(x**2, axis=(1, 2, 3)) / 2

    found = GradientPenalty(1.0, 0.0)(judge, real, fake, SEED)
    values = seen[0].numpy().reshape(500, 9)
    assert (values == values[:, :1]).all() and len(np.unique(values[:, 0])) > 490
    np.testing.assert_allclose(values[:, 0].mean(), 0.5, atol=0.05)
    np.testing.assert_allclose(found, 9 * np.mean(values[:, 0] ** 2), rtol=1e-5)
    again = GradientPenalty(1.0, 0.0)(judge, real, fake, SEED)
    assert again == found != GradientPenalty(1.0, 0.0)(judge, real, fake, SEED + 1)


def test_the_gradient_penalty_moves_a_linear_critic_by_the_gradient_worked_by_hand():
    """Of D(x) = w . x it is weight (|w| - target)^2, whose gradient points along w."""
    w = tf.Variable([3.0, -4.0])
    with tf.GradientTape() as tape:
        x = tf.ones((5, 2))
        loss = GradientPenalty(10.0, 1.0)(lambda x: tf.linalg.matvec(x, w), x, 2 * x, SEED)
    np.testing.assert_allclose(loss, 10 * 4**2, rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(loss, w), 20 * 4 * w / 5, rtol=1e-5)


def test_where_the_gradient_is_zero_the_penalty_has_one():
    w = tf.Variable([0.0, 0.0])
    with tf.GradientTape() as tape:
        x = tf.ones((5, 2))
        loss = GradientPenalty()(lambda x: tf.linalg.matvec(x, w), x, x, SEED)
    np.testing.assert_allclose(loss, 10.0, rtol=1e-4)
    np.testing.assert_array_equal(tape.gradient(loss, w), [0.0, 0.0])


def test_drift_is_the_mean_square_of_the_outputs_for_data():
    found = Drift()(judge, tf.constant(X), tf.constant(X + 1), SEED)
    np.testing.assert_allclose(found, 1e-3 * np.mean(judge(X) ** 2), rtol=1e-6)


def test_a_sum_of_penalties_adds_them_up():
    arguments = (judge, tf.constant(X), tf.constant(X + 1), SEED)
    both = SumOfPenalties((GradientPenalty(), Drift(0.2)))
    by_hand = GradientPenalty()(*arguments) + Drift(0.2)(*arguments)
    np.testing.assert_allclose(both(*arguments), by_hand, rtol=1e-6)
    for penalties in ((), (1.0,)):
        with pytest.raises(ValueError, match="penalties.*Received: "):
            SumOfPenalties(penalties)


def smooth_critic(policy="float32"):
    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(policy)
    try:
        return mlp((2,), (6, 5), (), activation="tanh")
    finally:
        keras.config.set_dtype_policy("float32")


def penalty_and_gradients(penalty, critic):
    judge = lambda x: tf.cast(critic(x), tf.float32)
    with tf.GradientTape() as tape, float32_for_float16(critic):
        found = penalty(judge, tf.constant(X), tf.constant(X + 1), SEED)
    weights = [each.value for each in critic.trainable_variables]
    zero = tf.UnconnectedGradients.ZERO
    return found, tape.gradient(found, weights, unconnected_gradients=zero)


@every_penalty
def test_gradients_in_the_weights_are_those_of_finite_differences(penalty):
    critic = smooth_critic()
    _, gradients = penalty_and_gradients(penalty, critic)
    start, rng = critic.get_weights(), np.random.default_rng(0)
    for _ in range(3):
        direction = [rng.normal(size=w.shape).astype("float32") for w in start]
        ends = []
        for step in (1e-2, -1e-2):
            moved = [w + step * each for w, each in zip(start, direction, strict=True)]
            critic.set_weights(moved)
            ends.append(float(penalty_and_gradients(penalty, critic)[0]))
        by_differences = (ends[0] - ends[1]) / 2e-2
        along = sum(np.sum(g * each) for g, each in zip(gradients, direction, strict=True))
        np.testing.assert_allclose(along, by_differences, rtol=5e-3, atol=1e-3)


@every_penalty
def test_under_mixed_float16_it_is_computed_in_float32(penalty):
    """In float16 these outputs of a few thousand have gradients' gradients out of its range."""
    exact, half = smooth_critic(), smooth_critic("mixed_float16")
    weights = [400 * w for w in exact.get_weights()]
    for critic in (exact, half):
        critic.set_weights(weights)
    found, gradients = penalty_and_gradients(penalty, half)
    expected, expected_gradients = penalty_and_gradients(penalty, exact)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    for a, b in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    assert half(X).dtype == "float16" and exact(X).dtype == "float32"


@every_penalty
def test_a_penalty_is_a_value(penalty):
    config = keras.saving.serialize_keras_object(penalty)
    assert keras.saving.deserialize_keras_object(config) == penalty
    assert R1(3.0) != R1()


@pytest.mark.parametrize("kind", [GradientPenalty, R1, Drift])
def test_a_penalty_has_a_positive_weight(kind):
    for weight in (0.0, -1.0, "1"):
        with pytest.raises(ValueError, match="weight.*Received: "):
            kind(weight)
    with pytest.raises(ValueError, match="target.*Received: -1.0"):
        GradientPenalty(target=-1.0)
