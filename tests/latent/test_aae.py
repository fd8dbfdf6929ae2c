"""The adversarial autoencoder: losses by hand, parts of the prior, codes that match it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgen import AAE
from tfgen.conditions import Classes, Vector
from tfgen.distributions import (
    DiagonalNormal,
    GaussianMixture,
    Normal,
    StandardNormal,
    SwissRoll,
)
from tfgen.latent import GaussianNoise, LearnedMixture
from tfgen.losses import R1, Minimax
from tfgen.networks import DenseNetworks

SEED = tf.constant([0, 5])
SHAPE = (4, 4, 1)


def small(**kwargs):
    keras.utils.set_random_seed(1)
    arguments = {"architecture": DenseNetworks((8,)), "discriminator_hidden": (6,)} | kwargs
    return AAE.default(SHAPE, **arguments)


def images(count=9):
    return np.random.default_rng(0).integers(0, 2, (count, *SHAPE)).astype("float32")


def classes(count=9, num_classes=3):
    return tf.one_hot(np.arange(count) % num_classes, num_classes)


def log_sigmoid(logits):
    return -np.logaddexp(0, -logits)


def judged(model, z, given=None):
    """The discriminator's logits, by its weights."""
    z = np.array(z) if given is None else np.concatenate((z, given), axis=1)
    (w, b, v, c) = model.discriminator.get_weights()
    return (np.maximum(z @ w + b, 0) @ v + c)[:, 0]


def test_the_three_losses_by_hand():
    model, batch = small(prior=StandardNormal(2)), (tf.constant(images()),)
    code = model.encode(batch[0]).numpy()
    logits = np.array(model.decoder(code))
    by_hand = np.sum(np.logaddexp(0, logits) - batch[0] * logits, axis=(1, 2, 3)).mean()
    np.testing.assert_allclose(model.distortion(batch, SEED, True)["distortion"], by_hand, 1e-5)

    terms = model.discriminator_loss(batch, SEED, True)
    drawn = model.draw_prior(9, tf.random.experimental.stateless_split(SEED, 4)[0])
    of_prior, of_code = judged(model, drawn), judged(model, code)
    by_hand = -log_sigmoid(of_prior).mean() - log_sigmoid(-of_code).mean()
    np.testing.assert_allclose(terms["discriminator_loss"], by_hand, 1e-5)
    np.testing.assert_allclose(terms["prior_outputs"], of_prior.mean(), 1e-5)
    np.testing.assert_allclose(terms["code_outputs"], of_code.mean(), 1e-5)

    found = model.encoder_loss(batch, SEED, True)["encoder_loss"]
    np.testing.assert_allclose(found, -log_sigmoid(of_code).mean(), 1e-5)
    other = small(prior=StandardNormal(2), loss_pair=Minimax())
    found = other.encoder_loss(batch, SEED, True)["encoder_loss"]
    np.testing.assert_allclose(found, log_sigmoid(-of_code).mean(), 1e-5)


def test_the_penalty_is_of_the_gradient_at_draws_of_the_prior():
    arguments = {"prior": StandardNormal(2), "condition": None}
    plain, penalised = small(**arguments), small(**arguments, penalty=R1(3.0))
    batch = (tf.constant(images()),)
    drawn = plain.draw_prior(9, tf.random.experimental.stateless_split(SEED, 4)[0]).numpy()
    (w, b, v, _) = plain.discriminator.get_weights()
    gradient = ((drawn @ w + b > 0) * v[:, 0]) @ w.T
    difference = (
        penalised.discriminator_loss(batch, SEED, True)["discriminator_loss"]
        - plain.discriminator_loss(batch, SEED, True)["discriminator_loss"]
    )
    np.testing.assert_allclose(difference, 1.5 * np.sum(gradient**2, axis=1).mean(), rtol=1e-4)


def test_a_discriminator_that_the_penalty_cannot_train_is_refused():
    discriminator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(4), keras.layers.BatchNormalization()]
    )
    discriminator.add(keras.layers.Dense(1))
    model = small(prior=StandardNormal(2), condition=None)
    arguments = {"encoder": model.encoder, "decoder": model.decoder, "prior": model.prior}
    arguments |= {"discriminator": discriminator, "likelihood": model.likelihood}
    with pytest.raises(ValueError, match="without batch normalization, as R1.*Received: "):
        AAE(**arguments, penalty=R1())
    AAE(**arguments)


def test_instance_noise_goes_onto_every_z_that_is_judged():
    model = small(prior=StandardNormal(2), instance_noise=GaussianNoise(0.5))
    z = tf.random.stateless_normal((5, 2), (0, 1))
    np.testing.assert_allclose(
        model.judge(z, SEED), judged(model, model.instance_noise(z, SEED)), rtol=1e-5
    )
    # Draws of the prior and codes have noise of their own.
    seeds = tf.unstack(tf.random.experimental.stateless_split(SEED, 4))
    x = tf.constant(images())
    terms = model.discriminator_loss((x,), SEED, True)
    of_prior = model.judge(model.draw_prior(9, seeds[0]), seeds[2])
    of_code = model.judge(model.encode_mean(x), seeds[3])
    np.testing.assert_allclose(terms["prior_outputs"], np.mean(of_prior), rtol=1e-5)
    np.testing.assert_allclose(terms["code_outputs"], np.mean(of_code), rtol=1e-5)


def test_a_posterior_is_drawn_in_training_and_encoded_by_its_mean():
    model, x = small(prior=StandardNormal(2), posterior=DiagonalNormal()), images()
    q = model.posterior(model.encoder(x))
    np.testing.assert_allclose(model.encode(x), q.mean(), rtol=1e-5)
    draws = model.code(np.repeat(x, 400, axis=0), SEED).numpy().reshape(9, 400, 2)
    standard = (draws - q.mean()[:, tf.newaxis]) / q.stddev()[:, tf.newaxis]
    assert stats.kstest(np.ravel(standard), "norm").pvalue > 0.01


def test_a_class_goes_to_the_discriminator_with_draws_of_its_part():
    model = small(prior=GaussianMixture.on_circle(3), condition=Classes(3))
    x, given = tf.constant(images()), classes()
    seed = tf.random.experimental.stateless_split(SEED, 4)[0]
    drawn = model.prior.sample_parts(tf.range(9) % 3, seed)
    of_prior = judged(model, drawn, given)
    of_code = judged(model, model.encode(x), given)
    terms = model.discriminator_loss((x, given), SEED, True)
    np.testing.assert_allclose(terms["prior_outputs"], of_prior.mean(), 1e-5)
    np.testing.assert_allclose(terms["code_outputs"], of_code.mean(), 1e-5)
    found = model.encoder_loss((x, given), SEED, True)["encoder_loss"]
    np.testing.assert_allclose(found, -log_sigmoid(of_code).mean(), 1e-5)


@pytest.mark.parametrize("prior", [SwissRoll(3), GaussianMixture.on_circle(3)])
def test_samples_of_a_class_are_decoded_from_its_part(prior):
    model = small(prior=prior, condition=Classes(3), likelihood=Normal(scale=1e-6))
    # Pixels that are the two numbers of z, shifted into [0, 1].
    model.decoder.set_weights([0 * w for w in model.decoder.get_weights()])
    kernel = model.decoder.get_layer("hidden_0").kernel
    kernel.assign(np.pad(np.eye(2) / 12, ((0, 0), (0, 6))))
    model.decoder.get_layer("hidden_0").bias.assign(np.full(8, 0.5))
    model.decoder.get_layer("output").kernel.assign(np.pad(np.eye(8), ((0, 0), (0, 8))))
    samples = model.sample(3000, seed=3, condition=np.arange(3000) % 3).numpy()
    z = 12 * (samples.reshape(3000, 16)[:, :2] - 0.5)
    expected = prior.sample_parts(tf.range(3000) % 3, SEED).numpy()
    for k in range(3):
        for axis in range(2):
            test = stats.ks_2samp(z[k::3, axis], expected[k::3, axis])
            assert test.pvalue > 0.01


def test_codes_need_no_class():
    model, x = small(prior=SwissRoll(3), condition=Classes(3)), images()
    z = model.encode(x)
    np.testing.assert_allclose(model.reconstruct(x), model.decode(z), rtol=1e-6)
    np.testing.assert_array_equal(model((x, np.zeros(9, "int32"))), model(x))
    with pytest.raises(ValueError, match="no condition.*Received: "):
        model.encode(x, condition=1)


def test_training_brings_the_codes_to_the_prior():
    """Data of a normal in the plane; the prior is a mixture of two."""
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(3200, 2)).astype("float32")
    prior = GaussianMixture([[-2.0, 0.0], [2.0, 0.0]], 0.5)
    model = AAE.default(
        (2,),
        architecture=DenseNetworks((32, 32)),
        likelihood=Normal(scale=0.5),
        prior=prior,
        discriminator_hidden=(32, 32),
        penalty=R1(0.05),
    )
    held_out = np.random.default_rng(1).normal(size=(500, 2)).astype("float32")
    drawn = prior().sample(500, seed=SEED).numpy()

    def distance():
        z = model.encode(held_out).numpy()
        return max(stats.ks_2samp(z[:, i], drawn[:, i]).statistic for i in range(2))

    # Of 500 against 500 draws of one distribution it is above 0.141 once in ten thousand times.
    assert distance() > 0.3
    rates = {"reconstruction": 1e-3, "discriminator": 4e-3, "encoder": 2e-3}
    decay = lambda rate: keras.optimizers.schedules.CosineDecay(rate, 1500)
    model.compile(
        {name: keras.optimizers.Adam(decay(rate), beta_1=0.5) for name, rate in rates.items()},
        steps_per_execution=25,
    )
    model.fit(x, batch_size=64, epochs=30, verbose=0)
    assert distance() < 0.141
    assert np.mean((model.reconstruct(held_out) - held_out) ** 2) < 0.1


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(ValueError, match="5 parts.*Received: .*3"):
        small(prior=GaussianMixture.on_circle(3), condition=Classes(5))
    with pytest.raises(ValueError, match="3 parts.*would not depend.*Received: StandardNormal"):
        small(prior=StandardNormal(2), condition=Classes(3))
    with pytest.raises(ValueError, match="Classes or None.*Received: Vector"):
        small(prior=SwissRoll(), condition=Vector(2))
    with pytest.raises(ValueError, match="without weights.*Received: "):
        small(prior=LearnedMixture(2, 3))
    with pytest.raises(ValueError, match="latent_dim of 2.*Received: 3"):
        small(latent_dim=3, prior=SwissRoll())
    fitting = small()
    networks = {name: getattr(fitting, name) for name in ("encoder", "decoder", "discriminator")}
    with pytest.raises(ValueError, match="encoder.*Received: "):
        AAE(**networks, prior=SwissRoll(), likelihood=fitting.likelihood)
