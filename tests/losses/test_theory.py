"""The best discriminator of two known densities: by hand, by integration, and by training one."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import integrate

from tfgen.losses import (
    LeastSquares,
    Minimax,
    game_value,
    jensen_shannon,
    optimal_least_squares,
    optimal_logits,
    pearson_chi_square,
)
from tfgen.networks import mlp

tfd = tfp.distributions

# Counts out of 20 of five letters, of which one never occurs and one only among the data.
P_COUNTS, Q_COUNTS = np.array([8, 6, 4, 2, 0]), np.array([2, 3, 15, 0, 0])
LETTERS = np.arange(5)


def letters(counts):
    return tfd.Categorical(probs=(counts / 20).astype("float32"))


P, Q = letters(P_COUNTS), letters(Q_COUNTS)
GRID = np.linspace(-12, 12, 4801, dtype="float32")
CELL = 0.005


def test_divergences_of_letters_by_hand():
    p, q = P_COUNTS / 20, Q_COUNTS / 20
    m = (p + q) / 2
    kl = lambda a: sum(x * np.log(x / y) for x, y in zip(a, m, strict=True) if x > 0)
    np.testing.assert_allclose(jensen_shannon(P, Q, LETTERS), (kl(p) + kl(q)) / 2, rtol=1e-5)
    squares = sum((x - y) ** 2 / (x + y) for x, y in zip(p, q, strict=True) if x + y > 0)
    np.testing.assert_allclose(pearson_chi_square(P, Q, LETTERS), squares, rtol=1e-5)
    for divergence in (jensen_shannon, pearson_chi_square):
        np.testing.assert_allclose(divergence(Q, P, LETTERS), divergence(P, Q, LETTERS), rtol=1e-6)
        np.testing.assert_allclose(divergence(P, P, LETTERS), 0, atol=1e-6)
    apart = letters(np.array([20, 0, 0, 0, 0])), letters(np.array([0, 20, 0, 0, 0]))
    np.testing.assert_allclose(jensen_shannon(*apart, LETTERS), np.log(2), rtol=1e-6)
    np.testing.assert_allclose(pearson_chi_square(*apart, LETTERS), 2, rtol=1e-6)


def test_divergences_of_densities_are_those_of_quadrature():
    p, q = tfd.Normal(0.0, 1.0), tfd.Normal(1.5, 0.7)

    def density(distribution, x):
        loc, scale = np.float64(distribution.loc), np.float64(distribution.scale)
        return np.exp(-(((x - loc) / scale) ** 2) / 2) / (scale * np.sqrt(2 * np.pi))

    def shannon(x):
        a, b = density(p, x), density(q, x)
        return (a * np.log(2 * a / (a + b)) + b * np.log(2 * b / (a + b))) / 2

    def square(x):
        a, b = density(p, x), density(q, x)
        return (a - b) ** 2 / (a + b)

    for found, integrand in ((jensen_shannon, shannon), (pearson_chi_square, square)):
        exact, _ = integrate.quad(integrand, -7, 7)
        np.testing.assert_allclose(found(p, q, GRID, CELL), exact, rtol=1e-4)


@pytest.mark.parametrize(
    ("p", "q", "points", "cell"),
    [(P, Q, LETTERS, 1.0), (tfd.Normal(0.0, 1.0), tfd.Normal(1.5, 0.7), GRID, CELL)],
    ids=["letters", "normals"],
)
def test_the_best_discriminator_is_worth_twice_jsd_minus_log_4_and_no_other_more(
    p, q, points, cell
):
    logits = optimal_logits(points, p, q)
    best = game_value(logits, p, q, points, cell)
    np.testing.assert_allclose(best, 2 * jensen_shannon(p, q, points, cell) - np.log(4), atol=1e-4)
    waves = tf.cos(3.0 * tf.cast(points, tf.float32))
    for tilt in (-0.5, 0.5):
        assert game_value(logits + tilt * waves, p, q, points, cell) < best - 1e-4


def test_the_best_outputs_of_least_squares_lead_to_the_chi_square():
    for pair in (LeastSquares(1, -1, 0), LeastSquares(0.5, -1.5, -0.5)):
        outputs = optimal_least_squares(LETTERS[:4], P, Q, pair)
        by_hand = (pair.real * P_COUNTS + pair.fake * Q_COUNTS)[:4] / (P_COUNTS + Q_COUNTS)[:4]
        np.testing.assert_allclose(outputs, by_hand, atol=1e-6)
        errors = (outputs - pair.target) ** 2
        value = tf.reduce_sum((P.prob(LETTERS[:4]) + Q.prob(LETTERS[:4])) * errors) / 2
        np.testing.assert_allclose(value, pearson_chi_square(P, Q, LETTERS) / 2, rtol=1e-5)


def train(pair, network, real, fake, rate=0.1, steps=1500):
    """Moves a discriminator by the pair's loss on all examples, at a falling rate."""
    real, fake = (tf.constant(each, tf.float32) for each in (real, fake))
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    optimizer = keras.optimizers.Adam(schedule)
    optimizer.build(network.trainable_variables)

    @tf.function(jit_compile=True)
    def run():
        for _ in tf.range(steps):
            with tf.GradientTape() as tape:
                loss = pair.discriminator(network(real), network(fake))
            gradients = tape.gradient(loss, network.trainable_variables)
            optimizer.apply(gradients, network.trainable_variables)

    run()
    return network


def test_a_discriminator_trained_on_letters_becomes_the_best_one():
    """A table of outputs, on data and fakes in their exact proportions, zeros left out."""
    p_counts, q_counts = np.array([8, 6, 4, 2]), np.array([2, 3, 14, 1])
    p, q = (tfd.Categorical(probs=(each / 20).astype("float32")) for each in (p_counts, q_counts))
    one_hot, points = np.eye(4, dtype="float32"), np.arange(4)
    real, fake = (np.repeat(one_hot, each, axis=0) for each in (p_counts, q_counts))

    network = train(Minimax(), mlp((4,), (), ()), real, fake)
    np.testing.assert_allclose(network(one_hot), optimal_logits(points, p, q), atol=1e-2)
    value = -Minimax().discriminator(network(real), network(fake))
    np.testing.assert_allclose(value, 2 * jensen_shannon(p, q, points) - np.log(4), atol=1e-4)

    pair = LeastSquares(1, -1, 0)
    network = train(pair, mlp((4,), (), ()), real, fake)
    outputs = optimal_least_squares(points, p, q, pair)
    np.testing.assert_allclose(network(one_hot), outputs, atol=1e-2)
    value = pair.generator(network(real)) + pair.generator(network(fake))
    np.testing.assert_allclose(value, pearson_chi_square(p, q, points) / 2, atol=1e-4)
    (shares,) = pair.verdict(network(one_hot)).values()
    np.testing.assert_allclose(shares, p_counts / (p_counts + q_counts), atol=1e-2)


def test_a_discriminator_trained_on_normals_becomes_the_best_one():
    """Of log p - log q, which is quadratic: a logistic regression on x and x^2."""
    p, q = tfd.Normal(0.0, 1.0), tfd.Normal(1.0, 0.8)
    levels = (np.arange(2000, dtype="float32") + 0.5) / 2000
    features = lambda x: np.stack([x, x**2], axis=1)
    real, fake = (features(each.quantile(levels).numpy()) for each in (p, q))
    network = train(Minimax(), mlp((2,), (), ()), real, fake)
    points = np.linspace(-2, 3, 11, dtype="float32")
    np.testing.assert_allclose(network(features(points)), optimal_logits(points, p, q), atol=0.05)
    value = game_value(network(features(GRID)), p, q, GRID, CELL)
    best = 2 * jensen_shannon(p, q, GRID, CELL) - np.log(4)
    np.testing.assert_allclose(value, best, atol=1e-3)
