"""Adversarial losses against the paper's equations, worked by hand and by integration."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.losses import (
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    Wasserstein,
    optimal_logits,
)

tfd = tfp.distributions
PAIRS = [Minimax(), NonSaturating()]
EVERY_PAIR = [*PAIRS, LeastSquares(), LeastSquares(1, -1, 0), Wasserstein(), Hinge()]

# D(x) = 3/4 and 1/2 on data, D(G(z)) = 1/4 on the generated example.
REAL_LOGITS = tf.constant([np.log(3.0), 0.0], tf.float32)
FAKE_LOGITS = tf.constant([-np.log(3.0)], tf.float32)


def gradient_of_generator(pair, fake_logits):
    fake_logits = tf.constant(fake_logits)
    with tf.GradientTape() as tape:
        tape.watch(fake_logits)
        loss = pair.generator(fake_logits)
    return tape.gradient(loss, fake_logits).numpy()


@pytest.mark.parametrize("pair", PAIRS)
def test_discriminator_loss_is_the_negative_value_of_the_game(pair):
    by_hand = -(np.log(3 / 4) + np.log(1 / 2)) / 2 - np.log(1 - 1 / 4)
    np.testing.assert_allclose(pair.discriminator(REAL_LOGITS, FAKE_LOGITS), by_hand, rtol=1e-6)


def test_generator_losses_by_hand():
    np.testing.assert_allclose(Minimax().generator(FAKE_LOGITS), np.log(1 - 1 / 4), rtol=1e-6)
    np.testing.assert_allclose(NonSaturating().generator(FAKE_LOGITS), -np.log(1 / 4), rtol=1e-6)


def test_minimax_game_is_zero_sum():
    """Apart from E[log D(x)], on which the generator has no hold."""
    of_data = np.mean(tf.math.log_sigmoid(REAL_LOGITS))
    loss = Minimax().discriminator(REAL_LOGITS, FAKE_LOGITS)
    np.testing.assert_allclose(loss + Minimax().generator(FAKE_LOGITS), -of_data, rtol=1e-6)


def test_generator_gradients_by_hand():
    """-D/n for one, -(1 - D)/n for the other, in the logits: alike only where D = 1/2."""
    logits = np.array([-12.0, -1.0, 0.0, 2.0], "float32")
    d = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(gradient_of_generator(Minimax(), logits), -d / 4, rtol=1e-5)
    np.testing.assert_allclose(
        gradient_of_generator(NonSaturating(), logits), -(1 - d) / 4, rtol=1e-5
    )


def test_only_minimax_saturates_on_rejected_examples():
    rejected = np.full(1, -12.0, "float32")
    assert abs(gradient_of_generator(Minimax(), rejected)[0]) < 1e-5
    assert abs(gradient_of_generator(NonSaturating(), rejected)[0]) > 1 - 1e-5


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("scale", [-1e4, 1e4])
def test_extreme_logits_give_finite_losses_and_gradients(pair, scale):
    logits = tf.constant([scale])
    assert np.isfinite(pair.generator(logits))
    assert np.isfinite(gradient_of_generator(pair, [scale])).all()
    np.testing.assert_allclose(pair.discriminator(logits, -logits), 2 * max(-scale, 0), rtol=1e-6)


@pytest.mark.parametrize("pair", EVERY_PAIR)
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_logits_are_averaged_in_float32(pair, dtype):
    logits = tf.cast(tf.linspace(-3.0, 3.0, 1001), dtype)
    exact = tf.cast(logits, "float32")
    assert pair.generator(logits).dtype == "float32"
    np.testing.assert_array_equal(pair.generator(logits), pair.generator(exact))
    np.testing.assert_array_equal(
        pair.discriminator(logits, logits), pair.discriminator(exact, exact)
    )


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (tfd.Normal(0.0, 1.0), tfd.Normal(1.5, 0.7)),
        (tfd.Normal(0.0, 1.0), tfd.Normal(0.0, 1.0)),
        (tfd.Laplace(-1.0, 0.5), tfd.Normal(1.0, 2.0)),
    ],
)
def test_optimal_discriminator_gives_twice_jsd_minus_log_4(p, q):
    """Theorem 1 of Goodfellow et al. (2014), the divergence by integration over a grid."""
    grid = np.linspace(-25, 25, 50001, dtype="float32")
    log_p, log_q = (np.float64(d.log_prob(grid)) for d in (p, q))
    log_m = np.logaddexp(log_p, log_q) - np.log(2)
    jsd = 0.5 * sum(np.trapezoid(np.exp(a) * (a - log_m), grid) for a in (log_p, log_q))

    # Means over equally likely points are the expectations of the game.
    levels = (np.arange(20000, dtype="float32") + 0.5) / 20000
    real, fake = p.quantile(levels), q.quantile(levels)

    def value(logits):
        return -Minimax().discriminator(logits(real), logits(fake))

    best = value(lambda x: optimal_logits(x, p, q))
    np.testing.assert_allclose(best, 2 * jsd - np.log(4), atol=1e-3)
    # No other discriminator does better: the value is concave, and this its stationary point.
    for tilt in (-0.1, 0.1):
        assert value(lambda x, tilt=tilt: optimal_logits(x, p, q) + tilt) < best
        assert value(lambda x, tilt=tilt: optimal_logits(x, p, q) + tilt * tf.sin(x)) < best


def test_optimal_discriminator_is_the_share_of_the_data():
    p, q = tfd.Normal(0.0, 1.0), tfd.Normal(2.0, 0.5)
    x = tf.linspace(-2.0, 4.0, 13)
    share = p.prob(x) / (p.prob(x) + q.prob(x))
    np.testing.assert_allclose(tf.sigmoid(optimal_logits(x, p, q)), share, rtol=1e-4)


@pytest.mark.parametrize("pair", EVERY_PAIR)
def test_pairs_are_values_that_serialize(pair):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(pair))
    assert copy == pair
    assert Minimax() != NonSaturating()


REAL_OUTPUTS, FAKE_OUTPUTS = tf.constant([2.0, 0.5]), tf.constant([-3.0, 0.25, 1.0])


def test_least_squares_by_hand():
    pair = LeastSquares()
    by_hand = (1 + 0.25) / 4 + (9 + 0.0625 + 1) / 6
    np.testing.assert_allclose(pair.discriminator(REAL_OUTPUTS, FAKE_OUTPUTS), by_hand, rtol=1e-6)
    by_hand = (16 + 0.5625 + 0) / 6
    np.testing.assert_allclose(pair.generator(FAKE_OUTPUTS), by_hand, rtol=1e-6)
    pair = LeastSquares(1, -1, 0)
    by_hand = (1 + 0.25) / 4 + (4 + 1.5625 + 4) / 6
    np.testing.assert_allclose(pair.discriminator(REAL_OUTPUTS, FAKE_OUTPUTS), by_hand, rtol=1e-6)
    by_hand = (9 + 0.0625 + 1) / 6
    np.testing.assert_allclose(pair.generator(FAKE_OUTPUTS), by_hand, rtol=1e-6)


def test_wasserstein_and_hinge_by_hand():
    real, fake = 1.25, -1.75 / 3
    distance = -Wasserstein().discriminator(REAL_OUTPUTS, FAKE_OUTPUTS)
    np.testing.assert_allclose(distance, real - fake, rtol=1e-6)
    by_hand = 0.5 / 2 + (0 + 1.25 + 2) / 3
    found = Hinge().discriminator(REAL_OUTPUTS, FAKE_OUTPUTS)
    np.testing.assert_allclose(found, by_hand, rtol=1e-6)
    for pair in (Wasserstein(), Hinge()):
        np.testing.assert_allclose(pair.generator(FAKE_OUTPUTS), -fake, rtol=1e-6)


@pytest.mark.parametrize("pair", EVERY_PAIR, ids=repr)
def test_gradients_are_those_of_finite_differences(pair):
    real, fake = (np.array(each, "float64") for each in (REAL_OUTPUTS, FAKE_OUTPUTS))

    def losses(real, fake):
        real, fake = tf.constant(real, tf.float32), tf.constant(fake, tf.float32)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch((real, fake))
            values = pair.discriminator(real, fake), pair.generator(fake)
        zero = tf.UnconnectedGradients.ZERO
        slopes = [tape.gradient(v, (real, fake), unconnected_gradients=zero) for v in values]
        return np.array(values), np.array([np.concatenate(each) for each in slopes])

    _, slopes = losses(real, fake)
    both = np.concatenate([real, fake])
    for index in range(5):
        step = 0.01 * np.eye(5)[index]
        ends = [losses(*np.split(both + sign * step, [2]))[0] for sign in (1, -1)]
        by_differences = (ends[0] - ends[1]) / 0.02
        np.testing.assert_allclose(slopes[:, index], by_differences, rtol=1e-3, atol=1e-4)


def test_the_verdict_of_least_squares_is_the_probability_of_its_best_outputs():
    p = np.linspace(0.0, 1.0, 5, dtype="float32")
    for pair in (LeastSquares(), LeastSquares(1, -1, 0), LeastSquares(3.0, 2.0, 0.0)):
        best = pair.real * p + pair.fake * (1 - p)
        (found,) = pair.verdict(tf.constant(best)).values()
        np.testing.assert_allclose(found, p, atol=1e-6)
        # The squares' sum has no lower value around it.
        value = lambda d, pair=pair: p * (d - pair.real) ** 2 + (1 - p) * (d - pair.fake) ** 2
        assert (value(best) < np.minimum(value(best + 0.1), value(best - 0.1))).all()
        (ends,) = pair.verdict(tf.constant([-9.0, 9.0])).values()
        np.testing.assert_array_equal(ends, [0.0, 1.0])


@pytest.mark.parametrize("pair", [Wasserstein(), Hinge()])
def test_outputs_that_are_no_logits_are_scores(pair):
    assert list(pair.verdict(REAL_OUTPUTS)) == ["scores"]
    np.testing.assert_array_equal(pair.verdict(REAL_OUTPUTS)["scores"], REAL_OUTPUTS)


def test_targets_that_contradict_are_refused():
    for targets in ((0.0, 0.0), (0.0, 1.0)):
        with pytest.raises(ValueError, match="real to be above fake.*Received: 0.0"):
            LeastSquares(*targets)
    with pytest.raises(ValueError, match="target to be a finite number. Received: nan"):
        LeastSquares(target=float("nan"))
