"""DDPM: its bound against exact Gaussian likelihoods, its training, its samples."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats

from tfgen.conditions import Vector
from tfgen.core import example_seeds
from tfgen.diffusion import (
    DDIM,
    DDPM,
    Ancestral,
    CosineSchedule,
    DPMSolver,
    EDMWeighting,
    Epsilon,
    Everywhere,
    ForwardVariance,
    Heun,
    KarrasSchedule,
    LinearSchedule,
    MinSNR,
    Preconditioned,
    ReverseVariance,
    Simple,
    Start,
    Velocity,
)
from tfgen.diffusion.bound import discretized_log_prob
from tfgen.diffusion.process import posterior_variance
from tfgen.diffusion.variances import forward_variance

tfd = tfp.distributions
MEAN, STDDEV = 0.5, 0.4
SEED = tf.constant([0, 1])


@keras.saving.register_keras_serializable(package="tfgen_tests")
class GaussianDenoiser(keras.layers.Layer):
    """E[x_0 | x_t] of x_0 ~ N(mean, stddev^2): the exact denoiser."""

    def __init__(self, schedule, mean, stddev, **kwargs):
        super().__init__(**kwargs)
        self.schedule, self.mean, self.stddev = schedule, mean, stddev

    def call(self, xt, time):
        t = tf.cast(tf.round(time * self.schedule.num_steps), tf.int32)
        alpha_bar = self.schedule.alpha_bar(t)
        variance = self.stddev**2
        gain = tf.sqrt(alpha_bar) * variance / (alpha_bar * variance + 1 - alpha_bar)
        rest = self.mean * (1 - gain * tf.sqrt(alpha_bar))
        rank = [-1] + [1] * (xt.shape.rank - 1)
        gain, rest = (tf.cast(tf.reshape(v, rank), xt.dtype) for v in (gain, rest))
        return gain * xt + rest

    def compute_output_shape(self, xt_shape, time_shape=None):
        return xt_shape

    def get_config(self):
        return {
            **super().get_config(),
            "schedule": keras.saving.serialize_keras_object(self.schedule),
            "mean": self.mean,
            "stddev": self.stddev,
        }

    @classmethod
    def from_config(cls, config):
        schedule = keras.saving.deserialize_keras_object(config.pop("schedule"))
        return cls(schedule=schedule, **config)


def exact_model(event_shape=(3,), num_steps=1000, mean=MEAN, stddev=STDDEV, **kwargs):
    schedule = LinearSchedule(num_steps)
    xt = keras.Input(event_shape)
    time = keras.Input(())
    x0 = GaussianDenoiser(schedule, mean, stddev)(xt, time)
    return DDPM(
        denoiser=keras.Model([xt, time], x0), schedule=schedule, prediction=Start(), **kwargs
    )


def tiny(event_shape=(5,), num_steps=6, **kwargs):
    keras.utils.set_random_seed(0)
    return DDPM.default(event_shape, num_steps=num_steps, base_channels=2, **kwargs)


def vectors(num=16, dim=5):
    return np.random.default_rng(0).normal(size=(num, dim)).astype("float32")


@pytest.mark.parametrize("num_steps", [7, 1000])
def test_the_denoiser_reads_the_share_of_the_steps(num_steps):
    xt, time = keras.Input((1,)), keras.Input(())
    shown = keras.layers.Reshape((1,))(time)
    model = DDPM(
        denoiser=keras.Model([xt, time], shown),
        schedule=LinearSchedule(num_steps),
        prediction=Start(),
    )
    t = tf.range(1, num_steps + 1)
    sigma = model.schedule.sigma(t)
    x0 = model.denoise(tf.zeros((num_steps, 1)), sigma).start
    np.testing.assert_allclose(x0[:, 0], np.arange(1, num_steps + 1) / num_steps, rtol=1e-6)
    alone = model.denoise(tf.zeros((2, 1)), tf.cast(sigma[2], tf.float32)).start
    np.testing.assert_allclose(alone, 3 / num_steps, rtol=1e-6)


# The bound


class Beta(ReverseVariance):
    """sigma_t^2 = beta_t, at t = 1 too."""

    def __call__(self, sigma, next_sigma, share=None):
        return forward_variance(sigma, next_sigma)

    def first(self, schedule, share=None):
        return schedule.beta(1)


def test_elbo_of_the_exact_denoiser_is_just_below_the_exact_log_likelihood():
    """With variance beta_t, which is right for small steps; beta_tilde_t costs more than a nat."""
    x = np.random.default_rng(1).normal(MEAN, STDDEV, size=(4000, 3)).astype("float32")
    exact = stats.norm(MEAN, STDDEV).logpdf(x).sum(axis=1)
    tight, loose = (
        exact - exact_model(num_steps=200, **arguments).elbo(x, seed=0, batch_size=None).numpy()
        for arguments in ({"variance": Beta()}, {})
    )
    error = tight.std() / np.sqrt(len(x))
    assert -3 * error < tight.mean() < 0.05 + 3 * error
    assert loose.mean() > tight.mean() + 1


def test_fewer_stratified_terms_leave_the_bound_unbiased():
    model = exact_model(num_steps=20, variance=ForwardVariance())
    x = np.tile(np.float32([[0.3, 0.9, -0.2]]), (4000, 1))
    full, part, two = (model.elbo(x, num_terms=n, seed=n, batch_size=None) for n in (20, 7, 2))
    for fewer in (part, two):
        error = np.hypot(np.std(full), np.std(fewer)) / np.sqrt(len(x))
        np.testing.assert_allclose(np.mean(full), np.mean(fewer), atol=4 * error)
    assert np.std(two) > np.std(part) and np.std(two) > np.std(full)


def test_elbo_is_the_sum_of_its_terms_by_quadrature():
    """One dimension, T = 2: every expectation as an integral over a grid of x_t."""
    model = exact_model((1,), num_steps=2, mean=0.0, stddev=1.0)
    x0, z = np.float32([[0.7]]), np.linspace(-8, 8, 2001)[:, None].astype("float32")
    weights = stats.norm.pdf(z[:, 0]) * (z[1, 0] - z[0, 0])

    def expected(t, term):
        q = model.q(tf.constant(x0), t)
        xt = q.mean() + q.stddev() * z
        return np.sum(weights * term(xt, tf.tile(x0, [len(z), 1])))

    prior_kl = model.q(tf.constant(x0), 2).kl_divergence(
        tfd.Independent(tfd.Normal([[0.0]], 1.0), 1)
    )
    kl = expected(2, lambda xt, x: model.posterior(xt, x, 2).kl_divergence(model.p(xt, 2)))
    decoder = expected(1, lambda xt, x: model.p(xt, 1).log_prob(x))
    bound = decoder - kl - float(prior_kl[0])
    draws = model.elbo(np.tile(x0, (20000, 1)), seed=3, batch_size=None).numpy()
    np.testing.assert_allclose(draws.mean(), bound, atol=4 * draws.std() / np.sqrt(len(draws)))


@pytest.mark.parametrize("levels", [2, 17, 256])
@pytest.mark.parametrize("low", [-1.0, 0.0])
def test_discretized_decoder_sums_to_one_over_the_levels(levels, low):
    x0 = tf.linspace(low, 1.0, levels)[:, None]
    for mean in (-1.3, -1.0, 0.1, 1.0):
        for stddev in (0.001, 0.02, 1.0):
            p = tfd.Independent(tfd.Normal(tf.fill((levels, 1), mean), stddev), 1)
            log_probs = discretized_log_prob(p, x0, levels, low, 1.0)
            np.testing.assert_allclose(np.exp(log_probs).sum(), 1, rtol=1e-4)


@pytest.mark.parametrize("event_shape", [(2,), (2, 1, 1)])
def test_bound_on_levels_is_below_the_probability_of_a_level(event_shape):
    """The chance of a level under x_0 ~ N(mean, stddev^2), rounded to the levels and clipped."""
    levels, mean, stddev = 5, 0.2, 0.3
    model = exact_model(event_shape, 200, mean, stddev, levels=levels, variance=ForwardVariance())
    low = -1 if len(event_shape) == 3 else 0
    half_bin = (1 - low) / (levels - 1) / 2
    k = np.random.default_rng(3).integers(1, levels - 1, size=(2000, *event_shape))
    x0 = low + 2 * half_bin * k
    normal = stats.norm(mean, stddev)
    exact = np.log(normal.cdf(x0 + half_bin) - normal.cdf(x0 - half_bin))
    bound = model.elbo((k / (levels - 1)).astype("float32"), seed=0, batch_size=None).numpy()
    error = bound.std() / np.sqrt(len(k))
    assert bound.mean() < exact.reshape(len(k), -1).sum(axis=1).mean() + 3 * error


def test_discretized_decoder_is_equation_13():
    model = exact_model((1, 1, 1), num_steps=10, levels=5)
    p = model.p(tf.fill((5, 1, 1, 1), 0.2), 1)
    x0 = np.array([-1, -0.5, 0, 0.5, 1])
    normal = stats.norm(p.mean().numpy()[0].item(), p.stddev().numpy()[0].item())
    upper, lower = normal.cdf(x0 + 0.25), normal.cdf(x0 - 0.25)
    upper[-1], lower[0] = 1, 0
    log_probs = discretized_log_prob(
        p, tf.constant(x0.reshape(-1, 1, 1, 1), tf.float32), 5, -1.0, 1.0
    )
    np.testing.assert_allclose(log_probs, np.log(upper - lower), rtol=2e-4)


def test_densities_of_images_are_of_the_images_not_of_the_rescaled_ones():
    """x in [0, 1] as an image and 2x - 1 as a vector: log densities differ by D log 2."""
    x = np.random.default_rng(2).random((200, 2, 2, 1)).astype("float32")
    image = exact_model((2, 2, 1), num_steps=50, mean=0.0).elbo(x, seed=4, batch_size=None)
    vector = exact_model((4,), num_steps=50, mean=0.0).elbo(
        2 * x.reshape(-1, 4) - 1, seed=5, batch_size=None
    )
    # Clipping of the predicted x_0 is idle here: |E[x_0 | x_t]| < 1 for these data, mostly.
    gap = image - vector
    np.testing.assert_allclose(
        np.mean(gap), 4 * np.log(2), atol=4 * np.std(gap) / np.sqrt(len(x)) + 0.02
    )


# The reverse process


def test_p_is_the_posterior_at_the_denoised_x():
    model = exact_model((2, 2, 1), variance=ForwardVariance())
    xt = tf.random.stateless_normal((3, 2, 2, 1), [0, 1])
    t = tf.constant([1, 40, 900])
    sigma = model.schedule.sigma(t)
    x = xt * tf.cast(tf.sqrt(1 + sigma**2), tf.float32)[:, None, None, None]
    x0 = model.denoise(x, sigma).start
    p = model.p(xt, t)
    np.testing.assert_allclose(p.mean(), model.posterior(xt, x0, t).mean(), rtol=1e-6)
    variance = [posterior_variance(model.schedule, 2, 1), *model.schedule.beta(t[1:])]
    np.testing.assert_allclose(p.variance()[:, 0, 0, 0], variance, rtol=1e-5)


def test_predicted_images_are_clipped():
    model = exact_model((2, 2, 1), mean=3.0)
    sigma = model.schedule.sigma(500)
    x0 = model.denoise(tf.zeros((1, 2, 2, 1)), sigma).start
    np.testing.assert_array_equal(x0, tf.ones_like(x0))
    anywhere = exact_model((2, 2, 1), mean=3.0, support=Everywhere())
    assert np.all(anywhere.denoise(tf.zeros((1, 2, 2, 1)), sigma).start > 2)


def test_samples_of_the_exact_denoiser_have_the_datas_moments():
    x = exact_model((2,), num_steps=200).sample(4000, seed=0, sampler=DDIM(100))
    np.testing.assert_allclose(np.mean(x), MEAN, atol=0.02)
    np.testing.assert_allclose(np.std(x), STDDEV, rtol=0.05)


@pytest.mark.parametrize("schedule", [LinearSchedule, CosineSchedule])
def test_default_for_vectors_draws_the_datas_moments_from_an_inexact_network(schedule):
    """The velocity of N(0, I) is 0, what the network starts at; its error here is about 0.1.

    Noise prediction divides such an error by sqrt(alpha_bar_T): deviations of 200 and 20,000.
    """
    keras.utils.set_random_seed(0)
    model = DDPM.default((4,), base_channels=4, schedule=schedule(1000))
    kernel = model.averaged_denoiser.weights[-2]
    kernel.assign(0.02 * tf.random.stateless_normal(kernel.shape, SEED))
    x = model.sample(1000, seed=0)
    np.testing.assert_allclose(np.mean(x, axis=0), np.zeros(4), atol=0.2)
    np.testing.assert_allclose(np.std(x, axis=0), np.ones(4), atol=0.2)


def test_arguments_of_the_u_net_are_refused_for_vectors():
    given = {"multipliers": (1,), "num_blocks": 1, "attention_at": (), "dropout": 0.0}
    for name, value in {**given, "patch_size": 1}.items():
        with pytest.raises(ValueError, match=f"no {name} for vectors.*Received: {name}="):
            DDPM.default((4,), num_steps=5, base_channels=4, **{name: value})


def test_a_sampler_of_more_steps_than_the_schedule_is_refused_at_once():
    with pytest.raises(ValueError, match="num_steps <= 7, .*Received: 50"):
        DDPM.default((4,), num_steps=7, base_channels=4, sampler=DDIM(50))
    assert DDPM.default((4,), num_steps=7, base_channels=4, sampler=DDIM(7)).sampler == DDIM(7)


# Training


PREDICTIONS = [Epsilon(), Start(), Velocity(), Preconditioned()]
WEIGHTINGS = [Simple(), MinSNR(5), EDMWeighting(1.0)]


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=repr)
def test_untrained_loss_is_the_weighted_mean_square_of_what_is_predicted(prediction):
    """The denoiser starts at zero: x_0 is predicted as c_skip x, at every level."""
    x = tf.constant(np.float32([[2.0, -1.0]]).repeat(12000, axis=0))
    network = tiny((2,)).denoiser
    for weighting in WEIGHTINGS:
        model = DDPM(
            denoiser=network,
            schedule=LinearSchedule(6),
            prediction=prediction,
            weighting=weighting,
        )
        sigma = model.schedule.sigmas()
        skip = prediction.c_skip(sigma).numpy()
        error = (1 - skip) ** 2 * 2.5 + (skip * sigma) ** 2
        expected = np.mean(weighting(tf.constant(sigma)) * error)
        found = model.denoising_loss((x,), SEED, True)["denoising_mse"]
        np.testing.assert_allclose(found, expected, rtol=0.05)


@pytest.mark.parametrize("prediction", [Epsilon(), Start(), Velocity()], ids=repr)
def test_untrained_loss_is_the_mean_square_of_the_target(prediction):
    """The denoiser starts at zero: E target^2 is 1 for noise, E x_0^2, or their mixture."""
    x = np.float32([[2.0, -1.0]]).repeat(20000, axis=0)
    model = tiny((2,), prediction=prediction)
    alpha_bar = np.mean(model.schedule.alpha_bar(tf.range(1, 7)))
    expected = {
        Epsilon(): 1.0,
        Start(): 2.5,
        Velocity(): alpha_bar + (1 - alpha_bar) * 2.5,
    }[prediction]
    np.testing.assert_allclose(
        model.denoising_loss((tf.constant(x),), SEED, True)["denoising_mse"], expected, rtol=0.05
    )


def test_times_of_a_batch_are_spread_over_all_steps():
    """The loss of a constant denoiser depends on t alone: with n = T it is the same every time."""
    model = tiny((2,), num_steps=50, prediction=Start(), weighting=Simple())
    x = tf.constant(np.float32([[2.0, -1.0]]).repeat(50, axis=0))
    exact = 2.5 * np.mean(model.schedule.sigmas() ** -2)
    for training in (True, False):
        for seed in range(5):
            terms = model.denoising_loss((x,), tf.constant([0, seed]), training)
            np.testing.assert_allclose(terms["denoising_mse"], exact, rtol=1e-4)


@pytest.mark.parametrize("prediction", PREDICTIONS, ids=repr)
def test_every_prediction_takes_a_step_and_samples_with_every_schedule_and_weighting(prediction):
    network = tiny((2,)).denoiser
    x = tf.constant(np.float32([[2.0, -1.0], [0.5, 0.3]]))
    samplers = [Ancestral(), Heun(2), DPMSolver(3)]
    for i, schedule in enumerate((LinearSchedule(4), CosineSchedule(4), KarrasSchedule(4))):
        for j, weighting in enumerate(WEIGHTINGS):
            values = {"schedule": schedule, "prediction": prediction, "weighting": weighting}
            sampler = samplers[i]
            model = DDPM(denoiser=network, sampler=sampler, **values)
            with tf.GradientTape() as tape:
                loss = model.denoising_loss((x,), SEED, True)["denoising_mse"]
            gradients = tape.gradient(loss, network.trainable_variables)
            assert np.isfinite(loss) and any(np.any(g != 0) for g in gradients)
            if i != j:
                continue
            config = keras.saving.serialize_keras_object(model)
            twin = keras.saving.deserialize_keras_object(config)
            twin.set_weights(model.get_weights())
            one, other = (eager_samples(each, 3, sampler) for each in (model, twin))
            assert one.shape == (3, 2) and np.all(np.isfinite(one))
            np.testing.assert_array_equal(one, other)
            assert {name: getattr(twin, name) for name in values} == values


def eager_samples(model, count, sampler):
    """What `sample(count, seed=5)` draws, without compilation."""
    seeds = example_seeds(tf.constant([0, 5]), count)
    sigmas = sampler.sigmas(model.schedule)
    x = model.noise(seeds, sigmas[0])
    denoise = model.denoise_given()
    return model.restore(sampler(denoise, x, sigmas, seed=seeds, variance=model.variance))


def test_average_of_the_weights_by_hand():
    model = tiny(ema_decay=0.15)
    model.compile(keras.optimizers.SGD(0.1))
    average = [w.numpy() for w in model.denoiser.weights]
    for n, x in enumerate(np.split(vectors(), 4)):
        model.train_step(tf.constant(x))
        decay = min(0.15, (1 + n) / (10 + n))
        average = [
            decay * a + (1 - decay) * w.numpy()
            for a, w in zip(average, model.denoiser.weights, strict=True)
        ]
    assert int(model.optimizer.iterations) == 4
    for found, expected in zip(model.averaged_denoiser.weights, average, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_evaluation_uses_the_average_and_moves_no_weight():
    model = tiny()
    model.compile()
    model.fit(vectors(), epochs=1, verbose=0)
    model.denoiser.set_weights([w * np.nan for w in model.denoiser.get_weights()])
    before = model.get_weights()
    assert np.isfinite(model.evaluate(vectors(), verbose=0)).all()
    assert np.all(np.isfinite(model.sample(2, seed=0)))
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_training_lowers_the_loss():
    model = tiny((2,), schedule=CosineSchedule(50), prediction=Epsilon(), ema_decay=0.9)
    model.compile(keras.optimizers.Adam(0.01))
    x = np.random.default_rng(0).choice([-1.0, 1.0], size=(512, 2)).astype("float32")
    history = model.fit(x, batch_size=64, epochs=20, verbose=0).history["denoising_mse"]
    assert history[-1] < 0.6 * history[0]


@pytest.mark.parametrize(("event_shape", "sizes"), [((5,), {}), ((4, 4, 1), {"multipliers": (1,)})])
def test_mixed_precision_has_finite_losses_and_gradients(event_shape, sizes):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny(event_shape, **sizes)
    finally:
        keras.config.set_dtype_policy("float32")
    x = tf.random.stateless_uniform((8, *event_shape), [0, 1])
    with tf.GradientTape() as tape:
        value = model.denoising_loss((x,), SEED, True)["denoising_mse"]
    gradients = tape.gradient(value, model.denoiser.trainable_variables)
    assert value.dtype == tf.float32 and np.isfinite(value)
    assert all(np.all(np.isfinite(g)) for g in gradients)
    assert model(x).dtype == tf.float32 and np.all(np.isfinite(model(x)))


# The contract


@pytest.fixture(scope="module")
def trained():
    """A tiny image model whose weights are no longer the initial ones."""
    model = tiny((4, 3, 1), multipliers=(1,), prediction=Velocity())
    rng = np.random.default_rng(0)
    for network in (model.denoiser, model.averaged_denoiser):
        network.set_weights([rng.normal(scale=0.2, size=w.shape) for w in network.get_weights()])
    return model


def images(num=3):
    return np.random.default_rng(1).random((num, 4, 3, 1)).astype("float32")


def test_same_seed_same_samples_eager_in_a_graph_and_after_a_reload(trained, tmp_path):
    for sampler in (Ancestral(), DDIM(3, eta=0.5)):
        samples = trained.sample(3, seed=5, sampler=sampler)
        assert samples.shape == (3, 4, 3, 1)
        assert np.min(samples) >= 0 and np.max(samples) <= 1
        np.testing.assert_array_equal(
            samples, trained.sample(tf.constant(3), seed=tf.constant([0, 5]), sampler=sampler)
        )
        np.testing.assert_allclose(samples, eager_samples(trained, 3, sampler), atol=1e-5)
        assert np.any(samples != trained.sample(3, seed=6, sampler=sampler))
    trained.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(trained.sample(3, seed=5), loaded.sample(3, seed=5))
    np.testing.assert_array_equal(trained(images()), loaded(images()))
    values = ("schedule", "prediction", "weighting", "variance", "support", "sampler", "levels")
    for name in (*values, "ema_decay", "drop_rate"):
        assert getattr(loaded, name) == getattr(trained, name)


def test_edit_keeps_what_the_mask_keeps_exactly(trained):
    x = images()
    mask = np.ones_like(x)
    mask[:, :2] = 0
    edited = trained.edit(x, mask, seed=1).numpy()
    np.testing.assert_array_equal(edited[:, 2:], x[:, 2:])
    assert np.all(edited[:, :2] != x[:, :2])
    np.testing.assert_array_equal(trained.edit(x, mask, seed=1), edited)


def test_edit_of_everything_ignores_x(trained):
    x = images()
    np.testing.assert_array_equal(
        trained.edit(x, np.zeros_like(x), seed=1), trained.edit(1 - x, np.zeros_like(x), seed=1)
    )


def test_elbo_does_not_depend_on_the_batches(trained):
    for num_terms in (None, 3):
        options = {"seed": 0, "num_terms": num_terms}
        whole = trained.elbo(images(5), batch_size=None, **options)
        for batch_size in (1, 2, 5):
            parts = trained.elbo(images(5), batch_size=batch_size, **options)
            np.testing.assert_allclose(parts, whole, rtol=1e-4)
    equal = trained.elbo(np.repeat(images(1), 4, axis=0), seed=0)
    assert len(np.unique(equal)) == 4


def test_a_callback_sees_every_step(trained):
    for sampler, levels in ((Ancestral(), range(5, -1, -1)), (DDIM(3), (4, 2, 0))):
        seen = []
        samples = trained.sample(
            2, seed=1, sampler=sampler, callback=lambda s, x, seen=seen: seen.append((s, x.numpy()))
        )
        expected = trained.schedule.sigma(tf.constant(levels))
        np.testing.assert_allclose([sigma for sigma, _ in seen], expected)
        np.testing.assert_array_equal(seen[-1][1], samples)
        np.testing.assert_array_equal(trained.sample(2, seed=1, sampler=sampler), samples)


def test_samples_do_not_depend_on_the_batches_and_are_compiled_once():
    model = tiny((2,), num_steps=4, sampler=Ancestral())
    traced = []
    network = model.predict_start
    model.predict_start = lambda *arguments: (traced.append(1), network(*arguments))[1]
    whole = model.sample(5, seed=3)
    for batch_size in (1, 2, 5):
        parts = model.sample(5, seed=3, batch_size=batch_size)
        np.testing.assert_allclose(parts, whole, atol=1e-5)
    np.testing.assert_allclose(model.sample(9, seed=3)[:5], whole, atol=1e-5)
    assert len(traced) == 1


def test_the_denoiser_reads_the_condition():
    model = tiny((2,), condition=Vector(2))
    rng = np.random.default_rng(0)
    for network in (model.denoiser, model.averaged_denoiser):
        network.set_weights([rng.normal(scale=0.3, size=w.shape) for w in network.get_weights()])
    x, y = (rng.normal(size=(4, 2)).astype("float32") for _ in range(2))
    found = model((x, y), t=3)
    output = model.averaged_denoiser([x, tf.fill([4], 3 / 6), y])
    scale = float(np.sqrt(1 + model.schedule.sigma(3) ** 2))
    expected = model.prediction.start(output, scale * x, model.schedule.sigma(3))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    for draw in (
        lambda y: model.sample(4, seed=0, condition=y),
        lambda y: model.elbo(x, seed=0, condition=y),
        lambda y: model.edit(x, np.float32([[1, 0]] * 4), seed=0, condition=y),
    ):
        one, other = draw(y), draw(y[::-1].copy())
        rows = [np.array_equal(a, b) for a, b in zip(one, other, strict=True)]
        assert not all(rows)
        same = np.repeat(y[:1], 4, axis=0)
        np.testing.assert_allclose(draw(y[0]), draw(same), rtol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: tiny(levels=1),
        lambda: tiny(ema_decay=1.0),
        lambda: tiny(num_steps=1),
        lambda: tiny((4, 4)),
        lambda: DDPM(
            denoiser=keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)]),
            schedule=LinearSchedule(10),
        ),
    ],
)
def test_impossible_models_are_refused(make):
    with pytest.raises(ValueError, match="Received: "):
        make()


def test_bad_arguments_are_refused(trained):
    x = images()
    for call in (
        lambda: trained.sample(0),
        lambda: trained.sample(1, seed="a"),
        lambda: trained.sample(1, sampler=DDIM(7)),
        lambda: trained.sample(1, guidance=2.0),
        lambda: trained.edit(x, np.ones_like(x), guidance=2.0),
        lambda: trained.edit(x, x),
        lambda: trained.edit(x, np.ones_like(x)[:2]),
        lambda: trained.edit(x + 1, np.ones_like(x)),
        lambda: trained.elbo(x, num_terms=0),
        lambda: trained.elbo(x, num_terms=7),
        lambda: trained.elbo(x[0]),
        lambda: trained(x, t=0),
        lambda: trained(x, t=7),
    ):
        with pytest.raises(ValueError, match="Received: "):
            call()
