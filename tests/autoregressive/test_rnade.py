import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import integrate, stats
from truths import hessian_vector_product

from tfgen.autoregressive import rnade_loops
from tfgen.autoregressive.rnade import RNADE
from tfgen.distributions import (
    Categorical,
    ContinuousLogisticMixture,
    LaplaceMixture,
    NormalMixture,
    NormalWeights,
)
from tfgen.layers import Standardize

tfd = tfp.distributions
HEADS = [NormalMixture(3), LaplaceMixture(2), ContinuousLogisticMixture(2)]
every_head = pytest.mark.parametrize("head", HEADS, ids=repr)


def rnade(event_shape, head=HEADS[0], num_hidden=5, seed=0, scale=0.7):
    """A model with weights large enough that the conditionals differ."""
    model = RNADE(event_shape=event_shape, num_hidden=num_hidden, head=head)
    generator = np.random.default_rng(seed)
    weights = [scale * generator.normal(size=w.shape) for w in model.get_weights()]
    model.set_weights(weights)
    model.scales.assign(1 + 0.3 * weights[1])
    return model


def reals(shape, seed=0):
    return tf.constant(np.random.default_rng(seed).normal(size=shape).astype("float32"))


def plain_params(x, W, rho, c, V, b):
    """The recursion, one dimension after the other, in plain TensorFlow; x is `[D, B]`."""
    a, params = tf.ones((x.shape[1], 1)) * c, []
    for d in range(x.shape[0]):
        params.append(tf.nn.relu(rho[d] * a) @ tf.transpose(V[d]) + b[d])
        a += x[d][:, None] * W[d]
    return tf.stack(params, axis=1)


def plain_log_prob(model, x):
    params = plain_params(tf.transpose(x), *model._parameters())
    return model.head(tf.reshape(params, (len(x), -1))).log_prob(x)


@every_head
def test_a_density_of_one_variable_integrates_to_one(head):
    model = rnade((1,), head)
    x = np.linspace(-60, 60, 60001).astype("float32")
    density = np.exp(model.log_prob(x[:, None]).numpy().astype("float64"))
    np.testing.assert_allclose(integrate.trapezoid(density, x.astype("float64")), 1, rtol=2e-4)


@every_head
def test_a_density_of_two_variables_integrates_to_one(head):
    model = rnade((2,), head, scale=0.4)
    x = np.linspace(-25, 25, 501)
    grid = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2).astype("float32")
    density = np.exp(model.log_prob(grid, batch_size=50_000).numpy().astype("float64"))
    density = density.reshape(501, 501)
    first = integrate.simpson(density, x=x, axis=1)
    np.testing.assert_allclose(integrate.simpson(first, x=x), 1, rtol=2e-3)
    alone = model.conditionals(np.stack([x, 0 * x], 1).astype("float32")).distribution
    np.testing.assert_allclose(
        first, np.exp(alone.log_prob(np.stack([x, 0 * x], 1)))[:, 0], rtol=0.02, atol=1e-4
    )


@every_head
def test_log_prob_and_its_gradients_are_those_of_a_plain_loop(head):
    model, x = rnade((6,), head), reals((7, 6))

    def gradients(function):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        return value, tape.gradient(value, [x, *model.trainable_variables])

    expected, expected_gradients = gradients(lambda x: plain_log_prob(model, x))
    for function in (model, model.log_prob, model.distribution().log_prob):
        value, found = gradients(function)
        np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)
        for a, b in zip(found, expected_gradients, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_the_gradient_by_any_weighting_of_the_parameters_is_that_of_autodiff(count):
    model, x = rnade((6,)), reals((6, count))
    arguments, gradients = (x, *model._parameters()), []
    weighting = reals((count, 6, 9), seed=1)
    for function in (rnade_loops.sweep, plain_params):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            value = tf.reduce_sum(weighting * function(*arguments))
        gradients.append(tape.gradient(value, arguments))
    for found, expected in zip(*gradients, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_second_derivatives_by_data_and_weights_are_those_of_autodiff():
    model, x = rnade((4,)), reals((3, 4))
    tensors = [x, *model.trainable_variables]
    vectors = [reals(each.shape, seed=i) for i, each in enumerate(tensors)]
    product = lambda function: hessian_vector_product(function, tensors, vectors)
    found = product(lambda: tf.reduce_mean(model.log_prob(x)))
    expected = product(lambda: tf.reduce_mean(plain_log_prob(model, x)))
    for a, b in zip(found, expected, strict=True):
        assert np.abs(b).max() > 1e-3
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_a_long_backward_sweep_keeps_its_precision():
    """400 steps are undone; the gradient is that of the loop which stores them."""
    model, x = RNADE.default((400,), num_hidden=4, head=NormalMixture(1)), reals((400, 3))
    arguments, gradients = (x, *model._parameters()), []
    for function in (rnade_loops.sweep, plain_params):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            value = tf.reduce_sum(function(*arguments) ** 2)
        gradients.append(tape.gradient(value, arguments))
    for found, expected in zip(*gradients, strict=True):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found, expected, atol=1e-4 * scale)


def test_a_conditional_depends_on_what_comes_before_it_alone():
    model = rnade((6,), NormalMixture(1))
    model.hidden_bias.assign(tf.ones(5))  # Units that no input has turned off.
    x = tf.fill((1, 6), 0.1)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        loc = model.conditionals(x).distribution.components_distribution.loc
    jacobian = tape.jacobian(loc, x, experimental_use_pfor=False)
    jacobian = tf.reshape(jacobian, (6, 6)).numpy()
    np.testing.assert_array_equal(np.triu(jacobian), 0)
    assert (np.abs(jacobian[np.tril_indices(6, -1)]) > 1e-7).all()


def test_conditionals_are_what_log_prob_adds_up():
    model = rnade((6,))
    x = model.sample(6, seed=0)
    conditionals = model.conditionals(x)
    assert isinstance(conditionals, tfd.Independent)
    np.testing.assert_allclose(conditionals.log_prob(x), model.log_prob(x), rtol=1e-5)
    one_by_one = tf.reduce_sum(conditionals.distribution.log_prob(x), 1)
    np.testing.assert_allclose(one_by_one, model.log_prob(x), rtol=1e-5)


@every_head
def test_samples_have_uniform_distribution_functions(head):
    """F(x_d | x_<d) of samples is uniform, and independent from one dimension to the next."""
    model = rnade((3,), head)
    samples = model.sample(4000, seed=3)
    levels = model.conditionals(samples).distribution.cdf(samples).numpy()
    for d in range(3):
        assert stats.kstest(levels[:, d], "uniform").pvalue > 1e-3
    assert np.abs(np.corrcoef(levels.T) - np.eye(3)).max() < 4 / np.sqrt(4000)


def test_sampling_equals_one_pass_for_each_dimension():
    model, seed, count = rnade((6,)), 7, 9
    uniforms = tf.random.stateless_uniform((count, 6, 2), (0, seed))
    x = np.zeros((count, 6), "float32")
    for d in range(6):
        params = plain_params(tf.constant(x.T), *model._parameters())[:, d]
        x[:, d] = model.head.invert(params, uniforms[:, d])
    np.testing.assert_allclose(model.sample(count, seed=seed), x, atol=1e-4)


def test_completion_keeps_what_it_was_given_and_follows_the_conditional():
    model = rnade((3,))
    x = np.tile(np.float32([0.4, np.nan, 7]), (4000, 1))
    completed = model.complete(x, np.array([1, 0, 0]), seed=0).numpy()
    np.testing.assert_array_equal(completed[:, 0], x[:, 0])
    levels = model.conditionals(completed).distribution.cdf(completed).numpy()
    for d in (1, 2):
        assert stats.kstest(levels[:, d], "uniform").pvalue > 1e-3
    with pytest.raises(ValueError, match="raster order.*keeps dimension 2"):
        model.complete(np.zeros((1, 3), "float32"), np.array([1, 0, 1]))


def test_training_finds_a_density_that_is_known():
    """x_2 lies on both sides of a sine of x_1: two modes, which no single normal has."""
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    first, side = generator.normal(size=4000), generator.choice([-1, 1], 4000)
    second = np.sin(2 * first) + side + 0.2 * generator.normal(size=4000)
    x = np.stack([first, second], 1).astype("float32")
    model = RNADE.default((2,), num_hidden=20, head=NormalMixture(3))
    model.compile(keras.optimizers.Adam(0.02), steps_per_execution=20)
    model.fit(x, batch_size=200, epochs=30, verbose=0)
    entropy = stats.norm.entropy() + stats.norm.entropy(scale=0.2) + np.log(2)
    # Within the sampling error of the data, 0.02, and what the network does not fit.
    assert -0.05 < -model.log_prob(x).numpy().mean() - entropy < 0.12
    assert stats.ks_2samp(model.sample(4000, seed=0)[:, 1], x[:, 1]).statistic < 0.05


def test_hamiltonian_monte_carlo_finds_the_moments_of_the_samples():
    model = rnade((2,), NormalMixture(2), scale=0.4)
    distribution = model.distribution()

    @tf.function(jit_compile=True)
    def run():
        kernel = tfp.mcmc.HamiltonianMonteCarlo(distribution.log_prob, 0.5, 4)
        return tfp.mcmc.sample_chain(
            400,
            tf.zeros((50, 2)),
            kernel=kernel,
            num_burnin_steps=50,
            seed=(0, 1),
            trace_fn=lambda _, results: results.is_accepted,
        )

    chain, accepted = run()
    assert 0.5 < tf.reduce_mean(tf.cast(accepted, tf.float32)) < 0.999
    samples = model.sample(20_000, seed=2).numpy()
    chain = chain.numpy().reshape(-1, 2)
    np.testing.assert_allclose(chain.mean(axis=0), samples.mean(axis=0), atol=0.06)
    np.testing.assert_allclose(np.cov(chain.T), np.cov(samples.T), atol=0.12)


def test_a_monte_carlo_estimate_of_kl_meets_the_integral():
    p, q = (rnade((1,), seed=seed, scale=0.4).distribution() for seed in (0, 1))
    samples = p.sample(20_000, seed=(0, 1))

    def ratio(x):
        return p.log_prob(x) - q.log_prob(x)

    estimate = tfp.monte_carlo.expectation(
        ratio, samples, log_prob=p.log_prob, use_reparameterization=False
    )
    x = np.linspace(-12, 12, 20_001).astype("float32")[:, None]
    exact = integrate.trapezoid(np.exp(p.log_prob(x)) * ratio(x), x[:, 0])
    assert exact > 0.01
    assert abs(estimate - exact) < 4 * np.std(ratio(samples)) / np.sqrt(20_000) + 1e-4


def test_tfp_composes_the_distribution():
    one, other = rnade((4,)).distribution(), rnade((4,), seed=1).distribution()
    x = reals((2, 3, 4))
    log_prob = one.log_prob(x)
    np.testing.assert_allclose(
        tf.reshape(log_prob, (-1,)), one.model.log_prob(tf.reshape(x, (-1, 4))), rtol=1e-6
    )
    three = tfd.Sample(one, 3)
    np.testing.assert_allclose(three.log_prob(x), tf.reduce_sum(log_prob, axis=1), rtol=1e-5)
    assert three.sample(5, seed=(0, 1)).shape == (5, 3, 4)
    mixture = tfd.Mixture(tfd.Categorical(probs=[0.25, 0.75]), [one, other])
    expected = 0.25 * np.exp(log_prob) + 0.75 * np.exp(other.log_prob(x))
    np.testing.assert_allclose(np.exp(mixture.log_prob(x)), expected, rtol=1e-4)
    assert mixture.sample((2, 3), seed=(0, 1)).shape == (2, 3, 4)
    samples = one.sample((2, 3), seed=(0, 5))
    np.testing.assert_array_equal(samples, one.sample((2, 3), seed=(0, 5)))


def test_the_weights_are_counted():
    model = RNADE(event_shape=(784,), num_hidden=50)
    assert model.count_params() == 784 * 50 + 784 + 50 + 784 * 30 * 51
    assert model.levels is None and model.head == NormalMixture(10)


@pytest.mark.parametrize(
    "arguments", [{"num_hidden": 0}, {"head": Categorical(3)}, {"head": "normal"}]
)
def test_bad_arguments_are_refused(arguments):
    with pytest.raises(ValueError, match="Received:"):
        RNADE.default((4,), **arguments)


def table(count=300):
    """Columns of very different units, correlated; the last one is constant."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(count, 4)) @ generator.normal(size=(4, 4))
    return np.c_[x, np.full(count, 3.0)].astype("float32")


def fitted(x, epochs=2, **arguments):
    keras.utils.set_random_seed(0)
    model = RNADE.default(x.shape[1:], num_hidden=4, head=NormalMixture(2), **arguments)
    model.compile()
    model.fit(x, epochs=epochs, batch_size=100, verbose=0)
    return model


def test_a_density_of_data_in_other_units_is_that_density_less_the_log_of_the_units():
    units, places = np.array([1e-3, 1e3, 1.0, 1e-6, 1.0]), np.array([1000.0, 0, -5, 0, 7])
    moved_x = (table() * units + places).astype("float32")
    x = ((moved_x - places) / units).astype("float32")  # As float32 has values near 1000.
    model, moved = fitted(x), fitted(moved_x)
    expected = model.log_prob(x).numpy() - np.log(units).sum()
    np.testing.assert_allclose(moved.log_prob(moved_x), expected, atol=5e-3)
    at_zero = [1, 2, 3, 4]
    model, scaled = fitted(x[:, at_zero]), fitted((x * units).astype("float32")[:, at_zero])
    expected = model.log_prob(x[:, at_zero]).numpy() - np.log(units[at_zero]).sum()
    found = scaled.log_prob((x * units).astype("float32")[:, at_zero])
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_standardised_density_integrates_to_one_and_starts_as_the_normal_of_the_data():
    x = np.float32([5.0, -2.0]) + table()[:, :2] * np.float32([0.01, 0.02])
    model = RNADE.default((2,))
    model.adapt(x)
    axes = [
        np.linspace(m - 9 * s, m + 9 * s, 301) for m, s in zip(x.mean(0), x.std(0), strict=True)
    ]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2).astype("float32")
    density = np.exp(model.log_prob(grid).numpy().astype("float64")).reshape(301, 301)
    total = integrate.simpson(integrate.simpson(density, x=axes[1], axis=1), x=axes[0])
    np.testing.assert_allclose(total, 1, rtol=2e-3)
    normal = stats.multivariate_normal(x.mean(axis=0), np.cov(x.T))
    assert abs(model.log_prob(x).numpy().mean() - normal.logpdf(x).mean()) < 0.05


def test_samples_and_completions_follow_the_standardised_conditionals():
    x = table()[:, :3] * np.float32([10.0, 0.1, 1.0])
    model = fitted(x)
    completed = model.complete(x, np.array([1, 0, 0]), seed=1)
    np.testing.assert_array_equal(completed[:, 0], x[:, 0])
    for drawn in (model.sample(2000, seed=0), model.complete(x, np.array([1, 0, 0]), seed=1)):
        levels = model.conditionals(drawn).distribution.cdf(drawn).numpy()
        for d in (1, 2):
            assert stats.kstest(levels[:, d], "uniform").pvalue > 1e-3


@pytest.mark.parametrize("event_shape", [(2, 3, 1), (), (0,), (2, 2)])
def test_events_that_are_no_vectors_are_refused(event_shape):
    """What a density has outside of [0, 1] cannot be drawn in an image."""
    with pytest.raises(ValueError, match=r"expected event_shape \(d,\).*levels.*Received: "):
        RNADE.default(event_shape)


def test_fit_adapts_once_to_arrays_and_to_data_sets(tmp_path):
    x = table()
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(100)
    model = fitted(x[:200], epochs=1)
    mean = model.standardize.mean.numpy()
    np.testing.assert_allclose(mean, x[:200].mean(axis=0), rtol=1e-4, atol=1e-6)
    model.fit(x, verbose=0)
    np.testing.assert_array_equal(model.standardize.mean, mean)
    np.testing.assert_allclose(model._examples.share, 1 / 300)
    model.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(reloaded.log_prob(x), model.log_prob(x))
    other = RNADE.default((5,), num_hidden=4)
    other.compile()
    other.fit(dataset, verbose=0)
    np.testing.assert_allclose(other.standardize.mean, x.mean(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(other._examples.share, 1 / 300)


def test_the_prior_of_the_weights_counts_once_for_all_examples():
    x = table()
    model = fitted(x, weight_prior=NormalWeights(0.5))
    squares = sum(np.sum(w.numpy() ** 2) for w in (model.input_weights, model.output_weights))
    np.testing.assert_allclose(tf.add_n(model.losses), 2 * squares / 300, rtol=1e-5)


def test_a_model_without_a_layer_to_adapt_says_so():
    with pytest.raises(ValueError, match="Received: standardize=None"):
        RNADE(event_shape=(3,)).adapt(table()[:, :3])
    with pytest.raises(ValueError, match="Received: <Standardize"):
        RNADE(event_shape=(3,), standardize=Standardize((4,)))
