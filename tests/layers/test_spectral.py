"""Spectral normalization: sigma by numpy, its gradient, and a state that stays with its phase."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfgen.adversarial import GAN
from tfgen.distributions import StandardNormal
from tfgen.layers import SpectralConv2D, SpectralDense
from tfgen.losses import GradientPenalty, Hinge
from tfgen.networks import mlp

MAKERS = {
    "dense": (lambda: SpectralDense(4, activation="tanh"), (6,)),
    "convolution": (lambda: SpectralConv2D(4, 3, padding="same", activation="tanh"), (5, 5, 2)),
}
every_kind = pytest.mark.parametrize("kind", MAKERS)


def inputs_of(kind, num=3):
    shape = (num, *MAKERS[kind][1])
    return tf.constant(np.random.default_rng(0).normal(size=shape).astype("float32"))


def built(kind):
    keras.utils.set_random_seed(3)
    layer, x = MAKERS[kind][0](), inputs_of(kind)
    layer(x)
    return layer


def weight_of(layer):
    return np.array(layer.trainable_variables[0])


def largest_singular_value(weight):
    return np.linalg.svd(weight.reshape(-1, weight.shape[-1]), compute_uv=False)[0]


@every_kind
def test_sigma_becomes_the_largest_singular_value_in_training_alone(kind):
    layer, x = built(kind), inputs_of(kind)
    start = [np.array(v) for v in layer.variables]
    layer(x, training=False)
    layer(x)
    for before, after in zip(start, layer.variables, strict=True):
        np.testing.assert_array_equal(before, after)
    exact = largest_singular_value(weight_of(layer))
    errors = [exact - layer.sigma]
    for _ in range(60):
        layer(x, training=True)
        errors.append(exact - layer.sigma)
    # From below, nearer with each step.
    assert errors[0] > 0.01 * exact and (np.diff(errors) < 1e-6).all()
    np.testing.assert_allclose(layer.sigma, exact, rtol=1e-5)
    np.testing.assert_allclose(layer.kernel, weight_of(layer) / exact, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(weight_of(layer), start[0])


def plain_layer(kind):
    """Keras's own, and what it gives with a kernel divided by sigma of numpy."""
    plain = {
        "dense": layers.Dense(4, activation="tanh"),
        "convolution": layers.Conv2D(4, 3, padding="same", activation="tanh"),
    }[kind]
    x = inputs_of(kind)
    plain(x)

    def outputs(weight, bias):
        plain.set_weights([(weight / largest_singular_value(weight)).astype("float32"), bias])
        return np.array(plain(x), "float64")

    return outputs


def converged(kind):
    """A layer whose vector is where the power iteration ends."""
    layer = built(kind)
    weight = weight_of(layer)
    layer.direction.assign(np.linalg.svd(weight.reshape(-1, weight.shape[-1]))[2][0])
    return layer


@every_kind
def test_the_output_is_that_of_keras_with_the_divided_kernel(kind):
    layer = converged(kind)
    expected = plain_layer(kind)(weight_of(layer), np.array(layer.bias))
    np.testing.assert_allclose(layer(inputs_of(kind)), expected, rtol=1e-4, atol=1e-5)


@every_kind
def test_the_gradient_passes_through_sigma_as_finite_differences_do(kind):
    layer, x, outputs = converged(kind), inputs_of(kind), plain_layer(kind)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(x, training=True) ** 2)
    gradient = tape.gradient(total, layer.trainable_variables[0].value).numpy()
    start, bias = weight_of(layer).astype("float64"), np.array(layer.bias)
    for seed in range(4):
        direction = np.random.default_rng(seed).normal(size=start.shape)
        ends = [np.sum(outputs(start + step * direction, bias) ** 2) for step in (1e-3, -1e-3)]
        slope = (ends[0] - ends[1]) / 2e-3
        np.testing.assert_allclose(np.sum(gradient * direction), slope, rtol=5e-3, atol=1e-2)
    # A kernel that is longer is the same kernel: no slope along the weight itself.
    assert abs(np.sum(gradient * start)) < 1e-4 * np.linalg.norm(gradient) * np.linalg.norm(start)


def spectral_gan(**arguments):
    keras.utils.set_random_seed(0)
    critic = keras.Sequential([keras.Input((3,)), SpectralDense(6, activation="tanh")])
    critic.add(SpectralDense(1))
    return GAN(
        generator=mlp((2,), (), (3,)),
        discriminator=critic,
        prior=StandardNormal(2),
        loss_pair=Hinge(),
        **arguments,
    )


def test_nothing_moves_in_the_other_s_phase():
    """The vectors are where the discriminator's phase alone leaves them."""
    model, alone = spectral_gan(), spectral_gan()
    model.compile({name: keras.optimizers.SGD(0.0) for name in ("discriminator", "generator")})
    x = tf.constant(np.random.default_rng(0).normal(size=(4, 3)).astype("float32"))
    start = model.discriminator.get_weights()
    seed = model.phase_seed(0)
    model.train_step(x)
    alone.discriminator_loss((x,), seed, True)
    after = model.discriminator.get_weights()
    for found, expected in zip(after, alone.discriminator.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    for variable, old, new in zip(model.discriminator.weights, start, after, strict=True):
        assert np.array_equal(old, new) == (variable.name != "direction")


def test_a_penalty_passes_through_and_the_model_trains_under_every_policy():
    GradientPenalty().check(spectral_gan().discriminator)
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    for policy in ("float32", "mixed_bfloat16", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        try:
            model = spectral_gan(penalty=GradientPenalty())
        finally:
            keras.config.set_dtype_policy("float32")
        model.compile(run_eagerly=True)
        model.fit(x, batch_size=4, verbose=0)
        assert all(np.isfinite(weight).all() for weight in model.get_weights())
        kernel = model.discriminator.layers[0].kernel
        assert kernel.dtype == model.dtype_policy.compute_dtype
        assert largest_singular_value(np.float32(kernel)) < 1.3


@every_kind
def test_a_reloaded_layer_computes_and_goes_on_the_same(kind, tmp_path):
    x = inputs_of(kind)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(MAKERS[kind][1]), MAKERS[kind][0]()])
    model(x, training=True)
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    for _ in range(2):
        np.testing.assert_array_equal(twin(x), model(x))
        np.testing.assert_array_equal(twin(x, training=True), model(x, training=True))
