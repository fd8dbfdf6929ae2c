import numpy as np
import pytest
import tensorflow as tf
from linear_gaussian import COVARIANCE, EXACT, M, X, linear_gaussian
from scipy import special, stats
from truths import randomize

from tfgen import GAN, NADE, VAE
from tfgen.conditions import Classes
from tfgen.distributions import Normal
from tfgen.evaluation import AnnealedImportanceSampling, bidirectional_gap, likelihood

# Walks of one number and size are compiled once: 40 for each of 142 copies of the examples.
COPIES, CHAINS = 142, 40
LARGE = np.tile(X, (COPIES, 1))


def annealed(num_steps, **options):
    return AnnealedImportanceSampling(num_steps, CHAINS, num_leapfrog_steps=4, **options)


@pytest.fixture(scope="module")
def model():
    return linear_gaussian()


def agrees(ratios):
    """Whether the mean of ratios over the first axis is 1, as far as their number says it."""
    error = ratios.std(axis=0, ddof=1) / np.sqrt(len(ratios))
    return np.all(abs(ratios.mean(axis=0) - 1) < 4 * error) and np.all(error < 0.05)


@pytest.mark.parametrize(
    "estimator",
    [annealed(5, step_size=0.2), annealed(20), annealed(5, step_size=0.2, from_posterior=True)],
    ids=["5 steps", "20 steps, adapted", "5 steps from q"],
)
def test_the_mean_weight_is_p_of_x_however_few_the_steps(model, estimator):
    """Where a walk kept the log-density of one temperature for the next, 20 steps would show it."""
    x, seed = tf.constant(LARGE), tf.constant([0, 1])
    log_weights = estimator.log_weights(model, x, None, seed).numpy().reshape(-1, len(X))
    assert len(log_weights) == CHAINS * COPIES
    ratios = np.exp(log_weights - EXACT)
    assert agrees(ratios)
    # Of all examples together the error is less: 0.3% to 1%.
    assert agrees(ratios.mean(axis=1, keepdims=True))


def test_the_temperatures_rise_from_0_to_1():
    found = AnnealedImportanceSampling(7).temperatures()
    assert found[0] == 0 and found[-1] == 1 and np.all(np.diff(found) > 0)
    np.testing.assert_allclose(found + found[::-1], 1, atol=1e-6)


def test_the_steps_become_such_that_the_wanted_share_is_accepted(model):
    x, seed = tf.constant(LARGE), tf.constant([0, 3])
    short, long = (
        annealed(20, acceptance=each).step_sizes(model, x, None, seed).numpy()
        for each in (0.95, 0.4)
    )
    assert short.shape == (20, len(LARGE))
    assert np.all(1.3 * short[-1] < long[-1])


def test_both_bounds_hold_and_their_gap_closes(model):
    """The mean of log p(x) is between them; with more steps they meet."""
    few, many = (
        bidirectional_gap(
            model, len(LARGE), estimator=annealed(each, step_size=0.2), batch_size=994
        )
        for each in (5, 20)
    )
    # The mean over draws of the model itself is its negative entropy.
    exact = -stats.multivariate_normal(M, COVARIANCE).entropy()
    for found in (few, many):
        assert found.lower.mean < exact + 3 * found.lower.standard_error
        assert found.upper.mean > exact - 3 * found.upper.standard_error
        np.testing.assert_allclose(found.gap.mean, found.upper.mean - found.lower.mean, rtol=1e-6)
        assert found.gap.mean > 4 * found.gap.standard_error
    assert few.gap.mean > many.gap.mean + 4 * few.gap.standard_error
    assert few.gap.protocol["data"] == "drawn from the model"


def test_likelihood_takes_it_and_fills_the_last_batch(model):
    estimator, x = annealed(20, step_size=0.2), np.concatenate((LARGE, X[:5]))
    found = likelihood(model, x, estimator=estimator, batch_size=len(LARGE))
    assert found.kind == "AIS, 20 steps, 40 chains"
    log_prob = estimator(model, x, batch_size=len(LARGE)).numpy().astype("float64")
    np.testing.assert_allclose(found.mean, log_prob.mean(), rtol=1e-6)
    # Below log p(x) on average, by half of the variance, to the first order.
    errors = log_prob - np.concatenate((np.tile(EXACT, COPIES), EXACT[:5]))
    assert abs(errors.mean() + errors.var() / 2) < 4 * errors.std() / np.sqrt(errors.size)
    assert np.abs(errors[-5:]).max() < 5 * errors.std()


def test_conditions_are_passed_on():
    """With a single latent dimension the integral over z is a sum over a grid."""
    model = VAE.default((2,), latent_dim=1, likelihood=Normal(scale=0.5), condition=Classes(2))
    randomize(model, 0.1)
    x = np.random.default_rng(0).normal(scale=0.5, size=(6, 2)).astype("float32")
    grid, y = np.linspace(-8, 8, 2001, dtype="float32"), np.arange(6) % 2

    def exact(y):
        z = tf.constant(np.tile(grid[:, np.newaxis, np.newaxis], (1, 6, 1)))
        log_joint = model.log_joint(z, tf.constant(x), model.read_condition(y, 6)).numpy()
        return special.logsumexp(log_joint.astype("float64"), axis=0) + np.log(grid[1] - grid[0])

    estimator = AnnealedImportanceSampling(20, 2000, 5, 0.1)
    given, seed = model.read_condition(y, 6), tf.constant([0, 1])
    assert agrees(np.exp(estimator.log_weights(model, tf.constant(x), given, seed) - exact(y)))
    # The error of log p is that of the mean weight, below 5%.
    np.testing.assert_allclose(estimator(model, x, condition=y), exact(y), atol=0.2)
    assert np.abs(exact(1 - y) - exact(y)).max() > 0.4


def test_it_is_for_latent_variables_with_a_density():
    for model in (NADE.default((4,), num_hidden=2), GAN.default((4,), latent_dim=2, hidden=(3,))):
        with pytest.raises(ValueError, match="a model with log_joint.*Received"):
            likelihood(model, np.zeros((2, 4), "f"), estimator=AnnealedImportanceSampling(5, 2))
    with pytest.raises(ValueError, match="num_examples.*Received: 1"):
        bidirectional_gap(linear_gaussian(), 1)


@pytest.mark.parametrize(
    "wrong", [{"num_steps": 0}, {"num_chains": 0}, {"step_size": 0.0}, {"acceptance": 1.0}]
)
def test_bad_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}.*Received"):
        AnnealedImportanceSampling(**wrong)
