import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen import VAE
from tfgen.distributions import FullCovarianceNormal, GaussianMixture, Normal, StandardNormal
from tfgen.latent import (
    ELBO,
    IWAE,
    DReG,
    InverseAutoregressiveFlow,
    LinearWarmUp,
    PlanarFlow,
)
from tfgen.networks import DenseNetworks, mlp

SEED = tf.constant([3, 4])


def images(count=6):
    return np.random.default_rng(0).integers(0, 2, (count, 3, 2, 1)).astype("float32")


def small(**options):
    keras.utils.set_random_seed(1)
    return VAE.default((3, 2, 1), latent_dim=3, architecture=DenseNetworks((5,)), **options)


def by_hand(model, x, num_samples=None):
    """log p(x | z) and log q(z | x) - log p(z), `[(k,) batch]`, of the draws that a loss takes."""
    params = model.encoder(x).numpy().reshape(len(x), 3, 2)
    mean, scale = params[..., 0], np.log1p(np.exp(params[..., 1])) + 1e-3
    draws = model.latent_draws(x, SEED, num_samples).numpy()
    z = mean + scale * draws
    logits = model.decoder(z.reshape(-1, 3)).numpy().reshape(*z.shape[:-1], *x.shape[1:])
    log_likelihood = (x * logits - np.log1p(np.exp(logits))).sum((-3, -2, -1))
    log_q = (-0.5 * draws**2 - np.log(scale)).sum(-1)
    return log_likelihood, log_q + 0.5 * (z**2).sum(-1), (mean, scale)


def loss(model, x, training=False):
    return {name: float(v) for name, v in model.bound_loss((x,), SEED, training).items()}


def test_the_elbo_by_hand():
    model, x = small(objective=ELBO(beta=3.0)), images()
    log_likelihood, _, (mean, scale) = by_hand(model, x)
    rate = 0.5 * (mean**2 + scale**2 - 1 - 2 * np.log(scale)).sum(-1).mean()
    distortion = -log_likelihood.mean()
    expected = {
        "loss": distortion + 3 * rate,
        "negative_elbo": distortion + rate,
        "distortion": distortion,
        "rate": rate,
    }
    assert loss(model, x) == pytest.approx(expected, rel=1e-5)


def test_free_bits_are_paid_for_each_dimension():
    model, x = small(objective=ELBO(free_bits=0.1)), images()
    model.encoder.get_layer("output").bias.assign([0, 0.5, 1, 0.6, 0, 0.7])
    log_likelihood, _, (mean, scale) = by_hand(model, x)
    rates = (0.5 * (mean**2 + scale**2 - 1 - 2 * np.log(scale))).mean(0)
    assert 0 < (rates < 0.1).sum() < 3
    found = loss(model, x)
    assert found["rate"] == pytest.approx(rates.sum(), rel=1e-4)
    paid = np.maximum(rates, 0.1).sum()
    assert found["loss"] == pytest.approx(-log_likelihood.mean() + paid, rel=1e-5)


@pytest.mark.parametrize("objective", [IWAE(4), DReG(4)])
def test_the_importance_weighted_bound_by_hand(objective):
    model, x = small(objective=objective), images()
    log_likelihood, log_ratio, _ = by_hand(model, x, 4)
    log_weights = log_likelihood - log_ratio
    expected = {
        "negative_iwae_bound": -np.log(np.exp(log_weights).mean(0)).mean(),
        "negative_elbo": -log_weights.mean(),
        "distortion": -log_likelihood.mean(),
        "rate": log_ratio.mean(),
    }
    assert loss(model, x) == pytest.approx(expected, rel=1e-5)


def gradients(model, x, count):
    """Of the encoder's and of the decoder's weights, `[count, size]`, by as many seeds."""

    def both(seed):
        weights = [model.encoder.trainable_variables, model.decoder.trainable_variables]
        with tf.GradientTape() as tape:
            (objective, *_) = model.bound_loss((x,), seed, True).values()
        found = tape.gradient(objective, [[v.value for v in part] for part in weights])
        return [tf.concat([tf.reshape(g, [-1]) for g in part], axis=0) for part in found]

    @tf.function(jit_compile=True)
    def of_each(seeds):
        return tf.map_fn(both, seeds, fn_output_signature=[tf.float32, tf.float32])

    return [part.numpy() for part in of_each(tf.constant([[0, seed] for seed in range(count)]))]


@pytest.mark.parametrize("prior", [StandardNormal(3), GaussianMixture([[1.0] * 3, [-1.0] * 3])])
def test_the_doubly_reparameterised_gradient_has_the_same_mean_and_less_variance(prior):
    model, x = small(prior=prior), images(4)
    # Near the posterior, where the bound's own gradient is mostly noise.
    model.compile(keras.optimizers.Adam(0.02), steps_per_execution=50)
    model.fit(np.tile(x, (100, 1, 1, 1)), batch_size=8, epochs=8, verbose=0)
    model.objective = IWAE(8)
    encoder, decoder = gradients(model, x, 1000)
    model.objective = DReG(8)
    other_encoder, other_decoder = gradients(model, x, 1000)
    # What the decoder gets is the same, draw by draw.
    np.testing.assert_allclose(other_decoder, decoder, atol=2e-5)
    error = np.sqrt((encoder.var(0) + other_encoder.var(0)) / len(encoder))
    z_scores = (encoder.mean(0) - other_encoder.mean(0)) / (error + 1e-7)
    assert np.abs(z_scores).max() < 5
    assert np.sqrt(np.mean(z_scores**2)) < 1.5
    assert other_encoder.var(0).sum() < 0.7 * encoder.var(0).sum()


@pytest.mark.parametrize("posterior", [PlanarFlow(2), InverseAutoregressiveFlow(3, 1, 4, 2)])
def test_the_doubly_reparameterised_gradient_is_refused_where_it_would_be_wrong(posterior):
    with pytest.raises(ValueError, match=f"Received: {type(posterior).__name__}"):
        small(posterior=posterior, objective=DReG(2))
    model = small(posterior=posterior)
    with pytest.raises(ValueError, match=f"Received: {type(posterior).__name__}"):
        model.objective = DReG(2)
    assert model.objective == ELBO()


def test_warm_up_is_a_line_and_then_a_constant():
    weights = [float(LinearWarmUp(4, 0.5, 2.5)(step)) for step in (0, 1, 2, 4, 9)]
    assert weights == [0.5, 1.0, 1.5, 2.5, 2.5]


@pytest.mark.parametrize(
    "beta", [LinearWarmUp(8), keras.optimizers.schedules.PolynomialDecay(0.0, 8, 1.0)]
)
def test_a_schedule_reads_the_steps_that_were_made_and_a_reload_goes_on(beta, tmp_path):
    model, x = small(objective=ELBO(beta)), images(12)
    model.compile(keras.optimizers.SGD(0.0))
    for epoch in range(2):
        history = model.fit(x, batch_size=12, verbose=0).history
        total = history["distortion"][0] + epoch / 8 * history["rate"][0]
        assert history["loss"][0] == pytest.approx(total, rel=1e-5)
    model.save(tmp_path / "model.keras")
    found = keras.saving.load_model(tmp_path / "model.keras")
    assert found.objective == model.objective
    terms = found.evaluate(x, verbose=0, return_dict=True)
    assert terms["loss"] == pytest.approx(terms["distortion"] + terms["rate"] / 4, rel=1e-5)


def test_another_objective_takes_effect_at_once_and_the_optimizer_goes_on():
    model, x = small(), images(8)
    model.compile(steps_per_execution=2)
    model.fit(x, batch_size=4, verbose=0)
    optimizer = model.phase_optimizers["bound"]
    model.objective = ELBO(beta=5.0)
    history = model.fit(x, batch_size=4, verbose=0).history
    total = history["distortion"][0] + 5 * history["rate"][0]
    assert history["loss"][0] == pytest.approx(total, rel=1e-4)
    assert model.phase_optimizers["bound"] is optimizer and int(optimizer.iterations) == 4
    assert model.get_config()["objective"]["config"]["beta"] == 5.0
    model.objective = IWAE(2)
    assert "val_negative_iwae_bound" in model.fit(x, validation_data=x, verbose=0).history


def test_an_objective_does_not_change():
    objective = ELBO(beta=2.0)
    with pytest.raises(AttributeError, match="Received: beta=3.0"):
        objective.beta = 3.0
    assert objective.beta == 2.0


@pytest.mark.parametrize(
    "build",
    [
        lambda: ELBO(beta=-1.0),
        lambda: ELBO(beta=float("nan")),
        lambda: ELBO(free_bits=-0.1),
        lambda: IWAE(0),
        lambda: DReG(2.5),
        lambda: LinearWarmUp(0),
        lambda: LinearWarmUp(3, end=-1.0),
    ],
)
def test_bad_arguments_are_refused(build):
    with pytest.raises(ValueError, match="Received:"):
        build()


# x = w z + noise in one dimension: log p(x) and its gradient are known.
def test_the_importance_weighted_gradient_climbs_to_the_likelihood():
    """The decoder's gradient of a bound with many samples is that of log p(x)."""
    model = VAE(
        encoder=mlp((1,), (), (FullCovarianceNormal().params_size(1),)),
        decoder=mlp((1,), (), (1,)),
        prior=StandardNormal(1),
        likelihood=Normal(scale=0.5),
        posterior=FullCovarianceNormal(),
        objective=IWAE(20_000),
    )
    w, x = 0.8, tf.constant([[1.3]])
    model.decoder.set_weights([np.array([[w]]), np.zeros(1)])
    # Wider than the posterior, so that no weight is large.
    model.encoder.set_weights([np.zeros((1, 2)), np.array([1.1, 0.5])])
    with tf.GradientTape() as tape:
        bound = -model.bound_loss((x,), SEED, True)["negative_iwae_bound"]
    slope = tape.gradient(bound, model.decoder.trainable_variables[0].value)
    variance = w**2 + 0.25
    exact = -0.5 * (1.3**2 / variance + np.log(2 * np.pi * variance))
    np.testing.assert_allclose(bound, exact, atol=0.01)
    np.testing.assert_allclose(slope, [[w / variance * (1.3**2 / variance - 1)]], atol=0.02)
