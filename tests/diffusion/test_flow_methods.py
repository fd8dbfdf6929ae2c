"""A model's probability flow: to the noise and back, and densities, for Gaussian data."""

import numpy as np
import pytest
import tensorflow as tf
from gaussian_oracle import Gaussian, perfect_model

from tfgen.diffusion import CosineSchedule, LinearSchedule
from tfgen.diffusion.arcs import arc

DATA = Gaussian([0.5, -1.0], [[1.0, 0.6], [0.6, 0.5]])


@pytest.fixture(scope="module")
def model():
    return perfect_model(DATA, LinearSchedule(1000))


def draws(num):
    return DATA.at(0.0).rvs(num, random_state=0).astype("float32")


def test_inversion_is_the_exact_flow_and_decoding_leads_back(model):
    x = draws(6)
    noise = model.invert(x)
    first = model.schedule.sigmas()[0]
    np.testing.assert_allclose(noise, DATA.flow(x, first, 80.0) / 80.006, atol=0.01)
    np.testing.assert_allclose(model.decode(noise), x, atol=0.01)
    fine = model.decode(model.invert(x, num_steps=60), num_steps=60)
    np.testing.assert_allclose(fine, x, atol=5e-4)
    for bad in (lambda: model.invert(x[0]), lambda: model.decode(x, num_steps=0)):
        with pytest.raises(ValueError, match="Received: "):
            bad()


def test_points_on_the_arc_are_as_long_as_its_ends():
    a, b = tf.constant([[3.0, 0.0], [1.0, 1.0]]), tf.constant([[0.0, 3.0], [1.0, 1.0]])
    points = arc(a, b, tf.constant([0.0, 0.5, 1.0])).numpy()
    half = 3 / np.sqrt(2)
    np.testing.assert_allclose(points[0], [[3, 0], [half, half], [0, 3]], atol=1e-6)
    np.testing.assert_allclose(points[1], np.ones((3, 2)), atol=1e-6)


def test_interpolation_goes_through_both_ends_by_examples_of_the_noise_between(model):
    x = draws(4)
    a, b = x[:2], x[2:]
    ways = model.interpolate(a, b, 5).numpy()
    assert ways.shape == (2, 5, 2)
    np.testing.assert_allclose(ways[:, 0], a, atol=0.01)
    np.testing.assert_allclose(ways[:, -1], b, atol=0.01)
    middle = arc(model.invert(a), model.invert(b), tf.constant([0.5]))[:, 0]
    np.testing.assert_allclose(ways[:, 2], model.decode(middle), atol=1e-4)
    for bad in (lambda: model.interpolate(a, x), lambda: model.interpolate(a, b, 1)):
        with pytest.raises(ValueError, match="Received: "):
            bad()


def test_log_density_of_a_vector_and_of_the_same_as_an_image(model):
    """But for the prior, which is N(0, 1 + 80^2): 1/80 of the distance to the mean."""
    x = draws(5)
    exact = DATA.at(model.schedule.sigmas()[0]).logpdf(x)
    found = model.log_prob_ode(x)
    np.testing.assert_allclose(found.log_prob, exact, atol=0.05)
    np.testing.assert_array_equal(found.standard_error, np.zeros(5))
    probed = model.log_prob_ode(x, num_probes=8, seed=0)
    score = (probed.log_prob - found.log_prob) / probed.standard_error
    assert np.abs(score).max() < 5
    parts = model.log_prob_ode(x, num_probes=8, seed=0, batch_size=2)
    np.testing.assert_allclose(parts.log_prob, probed.log_prob, atol=1e-3)

    small = Gaussian([0.1, -0.2], [[0.02, 0.01], [0.01, 0.03]])
    image = perfect_model(small, model.schedule, (2, 1, 1))
    x0 = small.at(0.0).rvs(3, random_state=1).astype("float32")
    found = image.log_prob_ode((x0.reshape(3, 2, 1, 1) + 1) / 2).log_prob
    exact = small.at(model.schedule.sigmas()[0]).logpdf(x0) + 2 * np.log(2)
    np.testing.assert_allclose(found, exact, atol=0.05)
    for bad in ({"num_probes": 1}, {"num_steps": 0}, {"batch_size": 0}):
        with pytest.raises(ValueError, match="Received: "):
            model.log_prob_ode(x, **bad)


def test_probabilities_of_levels_sum_to_one_over_all_of_them():
    """One pixel of 5 levels, its density spread evenly: E exp of the estimate sums to 1."""
    data = Gaussian([0.1], [[0.1]])
    image = perfect_model(data, CosineSchedule(1000), (1, 1, 1), levels=5)
    levels = np.repeat(np.linspace(0, 1, 5, dtype="float32"), 400).reshape(-1, 1, 1, 1)
    found = image.log_prob_ode(levels, seed=0, batch_size=None).log_prob.numpy()
    chance = np.exp(found).reshape(5, 400).mean(axis=1)
    edges = np.linspace(-1.25, 1.25, 6)[:, None]
    np.testing.assert_allclose(chance, np.diff(data.at(0.0).cdf(edges)), atol=0.01)
