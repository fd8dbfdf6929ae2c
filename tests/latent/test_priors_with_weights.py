import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

from tfgen import VAE, HierarchicalVAE
from tfgen.conditions import Classes
from tfgen.distributions import DiagonalNormal, StandardNormal, SwissRoll
from tfgen.latent import LearnedMixture, PlanarFlow, TopDownPosterior, TopDownPrior, VampPrior
from tfgen.networks import DenseNetworks, mlp

SHAPE = (3, 2, 1)
SMALL = DenseNetworks((5,))


def images(count=20):
    return np.random.default_rng(0).integers(0, 2, (count, *SHAPE)).astype("float32")


def codes(*shape):
    return np.random.default_rng(1).normal(size=shape).astype("float32")


def randomize(layer, scale=0.5):
    rng = np.random.default_rng(2)
    layer.set_weights([scale * rng.normal(size=w.shape) for w in layer.get_weights()])


def test_a_learned_mixture_is_the_mixture_of_its_weights():
    prior = LearnedMixture(2, 3)
    start = prior()
    np.testing.assert_allclose(start.components_distribution.stddev(), np.ones((3, 2)), rtol=1e-5)
    np.testing.assert_allclose(start.mixture_distribution.probs_parameter(), [1 / 3] * 3, rtol=1e-5)
    randomize(prior)
    logits, means, raw = (np.array(w, "float64") for w in prior.get_weights())
    z = codes(4, 2)
    scales = np.log1p(np.exp(raw)) + 1e-3
    parts = stats.norm.logpdf(z[:, np.newaxis], means, scales).sum(-1)
    expected = special.logsumexp(parts + special.log_softmax(logits), axis=1)
    np.testing.assert_allclose(prior().log_prob(z), expected, rtol=1e-5)


def test_a_vamp_prior_is_the_mixture_of_the_posteriors_of_its_pseudo_inputs():
    """Tomczak & Welling (2018), Eq. 9, written out."""
    model = VAE.default(SHAPE, architecture=SMALL, prior=VampPrior(SHAPE, 2, 4))
    # Some of them outside of [0, 1]: those pixels are clipped.
    u = np.random.default_rng(0).uniform(-0.5, 1.5, (4, *SHAPE)).astype("float32")
    model.prior.pseudo_inputs.assign(u)
    params = model.encoder(np.clip(u, 0, 1)).numpy().reshape(4, 2, 2).astype("float64")
    mean, scale = params[..., 0], np.log1p(np.exp(params[..., 1])) + 1e-3
    z = codes(3, 5, 2)
    parts = stats.norm.logpdf(z[..., np.newaxis, :], mean, scale).sum(-1)
    expected = special.logsumexp(parts, axis=-1) - np.log(4)
    np.testing.assert_allclose(model.prior_distribution().log_prob(z), expected, rtol=1e-4)


def test_the_pseudo_inputs_of_vectors_are_not_clipped():
    prior = VampPrior((3,), 2, 2)
    prior.pseudo_inputs.assign([[-3.0, 5.0, 0.5]] * 2)
    seen = []
    prior(lambda u: seen.append(u.numpy()) or DiagonalNormal()(tf.zeros((2, 4))))
    np.testing.assert_array_equal(seen[0], [[-3.0, 5.0, 0.5]] * 2)


def test_fit_starts_the_pseudo_inputs_from_different_training_images_once():
    keras.utils.set_random_seed(0)
    model = VAE.default((8,), architecture=SMALL, prior=VampPrior((8,), 2, 6))
    x = np.eye(8, dtype="float32")
    model.compile(keras.optimizers.SGD(0.0))
    model.fit(x, epochs=1, verbose=0)
    start = model.prior.pseudo_inputs.numpy()
    # Rows of the unit matrix, six different ones.
    assert np.all(start.sum(1) == 1) and np.all(start.max(1) == 1)
    assert len(np.unique(start.argmax(1))) == 6
    model.fit(1 - x, epochs=1, verbose=0)
    np.testing.assert_array_equal(model.prior.pseudo_inputs.numpy(), start)


def test_fewer_examples_than_pseudo_inputs_are_taken_in_turn():
    prior = VampPrior((2,), 2, 5)
    prior.adapt(np.array([[1.0, 0.0], [0.0, 1.0]], "float32"), seed=0)
    counts = prior.pseudo_inputs.numpy().sum(0)
    assert sorted(counts) == [2, 3]


def test_weights_of_priors_and_posteriors_are_the_models_and_move():
    model = HierarchicalVAE.default(SHAPE, (2, 3), SMALL, top=VampPrior(SHAPE, 2, 4), hidden=5)
    (phase,) = model.phases()
    assert phase.networks[2:] == (model.prior, model.posterior)
    model.compile(keras.optimizers.SGD(0.1))
    model.prior.adapt(images(), 0)
    model.prior.top.pseudo_inputs.assign(np.full((4, *SHAPE), 0.5))
    before = [v.numpy() for v in model.trainable_variables]
    model.fit(images(), batch_size=5, epochs=2, verbose=0)
    moved = [np.any(v.numpy() != b) for v, b in zip(model.trainable_variables, before, strict=True)]
    assert all(moved)


def test_the_pseudo_inputs_of_a_hierarchical_model_pass_the_network_of_the_top_alone():
    model = HierarchicalVAE.default(SHAPE, (2, 3), SMALL, top=VampPrior(SHAPE, 2, 4), hidden=5)
    model.prior.top.pseudo_inputs.assign(images(4) / 2 + 0.25)
    z = codes(9, 5)
    # The same as by the whole encoder, the gradients too.
    variables = model.trainable_variables
    log_probs, gradients = [], []
    for prior in (lambda: model.prior(model.q), model.prior_distribution):
        with tf.GradientTape() as tape:
            log_probs.append(prior().log_prob(z))
        gradients.append(tape.gradient(log_probs[-1], variables))
    np.testing.assert_allclose(*log_probs, rtol=1e-5)
    lower = {id(v) for v in model.encoder.get_layer("encoder_1").trainable_variables}
    for variable, expected, found in zip(variables, *gradients, strict=True):
        if id(variable) in lower:
            assert found is None and not np.any(expected)
        elif expected is None:
            assert found is None
        else:
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_an_encoder_of_one_s_own_is_read_as_a_whole():
    default = HierarchicalVAE.default(SHAPE, (2, 3), SMALL, top=VampPrior(SHAPE, 2, 4), hidden=5)
    values = {name: getattr(default, name) for name in ("decoder", "likelihood", "posterior")}
    encoder = mlp(SHAPE, (6,), (default.posterior.params_size(5),))
    model = HierarchicalVAE(encoder=encoder, prior=default.prior, **values)
    expected = model.prior(model.q).log_prob(codes(9, 5))
    found = model.prior_distribution().log_prob(codes(9, 5))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def chain(dims=(2, 3, 1)):
    """A prior and a posterior in layers, with random weights everywhere."""
    prior = TopDownPrior(dims, LearnedMixture(dims[0], 2), hidden=4)
    posterior = TopDownPosterior(dims, num_features=3, hidden=4)
    randomize(prior)
    randomize(posterior)
    return prior, posterior


def test_the_density_of_layers_is_the_product_of_the_layers():
    prior, posterior = chain()
    z = codes(7, 6)
    first, second, third = z[:, :2], z[:, 2:5], z[:, 5:]
    for kind in ("prior", "posterior"):
        if kind == "prior":
            distribution, top = prior(), prior.top()
            params = [prior.networks[0](first), prior.networks[1](z[:, :5])]
        else:
            outputs = codes(7, posterior.params_size(6))
            distribution, top = posterior(outputs), DiagonalNormal()(outputs[:, :4])
            features = outputs[:, 4:7], outputs[:, 7:]
            params = [
                posterior.networks[0]([first, features[0]]),
                posterior.networks[1]([z[:, :5], features[1]]),
            ]
        expected = top.log_prob(first)
        for part, own in zip((second, third), params, strict=True):
            expected += DiagonalNormal()(own).log_prob(part)
        np.testing.assert_allclose(distribution.log_prob(z), expected, rtol=1e-4)
        np.testing.assert_allclose(
            distribution.log_prob(z[:, np.newaxis] if kind == "prior" else z[np.newaxis]),
            expected[:, np.newaxis] if kind == "prior" else expected[np.newaxis],
            rtol=1e-4,
        )


def test_draws_of_layers_have_the_density_that_is_said():
    """E_p[r(z) / p(z)] = 1 for the density r of a standard normal, within 5 standard errors."""
    prior, _ = chain((1, 1))
    p = prior()
    z = p.sample(40_000, seed=(0, 1))
    ratio = np.exp(StandardNormal(2)().log_prob(2 * z) + 2 * np.log(2) - p.log_prob(z))
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / 200
    assert ratio.std() < 5


@pytest.mark.parametrize("top", [StandardNormal(2), VampPrior(SHAPE, 2, 3)])
def test_a_hierarchical_model_s_probabilities_sum_to_one(top):
    """Sum over all x of the unbiased importance estimate of p(x)."""
    keras.utils.set_random_seed(3)
    shape = (3,)
    if isinstance(top, VampPrior):
        top = VampPrior(shape, 2, 3)
    model = HierarchicalVAE.default(shape, (2, 1), SMALL, top=top, hidden=5)
    x = np.array(list(np.ndindex(2, 2, 2)), "float32")
    bounds = np.stack([model.iwae_bound(x, 4000, seed=seed) for seed in range(16)])
    totals = np.exp(bounds.astype("float64")).sum(1)
    error = totals.std() / 4
    assert error < 0.01 and abs(totals.mean() - 1) < 4 * error


@pytest.mark.parametrize(
    "build",
    [
        lambda: VampPrior((), 2),
        lambda: VampPrior((3,), 0),
        lambda: VampPrior((3,), 2)(),
        lambda: LearnedMixture(2, 0),
        lambda: TopDownPrior((2,), StandardNormal(2)),
        lambda: TopDownPrior((2, 3), StandardNormal(3)),
        lambda: TopDownPrior((2, 3), SwissRoll()),
        lambda: TopDownPosterior((2, 3)).params_size(4),
        lambda: VAE.default((3,), prior=SwissRoll()),
        lambda: VAE.default((3,), prior=VampPrior((4,), 2)),
        lambda: VAE.default((3,), prior=VampPrior((3,), 2), condition=Classes(3)),
        lambda: VAE.default((3,), latent_dim=3, prior=StandardNormal(2)),
        lambda: VAE.default((3,), prior=VampPrior((3,), 2), posterior=PlanarFlow(1)),
        lambda: VAE.default((3,), prior=TopDownPrior((1, 1), VampPrior((3,), 1))),
    ],
)
def test_what_does_not_fit_is_refused(build):
    with pytest.raises(ValueError, match="expected .*Received:"):
        build()


def test_a_vamp_prior_s_pseudo_inputs_pass_an_encoder_as_it_trains():
    """Dropout in the encoder is on for them, too, in training alone."""
    x = keras.Input((4,))
    encoder = keras.Model(x, keras.layers.Dense(2)(keras.layers.Dropout(0.5)(x)))
    model = VAE(
        encoder=encoder,
        decoder=mlp((1,), (), (4,)),
        prior=VampPrior((4,), 1, 3),
        likelihood=VAE.default((4,)).likelihood,
    )
    means = lambda training: model.prior_distribution(training).components_distribution.mean()
    np.testing.assert_array_equal(means(False), means(False))
    assert np.any(np.array(means(True)) != np.array(means(True)))
