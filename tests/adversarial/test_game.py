"""What GANs are made of: penalty, augmentation, the average of the generator's weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.adversarial import DCGAN, GAN, WGANGP, Augmentation, ConditionalGAN, DiffAugment
from tfgen.conditions import Classes
from tfgen.core import fold_in
from tfgen.latent import AAE
from tfgen.losses import R1, Drift, GradientPenalty
from tfgen.networks import DenseNetworks, mlp, projection_discriminator

SEED = tf.constant([0, 3])
PENALTIES = [GradientPenalty(), R1(), Drift(1.0)]


def small_gan(event_shape=(3,), **arguments):
    keras.utils.set_random_seed(0)
    return GAN.default(event_shape, **{"latent_dim": 2, "hidden": (8,), "dropout": 0.0} | arguments)


def batch_of(event_shape, num=6):
    return (tf.constant(np.random.default_rng(0).random((num, *event_shape), "float32")),)


@pytest.mark.parametrize("penalty", PENALTIES, ids=lambda each: type(each).__name__)
def test_the_penalty_is_a_part_of_the_discriminator_s_loss(penalty):
    plain, penalised = small_gan(), small_gan(penalty=penalty)
    batch = batch_of((3,))
    one, other = (model.discriminator_loss(batch, SEED, True) for model in (plain, penalised))
    fake = plain.generate(6, SEED, training=True)
    expected = penalty(plain.judge, batch[0], fake, fold_in(SEED, 2))
    found = other.pop("discriminator_loss") - one.pop("discriminator_loss")
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert expected > 0 and one == other


CRITICS = {
    "GAN": lambda: GAN.default((6,), latent_dim=2, hidden=(8,)),
    "GAN of images": lambda: GAN.default((8, 8, 1), latent_dim=2, hidden=(8,)),
    "GAN, conditional": lambda: GAN.default((6,), latent_dim=2, hidden=(8,), condition=Classes(3)),
    "WGANGP": lambda: WGANGP.default((8, 8, 1), latent_dim=2, base_filters=4),
    "WGANGP of vectors": lambda: WGANGP.default((6,), latent_dim=2, hidden=(8,)),
    "WGANGP, conditional": lambda: WGANGP.default(
        (16, 16, 3), latent_dim=2, base_filters=4, condition=Classes(3)
    ),
    "ConditionalGAN": lambda: ConditionalGAN.default((6,), Classes(3), 2, judge_hidden=(9, 9, 9)),
    "projection": lambda: ConditionalGAN.default(
        (6,),
        Classes(3),
        latent_dim=2,
        discriminator=projection_discriminator(
            mlp((6,), (8,), (5,), output_activation="tanh"), Classes(3)
        ),
    ),
    "AAE": lambda: AAE.default(
        (8, 8, 1), latent_dim=6, architecture=DenseNetworks((8,)), discriminator_hidden=(8,)
    ),
}


@pytest.mark.parametrize("name", CRITICS)
def test_every_penalty_changes_the_gradient_of_every_critic_of_ours(name):
    network = CRITICS[name]().discriminator
    x, *given = [
        tf.random.stateless_uniform((5, *each.shape[1:]), (0, 1)) for each in network.inputs
    ]
    judge = lambda x: tf.reshape(network([x, *given] if given else x, training=True), [-1])
    for penalty in PENALTIES:
        penalty.check(network)
        with tf.GradientTape() as tape:
            found = penalty(judge, x, 1 - x, SEED)
        gradients = tape.gradient(found, network.trainable_variables)
        for gradient, variable in zip(gradients, network.trainable_variables, strict=True):
            # What a kernel of the condition alone adds need not bend the slope in x.
            of_given = given and variable.shape[0] == given[0].shape[-1]
            if len(variable.shape) > 1 and not of_given:
                assert gradient is not None and np.any(gradient), (penalty, variable.path)


def test_batch_normalization_beside_a_penalty_of_gradients_is_refused():
    with pytest.raises(ValueError, match="batch normalization, as R1"):
        DCGAN.default((16, 16, 1), latent_dim=2, base_filters=4, penalty=R1())
    DCGAN.default((16, 16, 1), latent_dim=2, base_filters=4, penalty=Drift())


class Brighter(Augmentation):
    """x + 1."""

    def __call__(self, x, seed):
        return x + 1.0


def test_the_augmentation_is_in_front_of_the_judge_wherever_it_judges_in_training():
    plain = small_gan((4, 4, 1), penalty=GradientPenalty())
    changed = small_gan((4, 4, 1), penalty=GradientPenalty(), augmentation=Brighter())
    batch = batch_of((4, 4, 1))
    fake = plain.generate(6, SEED, training=True)
    terms = changed.discriminator_loss(batch, SEED, True)
    real_outputs, fake_outputs = (plain.judge(each + 1) for each in (batch[0], fake))
    np.testing.assert_allclose(terms["real_outputs"], np.mean(real_outputs), rtol=1e-5)
    np.testing.assert_allclose(terms["fake_outputs"], np.mean(fake_outputs), rtol=1e-5)
    expected = plain.loss_pair.discriminator(real_outputs, fake_outputs)
    expected += plain.penalty(plain.judge, batch[0] + 1, fake + 1, fold_in(SEED, 2))
    np.testing.assert_allclose(terms["discriminator_loss"], expected, rtol=1e-5)
    found = changed.generator_loss(batch, SEED, True)["generator_loss"]
    np.testing.assert_allclose(found, plain.loss_pair.generator(fake_outputs), rtol=1e-5)
    # Not in evaluation.
    for loss in ("discriminator_loss", "generator_loss"):
        one, other = (getattr(model, loss)(batch, SEED, False) for model in (plain, changed))
        assert one == other


def test_the_generator_learns_through_the_augmentation():
    model = small_gan((8, 8, 1), augmentation=DiffAugment(("color", "translation")))
    with tf.GradientTape() as tape:
        loss = model.generator_loss(batch_of((8, 8, 1)), SEED, True)["generator_loss"]
    for gradient in tape.gradient(loss, model.generator.trainable_variables):
        assert np.any(gradient)


def test_augmentation_is_of_images():
    with pytest.raises(ValueError, match="images alone.*Received: DiffAugment"):
        small_gan(augmentation=DiffAugment())


def test_the_average_of_the_generator_is_what_all_but_training_uses():
    model = small_gan(average_decay=0.5)
    model.compile()
    batch = batch_of((3,), 16)
    start = model.generator.get_weights()
    model.fit(batch[0], batch_size=16, verbose=0)
    raw = model.generator.get_weights()
    averaged = [np.array(v) for v in model.averaged_generator.weights]
    for old, new, average in zip(start, raw, averaged, strict=True):
        # The first update takes a decay of 1/10.
        np.testing.assert_allclose(average, 0.1 * old + 0.9 * new, rtol=1e-5, atol=1e-7)
    (average,) = model.averages()
    assert average is model.averaged_generator and average.network is model.generator
    z = model.prior().sample(5, seed=SEED)
    twin = small_gan()
    twin.generator.set_weights(averaged)
    np.testing.assert_allclose(model.sample(5, seed=SEED), twin.generator(z), rtol=1e-5)
    np.testing.assert_allclose(
        model.generate(5, SEED, training=True), model.generator(z), rtol=1e-5
    )
    assert not np.allclose(model.sample(5, seed=SEED), model.generator(z))
    assert small_gan().averages() == ()


@pytest.mark.parametrize("decay", [1.0, -0.1, "0.9"])
def test_a_decay_out_of_range_is_refused(decay):
    with pytest.raises(ValueError, match="average_decay.*Received: "):
        small_gan(average_decay=decay)
