import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from linear_gaussian import NOISE, D, M, W, X, linear_gaussian, posterior
from truths import randomize

from tfgen import NADE, VAE
from tfgen.conditions import Classes
from tfgen.distributions import Normal
from tfgen.latent import HMC, sample_posterior, sample_predictive
from tfgen.networks import DenseNetworks

COPIES, SAMPLER = 300, HMC(num_burn_in=60, num_steps=3, num_leapfrog_steps=5)


@pytest.fixture(scope="module")
def model():
    """Its q is off, so that what it drew at the start would show."""
    return linear_gaussian(shift=0.5, stretch=0.5)


def check_normal(draws, mean, covariance):
    """Whether draws `[n, batch, d]` are those of normals, by their means and covariances."""
    count = len(draws)
    variances = np.diag(covariance)
    error = np.sqrt(variances / count)
    assert np.all(abs(draws.mean(axis=0) - mean) < 5 * error)
    centred = (draws - mean).reshape(-1, draws.shape[-1])
    products = centred[:, :, np.newaxis] * centred[:, np.newaxis]
    # Var(u v) of normals u, v is s_uu s_vv + s_uv^2.
    error = np.sqrt((np.outer(variances, variances) + covariance**2) / len(centred))
    assert np.all(abs(products.mean(axis=0) - covariance) < 4 * error)


def test_each_draw_is_from_the_exact_posterior(model):
    x = np.tile(X, (COPIES, 1))
    found = sample_posterior(model, x, 2, sampler=SAMPLER, seed=1).numpy()
    mean, covariance = posterior(X)
    for draws in found:
        check_normal(draws.reshape(COPIES, len(X), -1), mean, covariance)
    # A chain has moved between two of its draws.
    first, second = (found - np.tile(mean, (COPIES, 1))).reshape(2, -1)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.8
    again = sample_posterior(model, x, 2, sampler=SAMPLER, seed=1)
    np.testing.assert_array_equal(found, again)


def test_chains_are_independent_draws_and_agree_where_they_are_long_enough(model):
    mean, covariance = posterior(X)
    draws = sample_posterior(model, X, 40, num_chains=COPIES, sampler=SAMPLER, seed=3).numpy()
    check_normal(draws[-1], mean, covariance)
    assert np.all(tfp.mcmc.potential_scale_reduction(draws) < 1.1)
    # Chains that hardly move stay where they began.
    short = HMC(num_burn_in=1, num_steps=1, num_leapfrog_steps=1)
    draws = sample_posterior(model, X, 10, num_chains=COPIES, sampler=short, seed=3)
    assert np.all(tfp.mcmc.potential_scale_reduction(draws) > 1.5)


def test_the_predictive_distribution_is_the_known_one(model):
    x = np.tile(X, (COPIES, 1))
    found = sample_predictive(model, x, 2, sampler=SAMPLER, seed=2).numpy()[1]
    mean, covariance = posterior(X)
    check_normal(
        found.reshape(COPIES, len(X), D),
        mean @ W.T + M,
        W @ covariance @ W.T + NOISE**2 * np.eye(D),
    )


def test_conditions_are_passed_on():
    """With a single latent dimension the posterior's mean is a sum over a grid."""
    model = VAE.default(
        (2,),
        latent_dim=1,
        architecture=DenseNetworks((8,)),
        likelihood=Normal(scale=0.5),
        condition=Classes(2),
    )
    randomize(model, 0.5)
    x = np.tile(np.float32([[-0.5, 0.5]]), (1000, 1))
    grid = np.linspace(-8, 8, 2001, dtype="float32")

    def exact(y):
        z, given = tf.constant(grid[:, np.newaxis, np.newaxis]), model.read_condition(y, 1)
        weights = np.exp(model.log_joint(z, tf.constant(x[:1]), given).numpy()[:, 0])
        mean = (grid * weights).sum() / weights.sum()
        return mean, ((grid - mean) ** 2 * weights).sum() / weights.sum()

    found = sample_posterior(model, x, condition=1, sampler=SAMPLER, seed=0).numpy()
    mean, variance = exact(1)
    error = np.sqrt(variance / 1000)
    assert abs(found.mean() - mean) < 4 * error < abs(exact(0)[0] - mean)


def test_what_cannot_be_sampled_is_refused():
    with pytest.raises(ValueError, match="log p.z, x.*Received: a NADE"):
        sample_posterior(NADE.default((4,), num_hidden=2), np.zeros((2, 4), "float32"))
    with pytest.raises(ValueError, match="num_samples.*Received: 0"):
        sample_posterior(linear_gaussian(), X, 0)
    with pytest.raises(ValueError, match="num_chains.*Received: 0"):
        sample_posterior(linear_gaussian(), X, num_chains=0)
    with pytest.raises(ValueError, match=r"\[batch, 5\]"):
        sample_posterior(linear_gaussian(), X[:, :4])
    for wrong in ({"num_burn_in": 0}, {"num_steps": 0}, {"acceptance": 0.0}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))}.*Received"):
            HMC(**wrong)
