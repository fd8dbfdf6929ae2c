"""Beside `tfd.Bernoulli` and numbers of twice the precision."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy.special import log_expit

from tfgen.distributions.logit_bernoulli import LogitBernoulli

tfd = tfp.distributions
LOGITS = np.array([-np.inf, -200, -20, -1.5, -1e-6, 0, 1e-6, 0.7, 30, 150, np.inf], "float32")


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_log_prob_is_exact_to_rounding_for_every_logit(value):
    exact = log_expit((2 * value - 1) * LOGITS.astype("float64"))
    for log_prob in (LogitBernoulli(logits=LOGITS).log_prob, in_xla):
        found = log_prob(tf.fill(LOGITS.shape, value))
        np.testing.assert_allclose(found, exact.astype("float32"), rtol=5e-7)


def in_xla(x):
    return tf.function(lambda x: LogitBernoulli(logits=LOGITS).log_prob(x), jit_compile=True)(x)


def test_values_between_gradients_and_their_gradients_are_those_of_tfp():
    finite, x = tf.constant(LOGITS[1:-1]), np.random.default_rng(0).uniform(size=(4, 9))
    found = derivatives(LogitBernoulli, finite, tf.constant(x, tf.float32))
    expected = derivatives(tfd.Bernoulli, finite, tf.constant(x, tf.float32))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def derivatives(family, logits, x):
    """log p(x), its gradients by logits and x, and the second one by logits."""
    with tf.GradientTape() as outer:
        outer.watch(logits)
        with tf.GradientTape() as tape:
            tape.watch((logits, x))
            log_prob = family(logits=logits).log_prob(x)
        by_logits, by_x = tape.gradient(log_prob, (logits, x))
    return log_prob, by_logits, by_x, outer.gradient(by_logits, logits)


def test_it_is_a_bernoulli_of_tfp_in_all_else():
    one, other = LogitBernoulli(logits=[0.3, -2.0]), tfd.Bernoulli(logits=[0.3, -2.0])
    assert isinstance(one, tfd.Bernoulli)
    np.testing.assert_array_equal(one.kl_divergence(other), [0.0, 0.0])
    np.testing.assert_array_equal(one.sample(5, seed=(0, 1)), other.sample(5, seed=(0, 1)))
    np.testing.assert_allclose(one[1].log_prob(1), other[1].log_prob(1), rtol=1e-6)
    np.testing.assert_allclose(one.copy(logits=[2.0]).prob(1), [0.880797], rtol=1e-6)
