import numpy as np
import pytest
import tensorflow_probability as tfp

from tfgen.evaluation import covering_normal, seeking_normal

tfd = tfp.distributions
RANGE = -12.0, 12.0


def two_modes(distance, scale=0.5):
    places = np.array([-distance, distance])
    return tfd.MixtureSameFamily(
        tfd.Categorical(probs=np.array([0.5, 0.5])), tfd.Normal(places, np.full(2, scale))
    )


def test_of_a_normal_both_directions_find_it():
    target = tfd.Normal(np.float64(1.5), np.float64(0.7))
    for fit in (covering_normal(target, *RANGE), seeking_normal(target, *RANGE, start=-1.0)):
        np.testing.assert_allclose(fit, (1.5, 0.7, 0, 0), atol=1e-4)


def test_the_forward_direction_has_the_mean_and_the_variance():
    fit = covering_normal(two_modes(3.0), *RANGE)
    np.testing.assert_allclose(fit[:2], (0, np.sqrt(9.25)), atol=1e-6)
    draws = two_modes(3.0).sample(200_000, seed=(0, 1)).numpy()
    log_ratio = two_modes(3.0).log_prob(draws) - tfd.Normal(*map(np.float64, fit[:2])).log_prob(
        draws
    )
    assert abs(fit.forward - np.mean(log_ratio)) < 4 * np.std(log_ratio) / np.sqrt(len(draws))


def test_the_reverse_direction_has_one_mode_and_loses_log_two():
    for start, mode in ((-1.0, -3), (1.0, 3)):
        fit = seeking_normal(two_modes(3.0), *RANGE, start=start)
        np.testing.assert_allclose(fit[:2], (mode, 0.5), atol=1e-3)
        np.testing.assert_allclose(fit.reverse, np.log(2), atol=1e-4)


def test_each_direction_is_best_at_its_own():
    covering = covering_normal(two_modes(3.0), *RANGE)
    seeking = seeking_normal(two_modes(3.0), *RANGE, start=1.0)
    assert covering.forward < seeking.forward
    assert seeking.reverse < covering.reverse


def test_what_is_no_range_is_refused():
    for low, high in ((1.0, -1.0), (-1.0, 1.0), (np.nan, 1.0)):
        with pytest.raises(ValueError, match="expected.*Received"):
            covering_normal(two_modes(3.0), low, high)
    with pytest.raises(ValueError, match="start.*Received"):
        seeking_normal(two_modes(3.0), *RANGE, start=np.inf)
