"""LSGAN: squared errors on the networks of DCGAN."""

import keras
import numpy as np
import tensorflow as tf

from tfgen.adversarial import DCGAN, LSGAN
from tfgen.losses import LeastSquares

SEED = tf.constant([0, 3])


def small(**arguments):
    keras.utils.set_random_seed(0)
    return LSGAN.default((8, 8, 1), latent_dim=3, base_filters=4, **arguments)


def test_the_losses_are_half_the_squared_errors_of_eq_9():
    model = small()
    x = np.random.default_rng(0).random((6, 8, 8, 1), "float32")
    real, fake = np.array(model(x)), np.array(model(model.sample(6, seed=SEED)))
    terms = model.discriminator_loss((x,), SEED, False) | model.generator_loss((x,), SEED, False)
    by_hand = np.mean((real - 1) ** 2) / 2 + np.mean(fake**2) / 2
    np.testing.assert_allclose(terms["discriminator_loss"], by_hand, rtol=1e-5)
    np.testing.assert_allclose(terms["generator_loss"], np.mean((fake - 1) ** 2) / 2, rtol=1e-5)


def test_its_networks_are_those_of_dcgan():
    keras.utils.set_random_seed(0)
    parent = DCGAN.default((8, 8, 1), latent_dim=3, base_filters=4)
    model = small()
    for a, b in zip(parent.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert model.loss_pair == LeastSquares(1, 0, 1)


def test_the_verdict_is_the_share_of_the_way_between_the_targets():
    model = small(loss_pair=LeastSquares(1, -1, 0))
    x = np.random.default_rng(0).random((6, 8, 8, 1), "float32")
    expected = np.clip((np.array(model(x)) + 1) / 2, 0, 1)
    np.testing.assert_allclose(model.discriminate(x), expected, rtol=1e-5)
