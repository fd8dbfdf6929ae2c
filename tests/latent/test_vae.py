import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from tfgen import VAE
from tfgen.conditions import Classes
from tfgen.distributions import (
    Bernoulli,
    Categorical,
    DiagonalNormal,
    FullCovarianceNormal,
    GaussianMixture,
    Head,
    LogisticMixture,
    Normal,
    NormalMixture,
    StandardNormal,
)
from tfgen.latent import (
    ELBO,
    InverseAutoregressiveFlow,
    LearnedMixture,
    PlanarFlow,
    TopDownPosterior,
    TopDownPrior,
    VampPrior,
)
from tfgen.networks import DenseNetworks, mlp

tfd = tfp.distributions

# x = W z + m + noise: the exact density and posterior are normal (Bishop 2006, section 12.2).
D, K, NOISE = 5, 2, 0.5
GENERATOR = np.random.default_rng(0)
W, M = GENERATOR.normal(size=(D, K)), GENERATOR.normal(size=D)
PRECISION = np.eye(K) + W.T @ W / NOISE**2
X = (GENERATOR.normal(size=(7, K)) @ W.T + M + NOISE * GENERATOR.normal(size=(7, D))).astype("f")
EXACT = stats.multivariate_normal(M, W @ W.T + NOISE**2 * np.eye(D)).logpdf(X)


def linear_gaussian(rotation):
    """The VAE of the linear model, with the exact means and variances of its posterior.

    A rotation to the axes along which the posterior is independent makes q exact.
    """
    W_rotated = W @ rotation
    model = VAE(
        encoder=mlp((D,), (), (2 * K,)),
        decoder=mlp((K,), (), (D,)),
        prior=StandardNormal(K),
        likelihood=Normal(scale=NOISE),
    )
    model.decoder.set_weights([W_rotated.T, M])
    covariance = np.linalg.inv(rotation.T @ PRECISION @ rotation)
    variance = np.diag(covariance)
    gain = covariance @ W_rotated.T / NOISE**2
    # Normal's parameters of one dimension stand side by side: its mean and its raw scale.
    kernel, bias = np.zeros((D, K, 2)), np.zeros((K, 2))
    kernel[..., 0], bias[:, 0] = gain.T, -gain @ M
    bias[:, 1] = np.log(np.expm1(np.sqrt(variance) - model.posterior.min_scale))
    model.encoder.set_weights([kernel.reshape(D, 2 * K), bias.reshape(-1)])
    return model


AXES = np.linalg.eigh(PRECISION)[1]


def small(likelihood=None, event_shape=(4, 4, 1), **kwargs):
    keras.utils.set_random_seed(1)
    return VAE.default(
        event_shape,
        latent_dim=3,
        architecture=DenseNetworks((6,)),
        likelihood=likelihood or Bernoulli(),
        **kwargs,
    )


def images(count=9, levels=2):
    grey = np.random.default_rng(0).integers(0, levels, (count, 4, 4, 1))
    return (grey / (levels - 1)).astype("float32")


def test_the_bound_is_exact_at_the_exact_posterior():
    model = linear_gaussian(AXES)
    # Each example has draws of its own, copies too.
    bounds = model.elbo(np.tile(X, (4000, 1)), seed=0).numpy().reshape(4000, len(X))
    np.testing.assert_allclose(bounds.mean(axis=0), EXACT, atol=0.1)
    # log p(x, z) - log q(z | x) is log p(x) for every z there, so one importance sample is exact.
    np.testing.assert_allclose(model.iwae_bound(X, 1, seed=0), EXACT, rtol=1e-4)


def test_the_closed_form_of_the_bound_is_log_p_at_the_exact_posterior():
    model = linear_gaussian(AXES)
    q = model.q(X)
    mean, variance = q.mean().numpy(), q.variance().numpy()
    residual = X - mean @ (W @ AXES).T - M
    spread = ((W @ AXES) ** 2 * variance[:, None]).sum((1, 2))
    distortion = ((residual**2).sum(1) + spread) / (2 * NOISE**2)
    distortion += D * np.log(NOISE * np.sqrt(2 * np.pi))
    rate = q.kl_divergence(model.prior()).numpy()
    np.testing.assert_allclose(-distortion - rate, EXACT, rtol=1e-4)


def test_elsewhere_the_bounds_are_ordered_and_below_log_p():
    model = linear_gaussian(np.eye(K))
    x = np.tile(X[:1], (4000, 1))
    bounds = [np.mean(model.iwae_bound(x, k, seed=k)) for k in (1, 2, 5, 25, 100)]
    assert np.all(np.diff(bounds) > 0)
    assert bounds[0] < EXACT[0] - 0.01
    np.testing.assert_allclose(bounds[-1], EXACT[0], atol=0.03)


def test_one_importance_sample_gives_the_elbo_on_average():
    model, x = small(), np.tile(images(1), (4000, 1, 1, 1))
    elbo, bound = model.elbo(x, seed=0).numpy(), model.iwae_bound(x, 1, seed=1).numpy()
    error = np.sqrt((elbo.var() + bound.var()) / len(x))
    assert abs(elbo.mean() - bound.mean()) < 4 * error


@pytest.mark.parametrize("num_samples", [1, 3, 100, 101, 250])
def test_the_importance_weighted_bound_averages_exactly_num_samples_weights(num_samples):
    """With p(z) p(x | z) / q(z | x) constant, any miscounted weight would show."""
    np.testing.assert_allclose(
        linear_gaussian(AXES).iwae_bound(X, num_samples, seed=2), EXACT, rtol=1e-4
    )


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_reported_terms_add_up(beta):
    model = small(objective=ELBO(beta))
    model.compile()
    terms = model.evaluate(images(), verbose=0, return_dict=True)
    total = lambda beta: terms["distortion"] + beta * terms["rate"]
    np.testing.assert_allclose(terms["loss"], total(beta), rtol=1e-5)
    np.testing.assert_allclose(terms["negative_elbo"], total(1), rtol=1e-5)


def test_the_rate_of_a_standard_normal_prior_is_the_paper_s_closed_form():
    model, x = small(), tf.constant(images())
    mean, scale = model.q(x).mean(), model.q(x).stddev()
    # Kingma & Welling (2014), Appendix B.
    rate = -0.5 * tf.reduce_sum(1 + tf.math.log(scale**2) - mean**2 - scale**2, axis=-1)
    found = model.bound_loss((x,), tf.constant([0, 1]), False)["rate"]
    np.testing.assert_allclose(found, tf.reduce_mean(rate), rtol=1e-5)


def test_the_joint_is_prior_times_likelihood():
    model = small()
    joint = model.joint()
    draw = joint.sample(5, seed=(0, 1))
    expected = model.prior().log_prob(draw["z"]) + model.p(draw["z"]).log_prob(draw["x"])
    np.testing.assert_allclose(joint.log_prob(draw), expected, rtol=1e-5)
    single = joint.sample(seed=(0, 1))
    assert joint.log_prob(single).shape == ()


def test_p_takes_any_leading_dimensions():
    model, z = small(), tf.random.stateless_normal((2, 3, 3), (0, 1))
    flat = model.p(tf.reshape(z, (6, 3))).mean()
    np.testing.assert_allclose(tf.reshape(model.p(z).mean(), (6, 4, 4, 1)), flat, rtol=1e-6)


def test_encode_decode_and_reconstruct_are_means():
    model, x = small(), images()
    np.testing.assert_allclose(model.encode(x), model.q(x).mean(), rtol=1e-5)
    np.testing.assert_allclose(model.decode(model.encode(x)), model.reconstruct(x), rtol=1e-5)
    np.testing.assert_allclose(model.reconstruct(x, batch_size=4), model(x), rtol=1e-5)


def test_training_raises_the_bound():
    model = small()
    x = np.repeat(images(3), 40, axis=0)
    before = model.elbo(x, seed=0).numpy().mean()
    model.compile(keras.optimizers.Adam(0.02), steps_per_execution=6)
    model.fit(x, batch_size=20, epochs=40, verbose=0)
    # Three images: log 3 nats, and the rate of telling them apart.
    assert model.elbo(x, seed=0).numpy().mean() > max(before, -2.5)


HEADS = [Bernoulli(), Categorical(3), Normal(), NormalMixture(2), LogisticMixture(2, 3)]


@pytest.mark.parametrize("head", HEADS, ids=lambda head: type(head).__name__)
@pytest.mark.parametrize("prior", [StandardNormal(3), GaussianMixture([[1.0] * 3, [-1.0] * 3])])
def test_every_head_and_prior_trains_and_samples_in_range(head, prior):
    params = (4, 4, head.params_size((4, 4, 1)))
    model = VAE(
        encoder=mlp((4, 4, 1), (6,), (6,)),
        decoder=mlp((3,), (6,), params),
        prior=prior,
        likelihood=head,
    )
    model.compile()
    x = images(20, levels=head.levels or 3)
    history = model.fit(x, batch_size=10, epochs=2, verbose=0).history
    assert np.isfinite([values for values in history.values()]).all()
    samples = model.sample(16, seed=0)
    model.check(samples)
    assert np.std(samples) > 0


@pytest.mark.parametrize(
    "change",
    [
        {"encoder": mlp((4,), (), (5,))},
        {"decoder": mlp((3,), (), (4,))},
        {"decoder": mlp((2,), (), (5,))},
        {"prior": StandardNormal(3)},
        {"posterior": FullCovarianceNormal()},
    ],
)
def test_networks_that_do_not_fit_are_refused(change):
    arguments = {
        "encoder": mlp((4,), (), (4,)),
        "decoder": mlp((2,), (), (4,)),
        "prior": StandardNormal(2),
        "likelihood": Bernoulli(),
    }
    VAE(**arguments)
    with pytest.raises(ValueError, match="Received:"):
        VAE(**{**arguments, **change})


def test_codes_of_another_size_and_no_samples_are_refused():
    with pytest.raises(ValueError, match=r"z of shape \[batch, 3\]"):
        small().decode(np.zeros((2, 4), "float32"))
    with pytest.raises(ValueError, match="num_samples"):
        small().iwae_bound(images(), 0)


def test_bounds_do_not_depend_on_the_batches():
    model, x = small(), images(4)
    for bound in (model.elbo, lambda x, **options: model.iwae_bound(x, 130, **options)):
        whole = bound(x, seed=0)
        for batch_size in (1, 3, len(x)):
            found = bound(x, seed=0, batch_size=batch_size)
            np.testing.assert_allclose(found, whole, rtol=1e-5)
        assert not np.allclose(bound(x, seed=1), whole, rtol=1e-3)
        # Each example has draws of its own: equal examples have unequal estimates.
        assert len(np.unique(bound(np.repeat(x[:1], 4, axis=0), seed=0))) == 4


def conditional():
    """p(x | y) by networks with random weights everywhere."""
    model = VAE.default(
        (4,),
        latent_dim=2,
        architecture=DenseNetworks((3,)),
        likelihood=Normal(),
        condition=Classes(3),
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def test_a_condition_selects_one_of_the_models_that_it_holds():
    """With y fixed, the network of two inputs is one of x, and all numbers are that model's."""
    model, x = conditional(), np.random.default_rng(1).normal(size=(5, 4)).astype("float32")
    given = tf.Variable(tf.zeros((1, 3)))

    def fixed(network):
        z = keras.Input(network.inputs[0].shape[1:])
        row = keras.layers.Lambda(
            lambda z: tf.repeat(given, tf.shape(z)[0], axis=0), output_shape=(3,)
        )(z)
        return keras.Model(z, network([z, row]))

    alone = VAE(
        encoder=fixed(model.encoder),
        decoder=fixed(model.decoder),
        prior=model.prior,
        likelihood=model.likelihood,
    )
    for y in range(3):
        given.assign(tf.one_hot([y], 3))
        same = lambda method, *args, y=y, **kwargs: np.testing.assert_allclose(
            getattr(model, method)(*args, condition=y, **kwargs),
            getattr(alone, method)(*args, **kwargs),
            rtol=1e-5,
            atol=1e-6,
        )
        same("elbo", x, seed=0)
        same("iwae_bound", x, 7, seed=0, batch_size=2)
        same("encode", x)
        same("decode", x[:, :2])
        same("reconstruct", x)
        same("sample", 6, seed=3)
        draw = alone.joint().sample(2, seed=(0, 1))
        found = model.joint(condition=y).log_prob(draw)
        np.testing.assert_allclose(found, alone.joint().log_prob(draw), rtol=1e-5)


def test_it_learns_what_its_condition_says():
    keras.utils.set_random_seed(1)
    y = np.arange(300) % 3
    noise = np.random.default_rng(0).normal(scale=0.1, size=(300, 2))
    x = (np.array([[0.0, 4.0], [3.0, -1.0], [-5.0, 0.0]])[y] + noise).astype("float32")
    model = VAE.default(
        (2,),
        latent_dim=1,
        architecture=DenseNetworks((16,)),
        likelihood=Normal(),
        condition=Classes(3),
    )
    model.compile("adam", steps_per_execution=10)
    for rate in (0.02, 0.002):
        model.optimizer.learning_rate = rate
        model.fit(x, y, batch_size=30, epochs=80, verbose=0)
    for label in range(3):
        samples = model.sample(200, condition=label, seed=0).numpy()
        expected = x[y == label].mean(axis=0)
        np.testing.assert_allclose(samples.mean(axis=0), expected, atol=0.3)


PRIORS = {
    "normal": lambda: StandardNormal(3),
    "mixture": lambda: LearnedMixture(3, 2),
    "pseudo-inputs": lambda: VampPrior((3, 2, 1), 3, 4),
    "layers": lambda: TopDownPrior((1, 2), StandardNormal(1), hidden=4),
}
POSTERIORS = {
    "diagonal": DiagonalNormal,
    "full": FullCovarianceNormal,
    "planar": lambda: PlanarFlow(2),
    "autoregressive": lambda: InverseAutoregressiveFlow(3, 1, 4, 2),
    "layers": lambda: TopDownPosterior((1, 2), num_features=4, hidden=4),
}
# Pseudo-inputs need log q(z) of any z (see test_priors_with_weights).
PAIRS = [(p, q) for p in PRIORS for q in POSTERIORS if (p, q) != ("pseudo-inputs", "planar")]


class Together(Head):
    """Several heads of one x, each with parameters of its own: prod_h p_h(x)."""

    levels = 2

    def __init__(self, heads):
        self.heads = tuple(heads)
        self.num_params = sum(head.num_params for head in self.heads)

    def marginals(self, params):
        sizes = [head.num_params for head in self.heads]
        parts = tf.split(params, sizes, axis=-1)
        return Product([head.marginals(part) for head, part in zip(self.heads, parts, strict=True)])


class Product(tfd.Distribution):
    def __init__(self, factors):
        self.factors = factors
        super().__init__(tf.float32, tfd.NOT_REPARAMETERIZED, False, True, name="Product")

    def _batch_shape(self):
        return self.factors[0].batch_shape

    def _event_shape(self):
        return tf.TensorShape([])

    def _log_prob(self, x):
        return tf.add_n([factor.log_prob(x) for factor in self.factors])


@pytest.mark.parametrize(("prior", "posterior"), PAIRS)
def test_every_head_with_every_prior_and_posterior_steps_reloads_and_goes_on(
    prior, posterior, tmp_path
):
    """The heads side by side, so that a term or a gradient of any that fails is one of the sum."""
    keras.utils.set_random_seed(2)
    model = VAE.default(
        (3, 2, 1),
        architecture=DenseNetworks((4,)),
        likelihood=Together(HEADS),
        prior=PRIORS[prior](),
        posterior=POSTERIORS[posterior](),
    )
    model.compile(run_eagerly=True)
    x = np.tile(np.float32([0, 1, 0, 1, 1, 0]).reshape(1, 3, 2, 1), (4, 1, 1, 1))
    model.prior.adapt(x, 0)
    before = model.decoder.get_layer("output").kernel.numpy()
    first = model.train_on_batch(x)
    assert np.all(np.isfinite(first))
    # Every parameter of every head has moved, and is finite.
    change = model.decoder.get_layer("output").kernel.numpy() - before
    assert np.all(np.isfinite(change)) and np.all(np.any(change, axis=0))
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    assert twin.likelihood == model.likelihood
    np.testing.assert_array_equal(twin.train_on_batch(x), model.train_on_batch(x))
    for own, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)
