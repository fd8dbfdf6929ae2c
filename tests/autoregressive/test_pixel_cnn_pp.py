"""PixelCNN++: what a pixel sees, what the probabilities add up to, and the sampler."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from truths import (
    all_inputs,
    assert_draws_as_whole_passes,
    chi_square,
    randomize,
    total_probability,
)

from tfgen.autoregressive.pixel_cnn_pp import PixelCNNPlusPlus
from tfgen.distributions import DiscretizedLogistic


def pixel_cnn_pp(event_shape, levels=2, num_resolutions=2, **sizes):
    """A model with weights large enough that the conditionals differ."""
    sizes = {"num_features": 3, "num_blocks": 1, "num_components": 2, "dropout": 0.0, **sizes}
    model = PixelCNNPlusPlus.default(
        event_shape, levels=levels, num_resolutions=num_resolutions, **sizes
    )
    return randomize(model, 0.25)


@pytest.mark.parametrize(
    ("event_shape", "levels"),
    [((2, 2, 1), 3), ((1, 2, 2), 2), ((1, 1, 3), 4), ((3, 3, 1), 2), ((1, 1, 1), 17)],
)
def test_probabilities_of_all_inputs_sum_to_one(event_shape, levels):
    np.testing.assert_allclose(total_probability(pixel_cnn_pp(event_shape, levels)), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("event_shape", "num_resolutions"),
    [((4, 5, 1), 1), ((4, 5, 1), 3), ((3, 3, 2), 2), ((1, 4, 1), 2), ((5, 1, 1), 2)],
)
def test_a_conditional_depends_on_all_that_comes_before_and_on_nothing_else(
    event_shape, num_resolutions
):
    model = pixel_cnn_pp(event_shape, 3, num_resolutions, num_features=6)
    size = int(np.prod(event_shape))
    x = tf.random.stateless_uniform((16, *event_shape), (0, 1))

    @tf.function
    def gradient(dimension):
        with tf.GradientTape() as tape:
            tape.watch(x)
            log_prob = model.conditionals(x).distribution.log_prob(0.0)
            value = tf.reduce_sum(tf.reshape(log_prob, (16, size))[:, dimension])
        return tape.gradient(value, x)

    rows = [tf.reshape(gradient(tf.constant(d)), (16, size)) for d in range(size)]
    sees = np.abs(rows).max(axis=1) > 0
    np.testing.assert_array_equal(sees, np.tri(size, k=-1) > 0)


def test_conditionals_are_what_log_prob_adds_up():
    model = pixel_cnn_pp((2, 3, 3), levels=4)
    x = np.random.default_rng(0).integers(0, 4, (6, 2, 3, 3)).astype("float32") / 3
    conditionals = model.conditionals(x)
    assert isinstance(conditionals.distribution.components_distribution, DiscretizedLogistic)
    one_by_one = conditionals.distribution.log_prob(x)
    assert one_by_one.shape == x.shape
    np.testing.assert_allclose(tf.reduce_sum(one_by_one, (1, 2, 3)), model.log_prob(x), rtol=1e-5)


SIZES = [
    ((4, 4, 1), 2, 2),
    ((5, 7, 1), 3, 2),
    ((1, 6, 3), 4, 1),
    ((6, 1, 1), 2, 1),
    ((9, 9, 1), 2, 3),
]


@pytest.mark.parametrize(("event_shape", "levels", "num_resolutions"), SIZES)
def test_each_activation_computed_once_draws_what_whole_passes_draw(
    event_shape, levels, num_resolutions
):
    model = pixel_cnn_pp(event_shape, levels, num_resolutions)
    assert len(np.unique(model.sample(8, seed=7), axis=0)) > 4
    assert_draws_as_whole_passes(model)


@pytest.mark.parametrize(
    ("event_shape", "levels", "num_resolutions"), [((2, 2, 1), 2, 2), ((1, 1, 3), 3, 1)]
)
def test_samples_and_completions_follow_log_prob(event_shape, levels, num_resolutions):
    model = pixel_cnn_pp(event_shape, levels, num_resolutions)
    inputs, size = all_inputs(event_shape, levels), int(np.prod(event_shape))
    probabilities = np.exp(model.log_prob(inputs).numpy().astype("float64"))
    samples = model.sample(10_000, seed=3).numpy()
    assert chi_square(samples, inputs, probabilities, levels) > 1e-3
    kept = (np.arange(size) < size // 2).reshape(event_shape)
    x = np.where(kept, inputs[-1], np.nan)
    completed = model.complete(np.tile(x, (10_000, 1, 1, 1)), kept, seed=0).numpy()
    np.testing.assert_array_equal(completed[:, kept], 1)
    possible = (inputs[:, kept] == 1).all(axis=1)
    conditional = probabilities[possible] / probabilities[possible].sum()
    assert chi_square(completed, inputs[possible], conditional, levels) > 1e-3


def test_dropout_acts_in_training_alone():
    model, x = pixel_cnn_pp((4, 4, 1), dropout=0.5), all_inputs((4, 4, 1), 2)[1::9001]
    without = pixel_cnn_pp((4, 4, 1))
    for one, other in zip(without.trainable_variables, model.trainable_variables, strict=True):
        one.assign(other)
    np.testing.assert_array_equal(model.log_prob(x), without.log_prob(x))
    one, other = model(x, training=True), model(x, training=True)
    assert not np.allclose(one, other) and not np.allclose(one, model(x))


def test_a_new_model_of_colour_images_is_close_to_uniform():
    model = PixelCNNPlusPlus.default((6, 6, 3), levels=256, num_features=16, num_blocks=1)
    x = np.random.default_rng(0).integers(0, 256, (8, 6, 6, 3)) / np.float32(255)
    bits = -tf.reduce_mean(model.log_prob(x)) / (108 * np.log(2))
    assert 7.9 < bits < 8.8


def test_training_raises_the_log_likelihood():
    x = np.repeat(np.eye(4, dtype="float32").reshape(1, 4, 4, 1), 32, axis=0)
    model = PixelCNNPlusPlus.default((4, 4, 1), num_features=8, num_blocks=1, num_resolutions=1)
    model.compile(steps_per_execution=4)
    untrained = model.log_prob(x[:1]).numpy()
    losses = model.fit(x, batch_size=8, epochs=8, verbose=0).history["negative_log_prob"]
    assert model.log_prob(x[:1]).numpy() > untrained + 4
    assert np.isfinite(losses).all() and losses[-1] < losses[0]


def test_there_are_three_resolutions_and_the_paper_s_params():
    model = PixelCNNPlusPlus(
        event_shape=(4, 4, 3), levels=256, num_features=4, num_blocks=2, num_components=10
    )
    levels = [model.streams, model.streams.lower, model.streams.lower.lower]
    assert levels[-1].lower is None
    assert [len(each.ul_down) for each in levels] == [2, 2, 2]
    assert [len(each.ul_up) for each in levels] == [3, 3, 2]
    # For each component a weight, three locs, three raws, three coefficients.
    assert model.logits(tf.zeros((1, 4, 4, 3))).shape == (1, 4, 4, 100)
    assert isinstance(model.default_optimizers()["likelihood"], keras.optimizers.Adam)


@pytest.mark.parametrize(
    "arguments",
    [
        {"event_shape": (16,)},
        {"event_shape": (4, 0, 1)},
        {"levels": 1},
        {"num_features": 0},
        {"num_blocks": 0},
        {"num_resolutions": 0},
        {"num_components": 0},
        {"dropout": 1.0},
        {"dropout": -0.1},
    ],
)
def test_bad_sizes_are_refused(arguments):
    with pytest.raises(ValueError, match="expected .*Received:"):
        PixelCNNPlusPlus(**{"event_shape": (4, 4, 1), **arguments})
