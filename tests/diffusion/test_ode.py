"""The probability flow of Gaussian data and of a mixture, whose densities are known."""

import numpy as np
import pytest
import tensorflow as tf
from gaussian_oracle import Gaussian, counted
from scipy import stats

from tfgen.diffusion.denoiser import Denoised
from tfgen.diffusion.ode import log_density, probability_flow

DATA = Gaussian([0.5, -1.0], [[1.0, 0.6], [0.6, 0.5]])
SEED = tf.constant([0, 7])


def levels(num_steps, first=0.01, last=80.0):
    return np.geomspace(first, last, num_steps + 1)


def compiled(function, *args, **kwargs):
    return tf.function(lambda: function(*args, **kwargs), jit_compile=False, autograph=False)()


def test_flow_goes_where_the_exact_one_does_with_fourth_order_and_comes_back():
    x = DATA.at(0.01).rvs(5, random_state=0)
    denoise, count = counted(DATA.denoise)
    exact = DATA.flow(x, 0.01, 80.0)
    ups = [compiled(probability_flow, denoise, tf.constant(x), levels(n)) for n in (20, 40, 80)]
    assert int(count) == 4 * 140
    errors = [np.abs(up - exact).max() for up in ups]
    np.testing.assert_allclose(np.log2(np.divide(errors[:-1], errors[1:])), 4, atol=0.3)
    back = compiled(probability_flow, DATA.denoise, ups[2], levels(80)[::-1])
    np.testing.assert_allclose(back, x, atol=1e-5)


def test_log_density_of_a_gaussian_is_the_exact_one():
    """But for the prior, N(0, 1 + 80^2) where the data at that level are N(mean, cov + 80^2)."""
    x = DATA.at(0.01).rvs(6, random_state=1)
    end = DATA.flow(x, 0.01, 80.0)
    prior = stats.multivariate_normal(np.zeros(2), (1 + 80.0**2) * np.eye(2))
    exact = DATA.at(0.01).logpdf(x) + prior.logpdf(end) - DATA.at(80.0).logpdf(end)
    found = compiled(log_density, DATA.denoise, tf.constant(x), levels(80))
    np.testing.assert_allclose(found.log_prob, exact, atol=1e-4)
    np.testing.assert_array_equal(found.standard_error, np.zeros(6))


def mixture(x, sigma):
    """E[x_0 | x] of half N(-1, 0.1^2), half N(1, 0.3^2), each dimension by itself."""
    means, variances = tf.constant([-1.0, 1.0], x.dtype), tf.constant([0.01, 0.09], x.dtype)
    totals = variances + tf.square(sigma)
    offsets = x[..., None] - means
    weights = tf.nn.softmax(-tf.square(offsets) / totals / 2 - tf.math.log(totals) / 2)
    return Denoised(tf.reduce_sum(weights * (means + offsets * variances / totals), axis=-1))


def test_density_of_the_flow_integrates_to_one():
    x = np.linspace(-3, 3, 1501)[:, None]
    found = compiled(log_density, mixture, tf.constant(x), levels(60)).log_prob
    density = np.exp(found)
    np.testing.assert_allclose(np.trapezoid(density, x[:, 0]), 1, atol=1e-4)
    exact = sum(Gaussian([m], [[s**2]]).at(0.01).pdf(x) / 2 for m, s in ((-1.0, 0.1), (1.0, 0.3)))
    np.testing.assert_allclose(density, exact, atol=1e-3)


def test_hutchinsons_estimate_lies_within_its_standard_error_of_the_exact_trace():
    x = tf.constant(DATA.at(0.01).rvs(40, random_state=2))
    exact = compiled(log_density, DATA.denoise, x, levels(6)).log_prob
    found = compiled(log_density, DATA.denoise, x, levels(6), seed=SEED, num_probes=16)
    score = (found.log_prob - exact) / found.standard_error
    assert np.all(found.standard_error > 0) and np.abs(score).max() < 4
    np.testing.assert_allclose(np.mean(np.square(score)), 1, atol=0.5)
    # Without correlations the trace of signs is exact: v^T J v = sum of the diagonal.
    signs = compiled(log_density, mixture, x, levels(10), seed=SEED, num_probes=2)
    np.testing.assert_allclose(signs.standard_error, np.zeros(40), atol=1e-9)
    whole = compiled(log_density, mixture, x, levels(10)).log_prob
    np.testing.assert_allclose(signs.log_prob, whole, rtol=1e-9)


@pytest.mark.parametrize("num_probes", [None, 2])
def test_images_in_a_graph_of_unknown_batch(num_probes):
    """As the two dimensions of a pair, in float32."""

    def denoise(x, sigma):
        flat = DATA.denoise(tf.reshape(x, (-1, 2)), sigma).start
        return Denoised(tf.reshape(flat, tf.shape(x)))

    graph = tf.function(
        lambda x: log_density(denoise, x, levels(10), seed=SEED, num_probes=num_probes),
        input_signature=[tf.TensorSpec((None, 2, 1, 1), tf.float32)],
        jit_compile=False,
        autograph=False,
    )
    x = DATA.at(0.01).rvs(3, random_state=1)
    expected = log_density(
        DATA.denoise, tf.constant(x), levels(10), seed=SEED, num_probes=num_probes
    )
    found = graph(tf.constant(x.reshape(3, 2, 1, 1), tf.float32))
    np.testing.assert_allclose(found.log_prob, expected.log_prob, atol=1e-3)
    np.testing.assert_allclose(found.standard_error, expected.standard_error, atol=1e-3)
