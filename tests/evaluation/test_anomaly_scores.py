import numpy as np
import pytest
import tensorflow as tf

from tfgen import DDPM, GAN, VAE, Autoencoder, Independent
from tfgen.conditions import Classes
from tfgen.distributions import Categorical, Normal
from tfgen.evaluation import (
    PNG,
    ComplexityCorrected,
    LikelihoodRatio,
    NegativeLogLikelihood,
    ReconstructionError,
    Typicality,
    Zlib,
)
from tfgen.networks import DenseNetworks

SHAPE = (4, 4, 1)
X = tf.constant(np.random.default_rng(0).integers(0, 4, (6, *SHAPE)) / 3, tf.float32)
NETWORKS = DenseNetworks((5,))


def vae(**options):
    return VAE.default(SHAPE, 2, NETWORKS, **{"likelihood": Categorical(4), **options})


@pytest.fixture(scope="module")
def model():
    return vae()


@pytest.fixture(scope="module")
def exact():
    model = Independent.default(SHAPE, levels=4)
    model.set_weights([np.random.default_rng(1).random(w.shape) for w in model.get_weights()])
    return model


def test_an_exact_likelihood_is_taken_as_it_is(exact):
    scores = NegativeLogLikelihood()(exact, X, batch_size=4)
    np.testing.assert_allclose(scores, -exact.log_prob(X), rtol=1e-6)


def test_a_bound_is_the_mean_over_draws_that_all_examples_share(model):
    """-mean_k [log p(z_k) + log p(x | z_k) - log q(z_k | x)] with z_k = mean + stddev * draw_k."""
    scores = NegativeLogLikelihood(3)(model, X, batch_size=4)
    q, bounds = model.q(X), []
    for draw in tf.random.stateless_normal((3, 2), (0, 0)):
        z = q.mean() + q.stddev() * draw
        bounds.append(model.prior().log_prob(z) + model.p(z).log_prob(X) - q.log_prob(z))
    np.testing.assert_allclose(scores, -np.mean(bounds, axis=0), rtol=1e-5)
    alone = [NegativeLogLikelihood(3)(model, X[i : i + 1])[0] for i in range(2)]
    np.testing.assert_allclose(scores[:2], alone, rtol=1e-5)


def test_the_shared_draws_estimate_the_bound(model):
    bounds = np.mean([model.elbo(X, seed=seed) for seed in range(300)], axis=0)
    np.testing.assert_allclose(NegativeLogLikelihood(300)(model, X), -bounds, rtol=0.02)


def test_a_diffusion_model_gives_its_bound():
    model = DDPM.default((4,), num_steps=5, base_channels=2)
    x = tf.reshape(X, (-1, 4))
    np.testing.assert_allclose(NegativeLogLikelihood()(model, x), -model.elbo(x, seed=0), rtol=1e-6)


def test_reconstructions_are_compared_by_squares(model):
    expected = np.sum((X - model.reconstruct(X)) ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(ReconstructionError()(model, X, batch_size=4), expected, rtol=1e-5)
    autoencoder = Autoencoder.default(SHAPE, 2, NETWORKS, likelihood=Normal())
    expected = np.sum((X - autoencoder.reconstruct(X)) ** 2, axis=(1, 2, 3))
    np.testing.assert_allclose(ReconstructionError()(autoencoder, X), expected, rtol=1e-5)


def test_a_ratio_is_of_two_models(model, exact):
    scores = LikelihoodRatio(exact)(model, X, batch_size=4)
    ours, theirs = (NegativeLogLikelihood()(each, X).numpy() for each in (model, exact))
    np.testing.assert_allclose(scores, ours - theirs, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(LikelihoodRatio(model)(model, X), np.zeros(6))


def test_the_typical_distance_is_from_the_entropy(exact):
    score = Typicality.of(exact, X.numpy(), batch_size=4)
    plain = NegativeLogLikelihood()(exact, X).numpy()
    np.testing.assert_allclose(score.entropy, plain.mean(), rtol=1e-6)
    np.testing.assert_allclose(score(exact, X), np.abs(plain - plain.mean()), atol=1e-5)


@pytest.mark.parametrize("compressor", [PNG(), Zlib()])
def test_the_code_length_is_taken_away(exact, compressor):
    bits = compressor(tf.constant(np.rint(X * 3), tf.uint8)).numpy()
    expected = -exact.log_prob(X).numpy() - np.log(2) * bits
    np.testing.assert_allclose(ComplexityCorrected(compressor)(exact, X), expected, rtol=1e-6)


def test_scores_are_given_the_condition():
    model, y = vae(condition=Classes(3)), np.array([0, 1, 2, 0, 1, 2])
    # An encoder that is not trained hardly reads it.
    random = np.random.default_rng(0)
    model.set_weights([random.normal(size=w.shape) for w in model.get_weights()])
    for score in (NegativeLogLikelihood(2), ReconstructionError()):
        scores = score(model, X, condition=y, batch_size=4).numpy()
        for label in range(3):
            of_label = score(model, X, condition=label).numpy()
            np.testing.assert_allclose(scores[y == label], of_label[y == label], rtol=1e-4)
            assert np.all(scores[y != label] != of_label[y != label])


def test_models_that_lack_what_a_score_needs_are_refused(model, exact):
    gan = GAN.default((4,), latent_dim=2, hidden=(3,))
    continuous = vae(likelihood=Normal())
    for score, refused, message in (
        (NegativeLogLikelihood(), gan, "a likelihood or a bound .* 'implicit'"),
        (ComplexityCorrected(), continuous, "256 levels at most.* levels=None"),
        (ReconstructionError(), exact, "reconstructs x .* a Independent"),
        (LikelihoodRatio(model), continuous, r"same shape and levels, .*None.* Received: .*4"),
    ):
        with pytest.raises(ValueError, match=message):
            score.check_model(refused)
    with pytest.raises(ValueError, match="LikelihoodRatio.* 'implicit'"):
        LikelihoodRatio(gan)
