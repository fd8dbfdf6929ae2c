"""Parts redrawn and wholes varied, by the perfect denoiser of a Gaussian pair."""

import numpy as np
import pytest
import tensorflow as tf
from gaussian_oracle import Gaussian, perfect_model

from tfgen.diffusion import DDIM, Ancestral, LinearSchedule

PAIR = Gaussian([0.0, 0.0], [[1.0, 0.9], [0.9, 1.0]])


@pytest.fixture(scope="module")
def model():
    return perfect_model(PAIR, LinearSchedule(250))


def test_edit_draws_from_the_conditional_distribution(model):
    """Kept pixels put back without jumps draw 0.69 of the mean, 1.58 times the variance."""
    x = np.tile(np.float32([[5.0, 0.6]]), (10000, 1))
    edited = model.edit(x, [0, 1], seed=0).numpy()
    mean, variance = PAIR.given_second(0.6)
    np.testing.assert_array_equal(edited[:, 1], x[:, 1])
    np.testing.assert_allclose(edited[:, 0].mean(), mean, rtol=0.08)
    np.testing.assert_allclose(edited[:, 0].var(), variance, rtol=0.08)


def test_an_edit_does_not_depend_on_its_neighbours_and_takes_its_way(model):
    x = np.float32([[5.0, 0.6], [0.0, -1.0], [0.0, 2.0]])
    way = {"num_steps": 5, "jump": 1, "resamplings": 2}
    whole = model.edit(x, [0, 1], seed=3, **way)
    np.testing.assert_allclose(model.edit(x[:2], [0, 1], seed=3, **way), whole[:2], rtol=1e-5)
    other = {"num_steps": 5, "jump": 1, "resamplings": 3}
    assert np.all(model.edit(x, [0, 1], seed=3, **other)[:, 0] != whole[:, 0])


def test_sdedit_keeps_more_of_x_the_less_noise_it_adds(model):
    """The mean and variance of what the flow makes of x_0 + sigma noise, dimension by dimension."""
    x = np.tile(np.float32([[1.0, -1.0]]), (3000, 1))
    for strength in (0.1, 0.6):
        sigma = model.schedule.sigmas()[int(strength * 250) - 1]
        varied = model.sdedit(x, strength, sampler=DDIM(250), seed=0).numpy()
        mean = PAIR.flow(x[:1], sigma, 0.0)[0]
        ratios = np.sqrt(PAIR.variances / (PAIR.variances + sigma**2)) * sigma
        covariance = PAIR.axes * ratios**2 @ PAIR.axes.T
        np.testing.assert_allclose(varied.mean(axis=0), mean, atol=0.06)
        np.testing.assert_allclose(np.cov(varied.T), covariance, atol=0.06)
    with pytest.raises(ValueError, match=r"in \(0, 1\].*Received: 1.5"):
        model.sdedit(x, 1.5)
    with pytest.raises(ValueError, match="Received: 0"):
        model.sdedit(x, 0)


def test_sdedit_of_full_strength_leaves_nothing_of_x(model):
    x = np.float32([[1.0, -1.0], [0.0, 0.0]])
    for sampler in (Ancestral(4), DDIM(3)):
        varied = model.sdedit(x, 0.5, seed=1, sampler=sampler)
        np.testing.assert_array_equal(model.sdedit(x, 0.5, seed=1, sampler=sampler), varied)
    # Nothing of x is left but 1 / sigma_T of it.
    one, other = (model.sdedit(v, 1.0, seed=1, sampler=DDIM(50)) for v in (x, 2 - x))
    np.testing.assert_allclose(one, other, atol=0.1)


def test_sdedit_in_a_graph_that_knows_its_seed_is_that_of_eager_mode(model):
    x = np.array([[1.0, -0.5], [0.3, 0.2]], "float32")
    vary = lambda: model.sdedit(x, 0.5, sampler=DDIM(10, eta=1.0), seed=3)
    np.testing.assert_allclose(tf.function(vary)(), vary(), atol=1e-5)


def test_the_served_sdedit_is_the_method_and_a_strength_that_is_none_is_answered_by_nan(model):
    function, specs = model.signatures()["sdedit"]
    served = tf.function(function, input_signature=specs)
    x = np.array([[1.0, -0.5], [0.3, 0.2]], "float32")
    for strength in (0.02, 1.0):
        expected = model.sdedit(x, strength, seed=7)
        np.testing.assert_allclose(served(x, strength, (0, 7))["varied"], expected, atol=1e-5)
    for strength in (0.0, -0.5, 1.01, np.nan):
        assert np.all(np.isnan(served(x, strength, (0, 7))["varied"])), strength
