import numpy as np
import pytest
import tensorflow as tf
from linear_gaussian import NOISE, D, K, M, W, X, linear_gaussian, posterior
from scipy import stats

from tfgen import NADE, VAE
from tfgen.conditions import Classes
from tfgen.distributions import FullCovarianceNormal
from tfgen.evaluation import AnnealedImportanceSampling, latent_information
from tfgen.evaluation.latent_information import aggregate_log_prob
from tfgen.latent import InverseAutoregressiveFlow, PlanarFlow

DRAWS, STRETCH = 4000, 0.7
MEAN, VARIANCE = posterior(X)[0], STRETCH**2 * np.diag(posterior(X)[1])


@pytest.fixture(scope="module")
def model():
    return linear_gaussian(stretch=STRETCH)


def enumerated():
    """Mean and variance, over x and z ~ q(z | x), of the terms, by sums over a fine grid of z."""
    side = np.linspace(-5, 5, 600)
    z = np.stack(np.meshgrid(side, side), axis=-1)
    log_q = np.stack([stats.multivariate_normal(m, np.diag(VARIANCE)).logpdf(z) for m in MEAN])
    log_prior = stats.multivariate_normal(np.zeros(K), np.eye(K)).logpdf(z)
    log_aggregate = np.log(np.exp(log_q).mean(axis=0))
    weights = np.exp(log_q) * (side[1] - side[0]) ** 2 / len(X)
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-6)
    terms = {
        "rate": log_q - log_prior,
        "mutual_information": log_q - log_aggregate,
        "aggregate_kl": log_aggregate - log_prior,
    }
    means = {name: (weights * term).sum() for name, term in terms.items()}
    return {
        name: (means[name], (weights * (term - means[name]) ** 2).sum())
        for name, term in terms.items()
    }


def test_each_figure_is_its_sum_over_all_x_and_z(model):
    found = latent_information(model, X, num_draws=DRAWS, seed=1, batch_size=4)
    exact = enumerated()
    for name, (mean, variance) in exact.items():
        error = np.sqrt(variance / (DRAWS * len(X)))
        assert error < 0.02
        assert abs(getattr(found, name).mean - mean) < 4 * error, name
    parts = exact["mutual_information"][0] + exact["aggregate_kl"][0]
    np.testing.assert_allclose(parts, exact["rate"][0], rtol=1e-6)
    parts = found.mutual_information.mean + found.aggregate_kl.mean
    np.testing.assert_allclose(parts, found.rate.mean, rtol=1e-5)
    assert found.mutual_information.mean < np.log(len(X))


def test_rate_and_distortion_are_the_bound(model):
    found = latent_information(model, X, num_draws=DRAWS, seed=2, protocol={"split": "test"})
    residual = X - MEAN @ W.T - M
    distortion = ((residual**2).sum(axis=1) + (W**2 @ VARIANCE).sum()) / (2 * NOISE**2)
    distortion += D * np.log(NOISE * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(found.distortion.mean, distortion.mean(), atol=0.06)
    rate = model.q(tf.constant(X)).kl_divergence(model.prior_distribution()).numpy()
    np.testing.assert_allclose(found.rate.mean, rate.mean(), atol=0.03)
    assert found.rate.protocol["split"] == "test" and found.rate.protocol["num_examples"] == 7
    # Over examples: those of one x are averaged before.
    error = rate.std(ddof=1) / np.sqrt(len(X))
    np.testing.assert_allclose(found.rate.standard_error, error, rtol=0.05)


def test_units_are_active_where_their_means_vary(model):
    activity = MEAN.var(axis=0)
    assert activity.min() < activity.max()
    found = latent_information(model, X)
    np.testing.assert_allclose(found.activity, activity, rtol=1e-4)
    assert found.active_units == K
    assert latent_information(model, X, threshold=activity.mean()).active_units == 1
    assert latent_information(model, X[:1]).active_units == 0


def test_a_posterior_that_is_the_prior_says_nothing():
    model = linear_gaussian()
    kernel, bias = (np.zeros_like(w) for w in model.encoder.get_weights())
    bias[1::2] = np.log(np.expm1(1 - model.posterior.min_scale))
    model.encoder.set_weights([kernel, bias])
    found = latent_information(model, X, num_draws=3)
    for figure in (found.rate, found.mutual_information, found.aggregate_kl):
        np.testing.assert_allclose(figure.mean, 0, atol=1e-5)
    assert found.active_units == 0


def test_conditions_are_passed_on():
    model = VAE.default((4,), latent_dim=2, condition=Classes(3))
    x = np.random.default_rng(0).integers(0, 2, (6, 4)).astype("float32")
    y = np.arange(6) % 3
    found = latent_information(model, x, condition=y, num_draws=2, batch_size=4)
    model.encoder.trainable_variables[0].assign_add(tf.ones_like(model.encoder.weights[0]))
    q = model.q(tf.constant(x), model.read_condition(y, 6))
    np.testing.assert_allclose(
        latent_information(model, x, condition=y).activity, np.var(q.mean(), axis=0), rtol=1e-4
    )
    assert found.distortion.protocol["condition"] == "Classes(num_classes=3)"
    with pytest.raises(ValueError, match="expected a condition"):
        latent_information(model, x)


@pytest.mark.parametrize(
    "posterior",
    [FullCovarianceNormal(), InverseAutoregressiveFlow(2, 2, 8, 4)],
    ids=["full covariance", "flow"],
)
def test_the_aggregate_of_any_posterior_is_the_mean_of_its_densities(posterior):
    model = VAE.default((4,), latent_dim=2, posterior=posterior)
    x = tf.constant(np.random.default_rng(0).integers(0, 2, (5, 4)).astype("float32"))
    params = model.posterior_params(x)
    z = tf.random.stateless_normal((3, 4, 2), (0, 1))
    every = [
        model.posterior(tf.repeat(params[n : n + 1], 12, axis=0)).log_prob(tf.reshape(z, (12, 2)))
        for n in range(5)
    ]
    expected = tf.reshape(tf.reduce_logsumexp(every, axis=0) - np.log(5), (3, 4))
    np.testing.assert_allclose(aggregate_log_prob(model, z, params), expected, rtol=1e-4)


def test_a_posterior_without_an_inverse_is_refused():
    model = VAE.default((4,), latent_dim=2, posterior=PlanarFlow(2))
    x = np.zeros((2, 4), "float32")
    with pytest.raises(ValueError, match="evaluated at any z.*Received"):
        latent_information(model, x)
    with pytest.raises(ValueError, match="evaluated at any z.*Received"):
        AnnealedImportanceSampling(3, 2, 2, 0.1, from_posterior=True)(model, x)


def test_it_is_for_models_with_an_encoder_of_parameters():
    with pytest.raises(ValueError, match="posterior_params.*Received: a NADE"):
        latent_information(NADE.default((4,), num_hidden=2), np.zeros((2, 4), "float32"))
    for wrong in ({"num_draws": 0}, {"threshold": -1.0}, {"batch_size": 0}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))}.*Received"):
            latent_information(linear_gaussian(), X, **wrong)
