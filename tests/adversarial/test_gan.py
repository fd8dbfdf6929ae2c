"""GAN: its game, its two phases, and a Gaussian that it has to find."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.adversarial import DCGAN, GAN, Minimax, NonSaturating
from tfgen.conditions import Classes
from tfgen.distributions import GaussianMixture, StandardNormal
from tfgen.losses import ModeSeeking
from tfgen.networks import mlp


def small_gan(event_shape=(3,), **sizes):
    keras.utils.set_random_seed(0)
    return GAN.default(event_shape, **{"latent_dim": 2, "hidden": (8,)} | sizes)


@pytest.mark.parametrize("pair", [Minimax(), NonSaturating()])
def test_losses_are_the_pair_of_data_and_fresh_fakes(pair):
    model = small_gan(loss_pair=pair)
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    one, other = tf.constant([0, 1]), tf.constant([0, 2])
    terms = model.discriminator_loss((x,), one, False) | model.generator_loss((x,), other, False)
    first, second = (model(model.sample(5, seed=seed)) for seed in (one, other))
    assert tuple(terms) == model.term_names
    np.testing.assert_allclose(terms["discriminator_loss"], pair.discriminator(model(x), first))
    np.testing.assert_allclose(terms["generator_loss"], pair.generator(second))
    np.testing.assert_allclose(terms["real_outputs"], np.mean(model(x)), rtol=1e-6)
    np.testing.assert_allclose(terms["fake_outputs"], np.mean(first), rtol=1e-6)
    assert np.any(first != second)


@pytest.mark.parametrize("condition", [None, Classes(3)])
def test_mode_seeking_draws_half_of_the_conditions_twice(condition):
    model = small_gan(condition=condition, mode_seeking=ModeSeeking(0.3), dropout=0.0)
    x, y = tf.zeros((5, 3)), tf.one_hot([0, 2, 1, 0, 1], 3)
    batch, seed = ((x,) if condition is None else (x, y)), tf.constant([0, 2])
    (loss,) = model.generator_loss(batch, seed, True).values()
    given = () if condition is None else (tf.gather(y, [0, 1, 2, 0, 1, 2]),)
    z = model.prior().sample(6, seed=seed)
    fake = model.transform(z, *given, training=True)
    term = ModeSeeking(0.3)(z[:3], z[3:], fake[:3], fake[3:])
    wanted = NonSaturating().generator(model.judge(fake, *given)) + term
    np.testing.assert_allclose(loss, wanted, rtol=1e-5)
    assert float(term) > 0.01


def test_discriminator_moves_first_then_the_generator():
    model = small_gan()
    discriminator, generator = model.phases()
    assert (discriminator.name, generator.name) == ("discriminator", "generator")
    assert discriminator.networks == (model.discriminator,)
    assert generator.networks == (model.generator,)


@pytest.mark.parametrize("moved", ["discriminator", "generator"])
def test_a_phase_moves_its_own_network_alone(moved):
    model = small_gan()
    rates = {"discriminator": 0.0, "generator": 0.0} | {moved: 0.1}
    model.compile({name: keras.optimizers.SGD(rate) for name, rate in rates.items()})
    before = {name: getattr(model, name).get_weights() for name in rates}
    model.train_step(tf.ones((4, 3)))
    for name in rates:
        changed = [
            np.any(old != new)
            for old, new in zip(before[name], getattr(model, name).get_weights(), strict=True)
        ]
        assert any(changed) == (name == moved)


def test_finds_the_mean_and_deviation_of_a_gaussian():
    """Normal(3, 0.5), to 0.15, from samples that start near 0."""
    model = small_gan((1,), hidden=(32, 32), dropout=0.0)
    x = np.random.default_rng(0).normal(3.0, 0.5, size=(4096, 1)).astype("float32")
    # A discriminator that learns faster stays near its optimum.
    model.compile(
        {
            "discriminator": keras.optimizers.Adam(5e-3, beta_1=0.5),
            "generator": keras.optimizers.Adam(5e-4, beta_1=0.5),
        },
        steps_per_execution=16,
    )
    model.fit(x, batch_size=256, epochs=40, verbose=0)
    samples = model.sample(4096, seed=0)
    np.testing.assert_allclose(np.mean(samples), 3.0, atol=0.15)
    np.testing.assert_allclose(np.std(samples), 0.5, atol=0.15)


def test_images_lie_in_the_unit_interval_and_vectors_anywhere():
    images = small_gan((4, 5, 2)).sample(64, seed=0)
    assert images.shape == (64, 4, 5, 2)
    assert np.min(images) >= 0 and np.max(images) <= 1
    vectors = small_gan((3,)).sample(64, seed=0)
    assert vectors.shape == (64, 3)
    assert np.min(vectors) < 0


def test_discriminate_gives_the_probability_of_the_logits():
    model = small_gan()
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    logits = model(x).numpy()
    assert logits.shape == (5,)
    np.testing.assert_allclose(model.discriminate(x), 1 / (1 + np.exp(-logits)), rtol=1e-5)
    np.testing.assert_allclose(model.predict(x, verbose=0), logits, rtol=1e-5)


def test_same_seed_same_samples_and_fresh_ones_without():
    model = small_gan()
    np.testing.assert_array_equal(model.sample(4, seed=7), model.sample(4, seed=[0, 7]))
    assert np.any(model.sample(4, seed=7) != model.sample(4, seed=8))
    assert np.any(model.sample(4) != model.sample(4))


def test_a_discriminator_with_a_column_of_logits_serves_too():
    model = GAN(
        generator=mlp((2,), (4,), (3,)),
        discriminator=mlp((3,), (4,), (1,)),
        prior=StandardNormal(2),
        loss_pair=NonSaturating(),
    )
    assert model(np.zeros((5, 3), "float32")).shape == (5,)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"generator": mlp((2,), (), (4,))}, r"discriminator to map \(4,\) to \(\)"),
        ({"prior": StandardNormal(5)}, r"generator to map \(5,\) to \(3,\)"),
        ({"discriminator": mlp((3,), (), (2,))}, r"discriminator to map \(3,\) to \(\)"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts, message):
    fitting = {
        "generator": mlp((2,), (), (3,)),
        "discriminator": mlp((3,), (), ()),
        "prior": StandardNormal(2),
        "loss_pair": NonSaturating(),
    }
    with pytest.raises(ValueError, match=message + ".* Received: "):
        GAN(**fitting | parts)


@pytest.mark.parametrize("family", [GAN, DCGAN])
def test_the_size_of_z_is_the_prior_s(family):
    prior = GaussianMixture(np.eye(2), 0.1)
    with pytest.raises(ValueError, match="latent_dim of 2, .*GaussianMixture.*Received: 7"):
        family.default((8, 8, 1), latent_dim=7, prior=prior)
    with pytest.raises(ValueError, match="latent_dim to be at least 1. Received: 0"):
        family.default((8, 8, 1), latent_dim=0)
    sizes = {"hidden": (8,)} if family is GAN else {"base_filters": 4}
    assert family.default((8, 8, 1), prior=prior, **sizes).generator.input_shape == (None, 2)


def test_bad_requests_are_refused():
    model = small_gan()
    with pytest.raises(ValueError, match="num_samples to be at least 1. Received: 0"):
        model.sample(0)
    with pytest.raises(ValueError, match="Received: "):
        model.sample(2, seed=1.5)
    with pytest.raises(ValueError, match="Received: "):
        model.discriminate(np.zeros((2, 4), "float32"))
    with pytest.raises(ValueError, match="Received: "):
        model.discriminate(np.full((2, 3), np.nan, "float32"))


class Score(Minimax):
    """A pair whose outputs are no logits."""

    def verdict(self, outputs):
        return {"scores": outputs}


def test_the_pair_says_what_the_outputs_mean():
    model = small_gan(loss_pair=Score())
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    np.testing.assert_array_equal(model.discriminate(x), model(x))
    function, _ = model.signatures()["discriminate"]
    assert list(function(tf.constant(x))) == ["scores"]
    function, _ = small_gan().signatures()["discriminate"]
    assert list(function(tf.constant(x))) == ["probabilities"]


def test_both_networks_read_the_condition():
    model = small_gan(condition=Classes(3))
    x = model.sample(6, condition=[0, 1, 2, 0, 1, 2], seed=0)
    z = model.prior().sample(6, seed=(0, 0))
    one_hot = tf.one_hot([0, 1, 2, 0, 1, 2], 3)
    np.testing.assert_allclose(x, model.generator([z, one_hot]), rtol=1e-6)
    verdicts = model.discriminate(x, condition=2)
    logits = model.discriminator([x, tf.one_hot([2] * 6, 3)])
    np.testing.assert_allclose(verdicts, tf.sigmoid(logits), rtol=1e-5)
    assert not np.allclose(model.discriminate(x, condition=1), verdicts)
    seed, batch = tf.constant([0, 1]), (x, one_hot)
    terms = model.discriminator_loss(batch, seed, False)
    fake = model.generate(6, seed, one_hot)
    real, fake = model.discriminator([x, one_hot]), model.discriminator([fake, one_hot])
    expected = model.loss_pair.discriminator(real, fake)
    np.testing.assert_allclose(terms["discriminator_loss"], expected, rtol=1e-6)
    generated = model.generator_loss(batch, seed, False)["generator_loss"]
    np.testing.assert_allclose(generated, model.loss_pair.generator(fake), rtol=1e-6)
