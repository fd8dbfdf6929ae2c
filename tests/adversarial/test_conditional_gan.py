"""ConditionalGAN: the paper's networks, a condition that has to be there, other discriminators."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.adversarial import DCGAN, ConditionalGAN
from tfgen.conditions import Attributes, Captions, Classes, Vector
from tfgen.layers import Maxout
from tfgen.networks import (
    conditional_generator,
    dcgan_features,
    mlp,
    projection_discriminator,
)

SMALL = {"hidden": (6, 5, 7), "judge_hidden": (4, 3, 5)}


def small(condition=Classes(3), **arguments):
    keras.utils.set_random_seed(0)
    return ConditionalGAN.default((4, 5, 1), condition, 2, **SMALL, **arguments)


def test_the_networks_for_mnist_are_the_papers():
    model = ConditionalGAN.default((28, 28, 1), Classes(10))
    dense = [each for each in model.generator.layers if isinstance(each, keras.layers.Dense)]
    maxout = [each for each in model.discriminator.layers if isinstance(each, Maxout)]
    kernels = {each.kernel.shape for each in dense}
    assert kernels == {(100, 200), (10, 1000), (1200, 1200), (1200, 784)}
    sizes = {(each.kernel.shape[0], each.units, each.pieces) for each in maxout}
    assert sizes == {(784, 240, 5), (10, 50, 5), (290, 240, 4)}
    for network, count in ((model.generator, 3), (model.discriminator, 3)):
        dropout = [each for each in network.layers if isinstance(each, keras.layers.Dropout)]
        assert [each.rate for each in dropout] == [0.5] * count


def test_the_generator_is_two_branches_and_a_joint_layer():
    model = small()
    z, y = tf.ones((3, 2)), tf.eye(3)
    (w0, b0, w1, b1, w, b, w_out, b_out) = _by_shape(model.generator, (2, 6), (3, 5), (11, 7))
    relu = lambda x: np.maximum(x, 0.2 * x)
    h = relu(np.concatenate([relu(z @ w0 + b0), relu(y @ w1 + b1)], axis=1) @ w + b)
    expected = 1 / (1 + np.exp(-(h @ w_out + b_out)))
    np.testing.assert_allclose(
        model.generator([z, y]), expected.reshape(3, 4, 5, 1), rtol=1e-5, atol=1e-6
    )


def test_the_discriminator_reads_images_from_minus_one_to_one():
    layer = [
        each for each in small().discriminator.layers if isinstance(each, keras.layers.Rescaling)
    ]
    np.testing.assert_array_equal(layer[0](np.array([0.0, 0.5, 1.0])), [-1.0, 0.0, 1.0])


def _by_shape(network, *shapes):
    """Weights of the dense layers, in the order of these shapes of kernels; others behind."""
    dense = {
        tuple(each.kernel.shape): each
        for each in network.layers
        if isinstance(each, keras.layers.Dense)
    }
    rest = [shape for shape in dense if shape not in shapes]
    return [np.array(v) for shape in (*shapes, *rest) for v in dense[shape].get_weights()]


@pytest.mark.parametrize("make", [lambda y: ConditionalGAN.default((4, 4, 1), y), None])
def test_there_has_to_be_a_condition(make):
    if make is None:
        fitting = small()
        parts = {name: getattr(fitting, name) for name in ("generator", "prior", "loss_pair")}
        make = lambda y: ConditionalGAN(discriminator=fitting.discriminator, condition=y, **parts)
    for wrong in (None, 10):
        with pytest.raises(ValueError, match=f"condition to be a value such.*Received: {wrong}"):
            make(wrong)


def test_classes_that_are_none_are_refused():
    model = small()
    x = np.random.default_rng(0).random((2, 4, 5, 1), "float32")
    for door in (
        lambda y: model.sample(2, condition=y),
        lambda y: model.discriminate(x, condition=y),
    ):
        with pytest.raises(ValueError, match="classes from 0 to 2.*Received: 3"):
            door([0, 3])
        with pytest.raises(ValueError, match="2 examples.*Received: 3"):
            door([0, 1, 2])
        with pytest.raises(ValueError, match="expected a condition"):
            door(None)


@pytest.mark.parametrize(
    "condition", [Vector(2), Attributes(("a", "b")), Captions(("red", "seven"), 3)]
)
def test_vectors_take_any_value_under_any_condition(condition):
    model = ConditionalGAN.default((3,), condition, 2, **SMALL)
    given = condition.nothing(40)
    x = model.generate(40, tf.constant([0, 1]), given)
    assert x.shape == (40, 3) and np.min(x) < 0
    assert model.judge(x, given).shape == (40,)


@pytest.mark.parametrize("family", [DCGAN, ConditionalGAN])
def test_the_projection_discriminator_serves(family):
    """It learns what goes with which class, where neither x nor y alone says anything."""
    keras.utils.set_random_seed(1)
    condition, sizes = Classes(2), {"latent_dim": 2}
    if family is DCGAN:
        judge = projection_discriminator(dcgan_features((8, 8, 1), 2), condition)
        model = DCGAN.default(
            (8, 8, 1), base_filters=2, condition=condition, discriminator=judge, **sizes
        )
    else:
        judge = projection_discriminator(mlp((8, 8, 1), (8,), (8,)), condition)
        model = ConditionalGAN.default(
            (8, 8, 1), condition, discriminator=judge, hidden=(4, 4, 4), **sizes
        )
    assert model.discriminator is judge
    y = np.arange(64) % 2
    x = np.zeros((64, 8, 8, 1), "float32")
    x[y == 1, :4] = 1
    x[y == 0, 4:] = 1
    x = tf.constant(x)
    model.compile(keras.optimizers.Adam(0.01))
    pair = model.loss_pair
    optimizer = model.phase_optimizers["discriminator"]
    given = condition.encode(tf.constant(y, tf.int32))
    for _ in range(30):
        with tf.GradientTape() as tape:
            loss = pair.discriminator(
                model.judge(x, given, training=True), model.judge(x, given[::-1], training=True)
            )
        variables = judge.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
    right = model.judge(x, given, training=True)
    wrong = model.judge(x, given[::-1], training=True)
    assert np.min(right) > np.max(wrong)


def test_sizes_of_the_wrong_kind_are_refused():
    with pytest.raises(ValueError, match=r"three sizes. Received: \(3, 4\)"):
        conditional_generator(2, (3,), Vector(1), hidden=(3, 4))
    with pytest.raises(ValueError, match=r"dropout to be in \[0, 1\). Received: 1"):
        conditional_generator(2, (3,), Vector(1), dropout=1)
