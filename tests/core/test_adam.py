"""Keras's Adam, number by number."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.core import Adam

SETTINGS = {
    "plain": {},
    "clipped": {"global_clipnorm": 1.0},
    "decayed": {"weight_decay": 0.1},
    "averaged": {"use_ema": True, "ema_overwrite_frequency": 2},
    "accumulated": {"gradient_accumulation_steps": 2},
    "greatest": {"amsgrad": True},
    "other constants": {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
    "scheduled": {"learning_rate": keras.optimizers.schedules.CosineDecay(0.1, 10)},
}


def states(family, settings, jit_compile):
    """Weights and states after seven updates of two variables."""
    variables = [keras.Variable(np.ones(shape), dtype="float32") for shape in ((4, 3), (3,))]
    optimizer = family(**{"learning_rate": 0.01, **settings})
    optimizer.build(variables)

    @tf.function(jit_compile=jit_compile)
    def update(*gradients):
        optimizer.apply(gradients, variables)

    generator = np.random.default_rng(0)
    for _ in range(7):
        update(*(tf.constant(generator.normal(size=v.shape), tf.float32) for v in variables))
    return [np.array(v) for v in (*variables, *optimizer.variables)]


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("name", SETTINGS)
def test_weights_and_states_are_keras_s(name, jit_compile):
    expected = states(keras.optimizers.Adam, SETTINGS[name], jit_compile)
    found = states(Adam, SETTINGS[name], jit_compile)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_rows_of_an_embedding():
    gradient = tf.IndexedSlices([[1.0, 2.0]], [1], dense_shape=(3, 2))
    updated = []
    for family in (Adam, keras.optimizers.Adam):
        variable = keras.Variable(np.ones((3, 2)), dtype="float32")
        optimizer = family(0.5)
        optimizer.build([variable])
        optimizer.apply([gradient], [variable])
        updated.append(variable.numpy())
    np.testing.assert_allclose(*updated, rtol=1e-5)
    # The first step is the learning rate, whatever the gradient.
    np.testing.assert_allclose(updated[0], [[1, 1], [0.5, 0.5], [1, 1]], rtol=1e-5)


def test_weights_of_half_precision_are_keras_s_own_business():
    weights = []
    for family in (Adam, keras.optimizers.Adam):
        variable = keras.Variable(np.linspace(1, 2, 6), dtype="bfloat16")
        optimizer = family(0.5)
        optimizer.build([variable])
        for _ in range(3):
            optimizer.apply([tf.fill((6,), tf.constant(1.0, tf.bfloat16))], [variable])
        weights.append(np.array(variable.value, "float32"))
    np.testing.assert_array_equal(*weights)


def test_it_is_saved_by_its_configuration():
    optimizer = Adam(0.1, clipnorm=1.0)
    twin = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert type(twin) is Adam and twin.get_config() == optimizer.get_config()
