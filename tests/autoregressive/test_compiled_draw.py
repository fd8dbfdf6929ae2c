"""Each sampler inside tapes, graphs and XLA functions of the user's."""

import numpy as np
import pytest
import tensorflow as tf
from truths import randomize

import tfgen
from tfgen.conditions import Classes

SIZES = {"num_features": 2, "num_layers": 1, "num_output_features": 2, "first_kernel_size": 3}
IMAGE, VECTOR = (2, 2, 1), (3,)
MAKERS = {
    "MarkovChain": lambda: tfgen.MarkovChain.default(VECTOR),
    "FVSBN": lambda: tfgen.FVSBN.default(VECTOR),
    "NADE": lambda: tfgen.NADE.default(VECTOR, num_hidden=2),
    "RNADE": lambda: tfgen.RNADE.default(VECTOR, num_hidden=2),
    "MADE": lambda: tfgen.MADE.default(VECTOR, hidden=(4,), num_masks=2),
    "DeepNADE": lambda: tfgen.DeepNADE.default(VECTOR, hidden=(3, 3)),
    "RowLSTM": lambda: tfgen.RowLSTM.default(IMAGE, **SIZES),
    "PixelCNN": lambda: tfgen.PixelCNN.default(IMAGE, condition=Classes(2), **SIZES),
    "MaskedPixelCNN": lambda: tfgen.MaskedPixelCNN.default(IMAGE, **SIZES),
    "LocallyMaskedPixelCNN": lambda: tfgen.LocallyMaskedPixelCNN.default(IMAGE, **SIZES),
    "PixelCNNPlusPlus": lambda: tfgen.PixelCNNPlusPlus.default(
        IMAGE, num_features=2, num_blocks=1, num_resolutions=1, num_components=2
    ),
}
every_sampler = pytest.mark.parametrize("name", MAKERS)


def make(name):
    model = MAKERS[name]()
    if name != "MarkovChain":
        randomize(model, 0.5)
    mask = np.zeros(model.event_shape)
    mask.flat[0] = 1
    return model, mask, {} if model.condition is None else {"condition": [1, 0, 1, 1]}


@every_sampler
def test_draws_are_the_same_inside_tapes_and_graphs_and_have_no_gradient(name):
    model, mask, condition = make(name)
    samples = model.sample(4, seed=1, **condition)
    completed = model.complete(samples, mask, seed=2, **condition)

    def draws_and_gradients(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            drawn = model.sample(4, seed=1, **condition)
            rest = model.complete(x, mask, seed=2, **condition)
            value = tf.reduce_sum(model.log_prob(drawn, **condition))
            value += tf.reduce_sum(x**2) + tf.reduce_sum(rest)
        return drawn, rest, tape.gradient(value, [x, *model.trainable_variables])

    def log_prob_gradients():
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(model.log_prob(samples, **condition))
        return tape.gradient(value, model.trainable_variables)

    for function in (draws_and_gradients, tf.function(draws_and_gradients)):
        drawn, rest, (by_x, *by_weights) = function(samples)
        np.testing.assert_array_equal(drawn, samples)
        np.testing.assert_array_equal(rest, completed)
        np.testing.assert_array_equal(by_x, 2 * samples)
        for found, expected in zip(by_weights, log_prob_gradients(), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@every_sampler
def test_draws_inside_an_xla_function_invert_its_own_numbers(name):
    """XLA's uniform numbers are others than TensorFlow's; what is made of them is the same."""
    model, mask, condition = make(name)

    @tf.function(jit_compile=True)
    def draws(x):
        with tf.GradientTape():
            drawn = model.sample(4, seed=1, **condition)
            rest = model.complete(x, mask, seed=2, **condition)
        return drawn, rest, model._uniforms(4, (0, 1)), model._uniforms(4, (0, 2))

    x = model.sample(4, seed=3, **condition)
    drawn, rest, numbers, other_numbers = draws(x)
    size = int(np.prod(model.event_shape))
    given = model.read_condition(condition.get("condition"), 4)
    zeros = tf.zeros((4, size))
    expected = tf.reshape(model.draw(numbers, zeros, zeros, given), drawn.shape)
    np.testing.assert_allclose(drawn, expected, atol=1e-6)
    kept = tf.constant(np.tile(mask.reshape(1, -1), (4, 1)), tf.float32)
    expected = model._draw_rest(other_numbers, tf.reshape(x, (4, size)), kept, given)
    np.testing.assert_allclose(rest, tf.reshape(expected, rest.shape), atol=1e-6)
    assert drawn.shape == rest.shape == (4, *model.event_shape)


def test_new_weights_take_effect_without_a_new_compilation():
    model = MAKERS["NADE"]()
    before = model.sample(64, seed=0).numpy()
    model.output_bias.assign(tf.fill(model.output_bias.shape, 50.0))
    np.testing.assert_array_equal(model.sample(64, seed=0), np.ones_like(before))
    assert before.min() == 0
