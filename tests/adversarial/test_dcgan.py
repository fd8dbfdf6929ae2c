"""DCGAN: the paper's settings, and batch statistics that stay with their phase."""

import keras
import numpy as np
import tensorflow as tf

from tfgen.adversarial import DCGAN


def small_dcgan(event_shape=(8, 9, 1)):
    keras.utils.set_random_seed(0)
    return DCGAN.default(event_shape, latent_dim=3, base_filters=4)


def images(num, event_shape):
    return np.random.default_rng(0).random((num, *event_shape), "float32")


def test_default_optimizers_are_the_papers():
    for optimizer in small_dcgan().default_optimizers().values():
        assert isinstance(optimizer, keras.optimizers.Adam)
        np.testing.assert_allclose(optimizer.learning_rate, 2e-4, rtol=1e-6)
        assert optimizer.beta_1 == 0.5


def test_samples_have_the_event_shape_in_the_unit_interval():
    model = small_dcgan((11, 8, 3))
    samples = model.sample(5, seed=0)
    assert samples.shape == (5, 11, 8, 3) == (5, *model.event_shape)
    assert np.min(samples) >= 0 and np.max(samples) <= 1


def test_batch_statistics_are_those_of_their_own_phase():
    """A whole step, at learning rate 0, moves them as each phase alone would."""
    model, alone = small_dcgan((12, 9, 1)), small_dcgan((12, 9, 1))
    alone.set_weights(model.get_weights())
    model.compile({name: keras.optimizers.SGD(0.0) for name in ("discriminator", "generator")})
    x = tf.constant(images(6, (12, 9, 1)))
    start = alone.generator.get_weights()
    seeds = [model.phase_seed(phase) for phase in (0, 1)]

    model.train_step(x)
    alone.discriminator_loss((x,), seeds[0], True)
    expected_discriminator = alone.discriminator.get_weights()
    alone.generator.set_weights(start)
    alone.generator_loss((x,), seeds[1], True)
    expected_generator = alone.generator.get_weights()

    for actual, expected in (
        (model.discriminator.get_weights(), expected_discriminator),
        (model.generator.get_weights(), expected_generator),
    ):
        for a, b in zip(actual, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert any(np.any(a != b) for a, b in zip(start, model.generator.get_weights(), strict=True))


def test_real_and_generated_batches_are_normalised_apart():
    """The logits of the data do not depend on what the generator makes."""
    model = small_dcgan((12, 9, 1))
    x = tf.constant(images(6, (12, 9, 1)))
    before = model.discriminator_loss((x,), tf.constant([0, 1]), True)
    for weight in model.generator.trainable_weights:
        weight.assign(-weight)
    after = model.discriminator_loss((x,), tf.constant([0, 1]), True)
    np.testing.assert_allclose(after["real_outputs"], before["real_outputs"], rtol=1e-5)
    assert after["fake_outputs"] != before["fake_outputs"]
