"""Adversarial losses against the paper's equations, worked by hand and by integration."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.losses import Minimax, NonSaturating, optimal_logits

tfd = tfp.distributions
PAIRS = [Minimax(), NonSaturating()]

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


@pytest.mark.parametrize("pair", PAIRS)
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


@pytest.mark.parametrize("pair", PAIRS)
def test_pairs_are_values_that_serialize(pair):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(pair))
    assert copy == pair
    assert Minimax() != NonSaturating()
