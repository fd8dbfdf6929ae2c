"""Corruptions: how often they strike, what they leave, and that the seed decides."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.latent import GaussianNoise, MaskingNoise, SaltAndPepper

X = tf.constant(np.random.default_rng(0).uniform(0.2, 0.8, (400, 8, 8, 1)), tf.float32)
SEED = tf.constant([0, 3])


def test_masking_sets_each_dimension_to_zero_at_its_rate():
    changed = MaskingNoise(0.3)(X, SEED).numpy() == 0
    # 400 draws of each of the 64 dimensions, 25,600 in all: four standard errors.
    assert abs(changed.mean() - 0.3) < 4 * np.sqrt(0.21 / changed.size)
    assert np.abs(changed.mean(axis=0) - 0.3).max() < 5 * np.sqrt(0.21 / 400)
    np.testing.assert_array_equal(MaskingNoise(0.3)(X, SEED), np.where(changed, 0, X))


def test_salt_and_pepper_are_as_often_one_as_zero():
    found = SaltAndPepper(0.3)(X, SEED).numpy()
    salt, pepper = found == 1, found == 0
    for grains in (salt, pepper):
        assert abs(grains.mean() - 0.15) < 4 * np.sqrt(0.1275 / grains.size)
    np.testing.assert_array_equal(np.where(salt | pepper, X, found), X)


def test_gaussian_noise_has_its_scale_and_no_mean():
    noise = (GaussianNoise(0.5)(X, SEED) - X).numpy()
    assert abs(noise.mean()) < 4 * 0.5 / np.sqrt(noise.size)
    np.testing.assert_allclose(noise.std(), 0.5, rtol=0.02)


@pytest.mark.parametrize("corruption", [GaussianNoise(0.1), MaskingNoise(0.5), SaltAndPepper(0.5)])
def test_the_seed_decides(corruption):
    np.testing.assert_array_equal(corruption(X, SEED), corruption(X, SEED))
    assert not np.array_equal(corruption(X, SEED), corruption(X, SEED + 1))


def test_a_rate_of_zero_leaves_x_as_it_is():
    for corruption in (MaskingNoise(0.0), SaltAndPepper(0.0)):
        np.testing.assert_array_equal(corruption(X, SEED), X)


@pytest.mark.parametrize(
    ("corruption", "value"),
    [(GaussianNoise, 0.0), (MaskingNoise, 1.0), (MaskingNoise, -0.1), (SaltAndPepper, 1.5)],
)
def test_wrong_amounts_are_refused(corruption, value):
    with pytest.raises(ValueError, match="(scale|rate).*Received: "):
        corruption(value)
