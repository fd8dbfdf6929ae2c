"""Priors in parts: draws against closed forms, parts against the whole."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgen.distributions import GaussianMixture, PriorInParts, StandardNormal, SwissRoll

SEED = tf.constant([0, 4])
PRIORS = [SwissRoll(5), GaussianMixture([[0.0, 1.0], [2.0, -1.0], [-3.0, 0.0]], 0.5)]


def places(z, roll):
    """u of points on the roll, by their radius; and how far the angle is from that of u."""
    u = np.sum(np.square(z, dtype="float64"), axis=1) / roll.radius**2
    angle = np.arctan2(z[:, 1], z[:, 0]) - 2 * np.pi * roll.turns * np.sqrt(u)
    return u, np.abs(np.angle(np.exp(1j * angle)))


def test_a_sharp_roll_lies_on_the_spiral_and_is_uniform_in_the_squared_radius():
    roll = SwissRoll(radius=3.0, turns=1.5, noise=0.0)
    u, off = places(roll().sample(4000, seed=SEED).numpy(), roll)
    assert off[u > 1e-3].max() < 1e-3
    assert stats.kstest(u, "uniform").pvalue > 0.01


def test_the_parts_of_a_sharp_roll_are_its_stretches():
    roll = SwissRoll(4, noise=0.0)
    parts = np.arange(4000) % 4
    u, off = places(roll.sample_parts(tf.constant(parts), SEED).numpy(), roll)
    assert off[u > 1e-3].max() < 1e-3
    # Within its own quarter, and uniform there.
    assert stats.kstest(4 * u - parts, "uniform").pvalue > 0.01
    assert (np.abs(4 * u - parts - 0.5) < 0.5 + 1e-4).all()


def test_noise_is_normal_around_the_spiral():
    u = tf.random.stateless_uniform((4000,), (1, 2))
    blurred, sharp = (SwissRoll(noise=s).blurred(u, SEED).numpy() for s in (0.3, 0.0))
    assert stats.kstest((blurred - sharp).ravel() / 0.3, "norm").pvalue > 0.01


def test_the_parts_of_a_mixture_are_its_components():
    scales = [[0.5, 1.0], [2.0, 0.25], [1.0, 1.0]]
    mixture = GaussianMixture([[0.0, 1.0], [2.0, -1.0], [-3.0, 0.0]], scales)
    assert mixture.num_parts == 3
    for k in range(3):
        z = mixture.sample_parts(tf.fill((4000,), k), SEED).numpy()
        standard = (z - mixture.means[k]) / scales[k]
        for values in standard.T:
            assert stats.kstest(values, "norm").pvalue > 0.01


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_equally_many_of_each_part_make_the_whole(prior):
    whole = prior().sample(4000, seed=SEED).numpy()
    parts = prior.sample_parts(tf.range(4000) % prior.num_parts, SEED + 1).numpy()
    assert whole.shape == parts.shape == (4000, prior.dim)
    for angle in (0.0, 1.0, 2.0):
        axis = [np.cos(angle), np.sin(angle)]
        assert stats.ks_2samp(whole @ axis, parts @ axis).pvalue > 0.01


def test_a_roll_can_only_be_drawn_from():
    assert not SwissRoll.has_density and isinstance(SwissRoll(), PriorInParts)
    assert not isinstance(StandardNormal(2), PriorInParts)
    with pytest.raises(NotImplementedError):
        SwissRoll()().log_prob(tf.zeros((1, 2)))
    draw = lambda: SwissRoll()().sample(5, seed=SEED)
    np.testing.assert_array_equal(draw(), draw())
    assert not np.array_equal(SwissRoll()().sample(5), SwissRoll()().sample(5))


@pytest.mark.parametrize(
    "arguments", [{"num_parts": 0}, {"radius": 0.0}, {"turns": -1.0}, {"noise": -0.1}]
)
def test_wrong_rolls_are_refused(arguments):
    with pytest.raises(ValueError, match=f"{next(iter(arguments))}.*Received: "):
        SwissRoll(**arguments)
