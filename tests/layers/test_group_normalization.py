"""Group normalization against Keras's layer, and against its definition where Keras's is wrong."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import GroupNormalization

SHAPE = (3, 5, 4, 12)


def built(kind, *arguments):
    layer = kind(*arguments)
    layer.build((None, *SHAPE[1:]))
    rng = np.random.default_rng(0)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def example(offset=0.0):
    return 2 * tf.random.stateless_normal(SHAPE, (0, 1)) + offset


def value_and_gradients(function, x, weights):
    """The output, its gradient by x and the weights, and that of the former by x once more."""
    upstream = tf.random.stateless_normal(SHAPE, (0, 2))
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch([x, *weights])
            y = function(x)
            total = tf.reduce_sum(y * upstream)
        gradients = tape.gradient(total, [x, *weights])
        bent = tf.reduce_sum(tf.sin(gradients[0]))
    return [y, *gradients], outer.gradient(bent, x)


@pytest.mark.parametrize(("groups", "jit_compile"), [(1, None), (12, None), (3, False), (3, True)])
def test_values_and_gradients_are_those_of_keras_s_layer(groups, jit_compile):
    ours = built(GroupNormalization, groups)
    theirs = built(keras.layers.GroupNormalization, groups)

    def both(x):
        return [
            value_and_gradients(layer, x, [w.value for w in layer.weights])[0]
            for layer in (ours, theirs)
        ]

    if jit_compile is not None:
        both = tf.function(both, jit_compile=jit_compile)
    for found, wanted in zip(*both(example()), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=2e-5)


def definition(layer, x, scale_and_shift):
    groups = tf.reshape(x, (SHAPE[0], -1, 3, 4))
    deviation = groups - tf.reduce_mean(groups, (1, 3), keepdims=True)
    variance = tf.reduce_mean(deviation**2, (1, 3), keepdims=True)
    h = tf.reshape(deviation / tf.sqrt(variance + layer.epsilon), SHAPE) * layer.gamma + layer.beta
    scale, shift = tf.split(scale_and_shift[:, None, None], 2, axis=-1)
    return h * (1 + scale) + shift


def test_every_example_has_a_scale_and_a_shift_of_its_own():
    layer = built(GroupNormalization, 3)
    own = tf.random.stateless_normal((SHAPE[0], 24), (0, 3))

    weights = [own, *(w.value for w in layer.weights)]
    found, wanted = (
        value_and_gradients(function, example(), weights)[0]
        for function in (lambda x: layer(x, own), lambda x: definition(layer, x, own))
    )
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=2e-5)


def test_a_large_mean_costs_no_more_than_its_own_rounding():
    """E[x^2] - E[x]^2 would leave nothing of the variance."""
    found = built(GroupNormalization, 3)(example(offset=3000.0))
    wanted = built(GroupNormalization, 3)(example())
    np.testing.assert_allclose(found, wanted, atol=3000 * 2**-23 * 10)


def test_second_derivatives_are_those_of_the_definition():
    """Keras's take the mean in the variance for a constant, which only first derivatives bear."""
    layer = built(GroupNormalization, 3)

    nothing = tf.zeros((SHAPE[0], 24))
    _, found = value_and_gradients(layer, example(), [])
    _, wanted = value_and_gradients(lambda x: definition(layer, x, nothing), example(), [])
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_half_precision_is_rounded_once_at_the_end():
    layer = GroupNormalization(3, dtype="mixed_bfloat16")
    x = tf.cast(example(), tf.bfloat16)
    exact = GroupNormalization(3)(tf.cast(x, tf.float32))
    np.testing.assert_array_equal(layer(x), tf.cast(exact, tf.bfloat16))


def test_impossible_arguments_are_refused():
    for make in (
        lambda: GroupNormalization(5)(example()),
        lambda: GroupNormalization(0)(example()),
        lambda: GroupNormalization(3)(example(), tf.zeros((SHAPE[0], 12))),
    ):
        with pytest.raises(ValueError, match="Received: "):
            make()
