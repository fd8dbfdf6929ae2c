"""Guidance: what a condition does to a sample, and how much of it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import Classes
from tfgen.diffusion import DDIM, DDPM, Heun

NUM_STEPS = 5
CALLS = []


@keras.saving.register_keras_serializable(package="tfgen_tests")
class Counted(keras.layers.Layer):
    """Its input, once it has been counted."""

    def call(self, x):
        def count(value):
            CALLS.append(len(value))
            return value

        return tf.ensure_shape(tf.numpy_function(count, [x], x.dtype), x.shape)


def conditional(**arguments):
    """A model of two classes whose weights are no longer the initial ones."""
    keras.utils.set_random_seed(0)
    default = DDPM.default((2,), num_steps=NUM_STEPS, base_channels=2, condition=Classes(2))
    network = default.denoiser
    counted = keras.Model(network.inputs, Counted()(network.outputs[0]))
    model = DDPM(
        denoiser=counted,
        schedule=default.schedule,
        prediction=default.prediction,
        condition=Classes(2),
        **arguments,
    )
    rng = np.random.default_rng(0)
    for network in (model.denoiser, model.averaged_denoiser):
        network.set_weights([rng.normal(scale=0.3, size=w.shape) for w in network.get_weights()])
    return model


@pytest.fixture(scope="module")
def model():
    return conditional(drop_rate=0.2)


def counted(draw):
    CALLS.clear()
    samples = np.array(draw())
    return samples, len(CALLS)


def test_guidance_of_one_is_the_conditional_model_at_one_evaluation_a_step(model):
    plain, calls = counted(lambda: conditional(drop_rate=0.0).sample(3, condition=1, seed=4))
    assert calls == NUM_STEPS
    one, calls = counted(lambda: model.sample(3, condition=1, seed=4, guidance=1.0))
    np.testing.assert_array_equal(one, plain)
    assert calls == NUM_STEPS
    tensor, calls = counted(lambda: model.sample(3, condition=1, seed=4, guidance=tf.constant(1.0)))
    np.testing.assert_array_equal(tensor, plain)
    assert calls == NUM_STEPS
    two, calls = counted(lambda: model.sample(3, condition=1, seed=4, guidance=2.0))
    assert calls == 2 * NUM_STEPS and np.all(two != plain)
    # A graph does not know the number before it runs.
    draw = tf.function(lambda w: model.sample(3, condition=1, seed=4, guidance=w))
    unguided = conditional(drop_rate=0.0)
    plain = tf.function(lambda: unguided.sample(3, condition=1, seed=4))()
    found, calls = counted(lambda: draw(tf.constant(1.0)))
    np.testing.assert_array_equal(found, plain)
    assert calls == NUM_STEPS
    found, calls = counted(lambda: draw(tf.constant(2.0)))
    np.testing.assert_allclose(found, two, rtol=1e-5)
    assert calls == 2 * NUM_STEPS
    _, calls = counted(lambda: model.sample(3, condition=1, seed=4, guidance=3.0, sampler=Heun(2)))
    assert calls == 2 * 3


def test_guidance_goes_from_no_condition_through_the_condition_and_beyond(model):
    x, sigma = tf.random.stateless_normal((4, 2), (0, 1)), tf.constant(0.7)
    given = model.read_condition([0, 1, 0, 1], 4)
    free = model.denoise(x, sigma, model.condition.nothing(4)).start
    full = model.denoise(x, sigma, given).start
    assert np.all(free != full)
    np.testing.assert_allclose(model.denoise(x, sigma, given, 0.0).start, free, atol=1e-6)
    beyond = model.denoise(x, sigma, given, 3.0).start
    np.testing.assert_allclose(beyond, free + 3 * (full - free), rtol=1e-5)


def test_edits_are_guided_too(model):
    x, mask = np.float32([[0.3, -0.2], [1.0, 0.5]]), np.float32([1, 0])
    one, two = (model.edit(x, mask, condition=1, seed=0, guidance=w).numpy() for w in (1.0, 2.0))
    np.testing.assert_array_equal(two[:, 0], x[:, 0])
    assert np.all(one[:, 1] != two[:, 1])


def test_a_served_model_takes_its_guidance(tmp_path):
    """Without the layer that counts, which no other process has."""
    keras.utils.set_random_seed(1)
    model = DDPM.default((2,), num_steps=3, base_channels=2, condition=Classes(2), sampler=DDIM(3))
    kernel = model.averaged_denoiser.weights[-2]
    kernel.assign(tf.random.stateless_normal(kernel.shape, (0, 1)))
    for weight in model.averaged_denoiser.weights:
        if not np.any(weight):
            weight.assign(0.1 * tf.random.stateless_normal(weight.shape, (0, 2)))
    model.export(tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served").signatures["sample"]
    y = tf.constant([0, 1, 1])
    for guidance in (1.0, 4.0):
        found = served(
            num_samples=tf.constant(3),
            seed=tf.constant([0, 5]),
            guidance=tf.constant(guidance),
            condition=y,
        )["samples"]
        expected = model.sample(3, condition=y, seed=5, guidance=guidance)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_guidance_of_a_model_that_has_not_learned_to_do_without_is_refused():
    for arguments in ({}, {"condition": Classes(2), "drop_rate": 0.0}):
        model = DDPM.default((2,), num_steps=3, base_channels=2, **arguments)
        y = {"condition": 1} if arguments else {}
        with pytest.raises(ValueError, match="expected guidance of 1 .*Received: 2"):
            model.sample(1, guidance=2, **y)
        names = [spec.name for spec in model.signatures()["sample"][1]]
        assert names == ["num_samples", "seed", *y]
    with pytest.raises(ValueError, match="guidance to be a finite number. Received: 'x'"):
        model.sample(1, condition=0, guidance="x")
