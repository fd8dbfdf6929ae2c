import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgen.distributions import GaussianMixture, Prior, StandardNormal

PRIORS = [
    StandardNormal(3),
    StandardNormal(np.int64(2)),
    GaussianMixture([[0.0, 1.0], [2.0, -1.0]], [[0.5, 1.0], [2.0, 0.25]]),
    GaussianMixture.on_circle(10, dim=3),
]


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_a_prior_is_a_distribution_over_vectors(prior):
    """Event shape [dim], no batch, float32."""
    assert isinstance(prior, Prior)
    distribution = prior()
    assert distribution.event_shape == (prior.dim,)
    assert distribution.batch_shape == ()
    z = distribution.sample(5, seed=tf.constant([0, 1]))
    assert z.shape == (5, prior.dim) and z.dtype == tf.float32
    assert distribution.log_prob(z).shape == (5,)


@pytest.mark.parametrize("prior", PRIORS, ids=repr)
def test_a_config_survives_json(prior):
    """Through keras.saving and a string."""
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(prior)))
    again = keras.saving.deserialize_keras_object(config)
    assert again == prior and hash(again) == hash(prior)
    z = prior().sample(seed=tf.constant([0, 1]))
    np.testing.assert_array_equal(again().log_prob(z), prior().log_prob(z))


def test_standard_normal_is_scipys():
    """log p(z) = -1/2 sum (z^2 + log 2 pi)."""
    z = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    want = stats.multivariate_normal(np.zeros(3)).logpdf(z)
    np.testing.assert_allclose(StandardNormal(3)().log_prob(z), want, rtol=1e-5)


def test_gaussian_mixture_is_the_mean_of_its_densities():
    """Against SciPy; the scales may be one, one for each dimension, or all."""
    means = np.array([[0.0, 1.0], [2.0, -1.0], [-3.0, 0.5]])
    z = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    for scales in (0.7, np.array([0.5, 2.0]), np.array([[0.5, 1.0], [2.0, 0.25], [1.0, 1.5]])):
        densities = [
            stats.multivariate_normal(mean, np.diag(scale**2)).pdf(z)
            for mean, scale in zip(means, np.broadcast_to(scales, (3, 2)), strict=True)
        ]
        got = GaussianMixture(means, scales)().prob(z)
        np.testing.assert_allclose(got, np.mean(densities, axis=0), rtol=1e-4)


def test_components_lie_at_equal_angles_on_the_circle():
    """Neighbours are 2 r sin(pi / n) apart; further dimensions are centred on 0."""
    means = np.array(GaussianMixture.on_circle(7, radius=3.0, dim=4).means)
    np.testing.assert_allclose(np.linalg.norm(means, axis=1), 3)
    np.testing.assert_allclose(means[:, 2:], 0)
    chords = np.linalg.norm(means - np.roll(means, 1, axis=0), axis=1)
    np.testing.assert_allclose(chords, 2 * 3 * np.sin(np.pi / 7))
    np.testing.assert_allclose(GaussianMixture.on_circle(7)().mean(), [0, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("build", "received"),
    [
        (lambda: StandardNormal(0), "0"),
        (lambda: StandardNormal(2.0), "2.0"),
        (lambda: GaussianMixture([0.0, 1.0]), r"shape \(2,\)"),
        (lambda: GaussianMixture([[0.0], [1.0, 2.0]]), r"\[\[0.0\], \[1.0, 2.0\]\]"),
        (lambda: GaussianMixture(np.zeros([2, 0])), r"shape \(2, 0\)"),
        (lambda: GaussianMixture([[np.nan]]), r"\[\[nan\]\]"),
        (lambda: GaussianMixture([[0.0, 1.0]], [1.0, 2.0, 3.0]), r"shape \(3,\)"),
        (lambda: GaussianMixture([[0.0, 1.0]], [1.0, 0.0]), "0.0"),
        (lambda: GaussianMixture.on_circle(0), "0"),
        (lambda: GaussianMixture.on_circle(3, dim=1), "1"),
    ],
)
def test_wrong_arguments_are_refused(build, received):
    """The message ends in what came."""
    with pytest.raises(ValueError, match=rf"^expected .*Received: {received}$"):
        build()
