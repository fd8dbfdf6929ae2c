"""The loss: conditions that are left out, and a variance that is learned."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import Vector
from tfgen.diffusion import (
    DDPM,
    CosineSchedule,
    ForwardVariance,
    KarrasSchedule,
    LearnedVariance,
    LinearSchedule,
    MinSNR,
    PosteriorVariance,
    Start,
)

SEED = tf.constant([0, 1])


def test_conditions_are_left_out_at_the_drop_rate_and_in_training_alone():
    """The denoiser says what it is given, which is x itself; MinSNR weighs every level alike."""
    x, time, given = keras.Input((1,)), keras.Input(()), keras.Input((1,), name="given")
    network = keras.Model([x, time, given], keras.layers.Identity()(given))
    model = DDPM(
        denoiser=network,
        schedule=KarrasSchedule(10),
        prediction=Start(),
        weighting=MinSNR(1e-6),
        condition=Vector(1),
        drop_rate=0.3,
    )
    ones = tf.ones((20000, 1))
    dropped = model.denoising_loss((ones, ones), SEED, True)["denoising_mse"] / 1e-6
    np.testing.assert_allclose(dropped, 0.3, atol=4 * (0.21 / 20000) ** 0.5)
    assert model.denoising_loss((ones, ones), SEED, False)["denoising_mse"] == 0


def test_a_condition_says_what_networks_read_of_it_in_training():
    class Doubled(Vector):
        def in_training(self, given, drop_rate, seed):
            return 2 * given

    x, time, given = keras.Input((1,)), keras.Input(()), keras.Input((1,), name="given")
    network = keras.Model([x, time, given], keras.layers.Identity()(given))
    values = {"schedule": LinearSchedule(10), "prediction": Start(), "drop_rate": 0.0}
    model = DDPM(denoiser=network, condition=Doubled(1), **values)
    loss = lambda training: model.denoising_loss((tf.ones((4, 1)),) * 2, SEED, training)
    assert loss(True)["denoising_mse"] == 1 and loss(False)["denoising_mse"] == 0


@pytest.fixture(scope="module")
def learned():
    keras.utils.set_random_seed(0)
    model = DDPM.default(
        (2,),
        num_steps=8,
        base_channels=2,
        variance=LearnedVariance(1.0),
        schedule=CosineSchedule(8),
    )
    rng = np.random.default_rng(0)
    for network in (model.denoiser, model.averaged_denoiser):
        network.set_weights([rng.normal(scale=0.5, size=w.shape) for w in network.get_weights()])
    return model


def test_the_reverse_variance_is_the_denoisers_own_within_its_limits(learned):
    t = tf.range(2, 9)
    xt = tf.random.stateless_normal((7, 2), SEED)
    found = learned.p(xt, t).variance().numpy()
    least = PosteriorVariance().at(learned.schedule, t).numpy()[:, None]
    most = ForwardVariance().at(learned.schedule, t).numpy()[:, None]
    assert np.all(found > least) and np.all(found < most)
    shares = np.log(found / least) / np.log(most / least)
    x = xt * tf.cast(tf.sqrt(1 + learned.schedule.sigma(t) ** 2), tf.float32)[:, None]
    share = learned.denoise(x, learned.schedule.sigma(t)).share
    np.testing.assert_allclose(shares, share, atol=1e-3)
    assert np.std(shares) > 0.05


def test_the_hybrid_loss_is_the_sum_and_its_bound_moves_the_variance_alone(learned):
    x = tf.random.stateless_normal((64, 2), (0, 2))
    kernel = learned.denoiser.trainable_variables[-2]

    def terms_and_gradient(weight):
        learned.variance.bound_weight = weight
        with tf.GradientTape() as tape:
            terms = learned.denoising_loss((x,), SEED, True)
        return terms, tape.gradient(terms["hybrid_loss"], kernel).numpy()

    (_, without), (terms, gradient) = (terms_and_gradient(weight) for weight in (0.0, 1.0))
    assert list(terms) == list(learned.term_names)
    np.testing.assert_allclose(
        terms["hybrid_loss"], terms["denoising_mse"] + terms["negative_elbo"] / 2, rtol=1e-5
    )
    np.testing.assert_allclose(gradient[:, :2], without[:, :2], rtol=1e-4, atol=1e-6)
    assert np.all(without[:, 2:] == 0) and np.any(gradient[:, 2:] != 0)


def test_the_loss_estimates_the_bound(learned):
    """One term of it for each example, stratified, against all of them."""
    x = np.tile(np.float32([[0.4, -0.7]]), (4000, 1))
    found = learned.denoising_loss((tf.constant(x),), SEED, False)["negative_elbo"]
    exact = -learned.elbo(x, seed=1, batch_size=None).numpy()
    np.testing.assert_allclose(found, exact.mean(), rtol=0.05)


def test_a_learned_variance_samples_edits_and_reloads(learned, tmp_path):
    learned.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.variance == learned.variance
    samples = learned.sample(3, seed=0)
    np.testing.assert_array_equal(loaded.sample(3, seed=0), samples)
    assert np.all(np.isfinite(samples))


def test_a_denoiser_without_a_second_output_is_refused():
    network = DDPM.default((2,), num_steps=8, base_channels=2).denoiser
    with pytest.raises(ValueError, match="twice in the last axis. Received: "):
        DDPM(denoiser=network, schedule=LinearSchedule(8), variance=LearnedVariance())
    with pytest.raises(ValueError, match="Received: -1"):
        LearnedVariance(-1.0)
