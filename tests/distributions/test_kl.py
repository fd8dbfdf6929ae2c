import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import integrate, stats

from tfgen.distributions import GaussianMixture, StandardNormal, kl_estimate

tfd = tfp.distributions


def posterior(loc, scale):
    return tfd.Independent(tfd.Normal(loc, scale), reinterpreted_batch_ndims=1)


def test_kl_to_the_standard_normal_is_the_closed_form():
    """1/2 sum (mu^2 + s^2 - 1 - log s^2), whatever z is (Kingma & Welling 2014, Appendix B)."""
    rng = np.random.default_rng(0)
    loc = rng.normal(size=(4, 3)).astype(np.float32)
    scale = np.exp(rng.normal(size=(4, 3))).astype(np.float32)
    want = 0.5 * np.sum(loc**2 + scale**2 - 1 - np.log(scale**2), axis=-1)
    for z in (np.zeros([4, 3], np.float32), np.full([4, 3], 7, np.float32)):
        got = kl_estimate(posterior(loc, scale), StandardNormal(3)(), z)
        np.testing.assert_allclose(got, want, rtol=1e-5)


def test_kl_to_a_mixture_is_estimated_without_bias():
    """The mean of 40000 estimates against an integral, within 4 standard errors."""
    prior = GaussianMixture([[-1.0], [2.0]], 0.5)
    q = posterior(tf.fill([40000, 1], 0.3), tf.fill([40000, 1], 0.8))
    estimates = kl_estimate(q, prior(), q.sample(seed=tf.constant([0, 1]))).numpy()
    assert estimates.shape == (40000,)

    def integrand(z):
        log_q = stats.norm.logpdf(z, 0.3, 0.8)
        log_p = np.log(stats.norm.pdf(z, [-1, 2], 0.5).mean())
        return np.exp(log_q) * (log_q - log_p)

    want, _ = integrate.quad(integrand, -8, 8)
    assert abs(estimates.mean() - want) < 4 * estimates.std() / np.sqrt(40000)


def test_the_gradient_of_the_estimate_reaches_the_posterior():
    """Its mean is the derivative of the divergence, here by one component, a normal prior."""
    loc, scale = tf.Variable([[0.5]]), tf.Variable([[0.8]])
    ones = tf.ones([40000, 1])
    with tf.GradientTape() as tape:
        q = posterior(loc * ones, scale * ones)
        z = q.sample(seed=tf.constant([0, 1]))
        estimate = tf.reduce_mean(kl_estimate(q, GaussianMixture([[0.0]])(), z))
    d_loc, d_scale = tape.gradient(estimate, [loc, scale])
    np.testing.assert_allclose(d_loc, [[0.5]], atol=0.03)
    np.testing.assert_allclose(d_scale, [[0.8 - 1 / 0.8]], atol=0.03)
