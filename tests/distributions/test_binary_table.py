import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.distributions import BinaryTable, all_images

tfd = tfp.distributions
SHAPE = (3, 2)
IMAGES = all_images(SHAPE)


def table(seed=0, dtype="float32"):
    return BinaryTable(np.random.default_rng(seed).normal(size=64).astype(dtype), SHAPE)


def independent(probabilities):
    return tfd.Independent(tfd.Bernoulli(probs=probabilities, dtype="float32"), 2)


def test_a_table_of_independent_pixels_is_their_distribution():
    probabilities = np.random.default_rng(1).uniform(0.1, 0.9, SHAPE).astype("float32")
    pixels = independent(probabilities)
    made = BinaryTable(pixels.log_prob(IMAGES) + 3, SHAPE)
    np.testing.assert_allclose(made.log_prob(IMAGES), pixels.log_prob(IMAGES), atol=1e-5)
    np.testing.assert_allclose(made.mean(), probabilities, atol=1e-6)
    np.testing.assert_allclose(made.variance(), probabilities * (1 - probabilities), atol=1e-6)
    np.testing.assert_allclose(made.entropy(), pixels.entropy(), atol=1e-5)
    np.testing.assert_array_equal(made.mode(), probabilities > 0.5)


def test_the_divergence_of_two_tables():
    p, q = table(0), table(1)
    log_p, log_q = (t.log_prob(IMAGES).numpy() for t in (p, q))
    expected = np.sum(np.exp(log_p) * (log_p - log_q))
    np.testing.assert_allclose(tfd.kl_divergence(p, q), expected, rtol=1e-5)
    np.testing.assert_allclose(p.cross_entropy(q), p.entropy() + expected, rtol=1e-5)
    assert tfd.kl_divergence(p, p) == 0


def test_images_without_probability():
    """They cost nothing where p has none, and everything where q alone has none."""
    logits = table().logits.numpy()
    logits[:10] = -np.inf
    some = BinaryTable(logits, SHAPE)
    assert np.isfinite(some.entropy())
    assert np.isfinite(tfd.kl_divergence(some, table()))
    assert tfd.kl_divergence(table(), some) == np.inf
    assert some.log_prob(IMAGES[0]) == -np.inf
    assert some.log_prob(np.full(SHAPE, 0.5, "float32")) == -np.inf


def test_samples_have_the_shares_of_the_table():
    made = table()
    drawn = made.sample(20_000, seed=(0, 1))
    np.testing.assert_array_equal(drawn, made.sample(20_000, seed=(0, 1)))
    found = tf.reduce_mean(tf.cast(drawn[:, None] == IMAGES[:4], "float32"), axis=[2, 3]) == 1
    shares = np.mean(found, axis=0)
    expected = np.exp(made.log_prob(IMAGES[:4]))
    assert np.all(np.abs(shares - expected) < 4 * np.sqrt(expected / 20_000))


@pytest.mark.parametrize("leading", [(), (5,), (2, 3)])
def test_any_leading_axes(leading):
    made = table()
    x = made.sample(leading, seed=(0, 2))
    assert x.shape == (*leading, *SHAPE)
    numbers = [
        np.flatnonzero((IMAGES == each).all((1, 2)))[0] for each in np.reshape(x, (-1, 3, 2))
    ]
    expected = np.reshape(made.log_prob(IMAGES).numpy()[numbers], leading)
    np.testing.assert_array_equal(made.log_prob(x), expected)
    np.testing.assert_array_equal(tf.function(made.log_prob)(x), expected)


def test_double_precision_stays():
    made = table(dtype="float64")
    assert made.log_prob(IMAGES.astype("float64")).dtype == tf.float64
    assert abs(float(tf.reduce_sum(made.prob(IMAGES.astype("float64")))) - 1) < 1e-12


def test_another_number_of_logits_is_refused():
    with pytest.raises(ValueError, match="expected 64 logits.*Received: shape \\(63,\\)"):
        BinaryTable(np.zeros(63, "float32"), SHAPE)
    with pytest.raises(ValueError, match="one event shape.*Received"):
        tfd.kl_divergence(table(), BinaryTable(np.zeros(64, "float32"), (6,)))
