"""Both PixelRNNs: what a pixel sees, what the probabilities add up to, and the samplers."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from truths import (
    all_inputs,
    assert_draws_as_whole_passes,
    chi_square,
    in_channels,
    naive_draw,
    randomize,
    sees,
    total_probability,
)

from tfgen import DiagonalBiLSTM, RowLSTM

tfd = tfp.distributions
both = pytest.mark.parametrize("family", [RowLSTM, DiagonalBiLSTM])


def pixel_rnn(family, event_shape, levels=2, num_layers=2, **sizes):
    sizes = {"num_features": 4, "num_output_features": 8, "first_kernel_size": 3, **sizes}
    model = family.default(event_shape, levels=levels, num_layers=num_layers, **sizes)
    return randomize(model, 0.5)


@both
@pytest.mark.parametrize(
    ("event_shape", "levels"), [((2, 3, 1), 2), ((1, 2, 3), 2), ((2, 2, 1), 3), ((1, 1, 1), 17)]
)
def test_probabilities_of_all_inputs_sum_to_one(family, event_shape, levels):
    model = pixel_rnn(family, event_shape, levels)
    np.testing.assert_allclose(total_probability(model), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("event_shape", "kernel_size"), [((5, 7, 1), 3), ((3, 6, 3), 3), ((4, 7, 1), 5)]
)
def test_one_row_lstm_sees_its_triangle(event_shape, kernel_size):
    model = pixel_rnn(RowLSTM, event_shape, num_layers=1, kernel_size=kernel_size)
    height, width, channels = event_shape
    i, j = (place.reshape(-1, 1) for place in np.mgrid[:height, :width])
    up, right = i - i.T, j.T - j
    reach = kernel_size // 2
    # The LSTM's triangle over the first convolution's map, `reach` to the left in its own row.
    triangle = (up >= 0) & (right >= -reach * (up + 1)) & (right <= reach * up)
    # The first convolution, 3 x 3 with mask A: the row above and the left neighbour.
    first = ((up == 1) & (np.abs(right) <= 1)) | ((up == 0) & (right == -1))
    field = triangle.astype(int) @ first.astype(int) > 0
    np.testing.assert_array_equal(sees(model), in_channels(field, channels))
    assert not field[-1, :-1].all()


@pytest.mark.parametrize("event_shape", [(4, 5, 1), (3, 3, 3), (1, 4, 2), (5, 1, 1)])
def test_one_diagonal_bilstm_sees_all_that_comes_before(event_shape):
    sizes = {"num_layers": 1, "num_output_features": 24}
    model = pixel_rnn(DiagonalBiLSTM, event_shape, **sizes)
    size = int(np.prod(event_shape))
    np.testing.assert_array_equal(sees(model), np.tri(size, k=-1, dtype=bool))


@pytest.mark.parametrize("event_shape", [(3, 4, 1), (2, 2, 3)])
def test_the_column_beyond_the_image_is_no_pixel(event_shape):
    """Without its LSTMs the network is one of convolutions, which pad the image by zeros."""
    model = pixel_rnn(DiagonalBiLSTM, event_shape, num_layers=1, first_kernel_size=5)
    (upsampling,) = model.upsamplings
    upsampling.kernel.assign(tf.zeros_like(upsampling.kernel))
    x = np.random.default_rng(0).integers(0, 2, (4, *event_shape)).astype("float32")
    features = model.first(2 * x - 1) + upsampling.bias
    for layer in model.readouts:
        features = layer(tf.nn.relu(features))
    np.testing.assert_allclose(model.logits(x), features, rtol=1e-4, atol=1e-5)


@both
def test_conditionals_are_what_log_prob_adds_up(family):
    model = pixel_rnn(family, (2, 3, 3), levels=4)
    x = np.random.default_rng(0).integers(0, 4, (6, 2, 3, 3)) / np.float32(3)
    conditionals = model.conditionals(x)
    assert isinstance(conditionals, tfd.Independent)
    assert isinstance(conditionals.distribution, tfd.FiniteDiscrete)
    binary = pixel_rnn(family, (2, 2, 1)).conditionals(tf.zeros((1, 2, 2, 1)))
    assert isinstance(binary.distribution, tfd.Bernoulli)
    one_by_one = conditionals.distribution.log_prob(x)
    np.testing.assert_allclose(tf.reduce_sum(one_by_one, (1, 2, 3)), model.log_prob(x), rtol=1e-5)


SIZES = [
    ((4, 4, 1), 2, 3),
    ((5, 7, 1), 3, 5),
    ((1, 1, 1), 2, 3),
    ((1, 6, 3), 2, 7),
    ((6, 1, 3), 2, 3),
    ((3, 4, 3), 4, 3),
]


@both
@pytest.mark.parametrize(("event_shape", "levels", "first_kernel_size"), SIZES)
def test_each_activation_computed_once_draws_what_whole_passes_draw(
    family, event_shape, levels, first_kernel_size
):
    model = pixel_rnn(family, event_shape, levels, first_kernel_size=first_kernel_size)
    assert_draws_as_whole_passes(model)


def test_a_kernel_of_five_is_sampled_alike():
    model = pixel_rnn(RowLSTM, (3, 5, 1), kernel_size=5)
    uniforms = tf.random.stateless_uniform((8, 15), (0, 3)).numpy()
    np.testing.assert_array_equal(model.sample(8, seed=3), naive_draw(model, uniforms))


@both
@pytest.mark.parametrize(("event_shape", "levels"), [((2, 3, 1), 2), ((1, 1, 3), 3)])
def test_samples_follow_log_prob(family, event_shape, levels):
    model, inputs = pixel_rnn(family, event_shape, levels), all_inputs(event_shape, levels)
    probabilities = np.exp(model.log_prob(inputs).numpy().astype("float64"))
    samples = model.sample(20_000, seed=3).numpy()
    assert chi_square(samples, inputs, probabilities, levels) > 1e-3


@both
def test_completion_keeps_what_it_was_given_and_follows_the_conditional(family):
    model, mask = pixel_rnn(family, (2, 2, 1)), np.array([1, 1, 0, 0]).reshape(2, 2, 1)
    x = np.tile(np.float32([1, 0, 0.3, np.nan]).reshape(2, 2, 1), (4000, 1, 1, 1))
    completed = model.complete(x, mask, seed=0).numpy()
    np.testing.assert_array_equal(completed[:, 0], x[:, 0])
    inputs = all_inputs((2, 2, 1), 2)
    inputs = inputs[(inputs[:, 0] == x[0, 0]).all(axis=(1, 2))]
    joint = np.exp(model.log_prob(inputs).numpy().astype("float64"))
    assert chi_square(completed, inputs, joint / joint.sum(), 2) > 1e-3


@both
def test_training_with_and_without_xla_is_the_same_and_learns(family):
    # 27 examples: the last block and the last batch are short ones.
    x = np.repeat(np.eye(4, dtype="float32").reshape(1, 4, 4, 1), 27, axis=0)
    losses = []
    for jit_compile in (False, True):
        keras.utils.set_random_seed(0)
        model = family.default((4, 4, 1), num_features=4, num_layers=1, num_output_features=8)
        model.compile("adam", jit_compile=jit_compile, steps_per_execution=2)
        untrained = model.log_prob(x[:1]).numpy()
        history = model.fit(x, batch_size=8, epochs=8, verbose=0).history
        losses.append(history["negative_log_prob"])
        assert model.log_prob(x[:1]).numpy() > untrained + 1
    np.testing.assert_allclose(*losses, rtol=1e-3)


@both
def test_default_is_the_paper_s_network_for_mnist(family):
    model = family.default((28, 28, 1))
    assert (model.num_features, model.num_layers, model.num_output_features) == (16, 7, 32)
    input_to_state, state_to_state = (
        (3 * 32 * 64 + 64, 3 * 16 * 64) if family is RowLSTM else (2 * (32 * 64 + 64), 4 * 16 * 64)
    )
    lstm = input_to_state + state_to_state + 16 * 32 + 32
    assert model.count_params() == 49 * 32 + 32 + 7 * lstm + 32 * 32 + 32 + 32 + 1


@both
def test_features_are_rounded_up_to_the_channels(family):
    model = family.default((4, 4, 3), num_layers=1)
    assert (model.num_features, model.num_output_features) == (18, 33)


@both
@pytest.mark.parametrize(
    "arguments",
    [
        {"event_shape": (16,)},
        {"event_shape": (4, 0, 1)},
        {"levels": 1},
        {"num_features": 0},
        {"num_features": 4, "event_shape": (4, 4, 3)},
        {"num_output_features": 4, "event_shape": (4, 4, 3)},
        {"num_layers": 0},
        {"first_kernel_size": 4},
    ],
)
def test_bad_sizes_are_refused(family, arguments):
    with pytest.raises(ValueError, match="expected .*Received:"):
        family(**{"event_shape": (4, 4, 1), **arguments})


@both
def test_vectors_are_refused(family):
    with pytest.raises(ValueError, match="images.*Received:"):
        family.default((16,))


@pytest.mark.parametrize("kernel_size", [0, 2])
def test_bad_kernel_sizes_of_the_rows_are_refused(kernel_size):
    with pytest.raises(ValueError, match="odd.*Received:"):
        RowLSTM.default((4, 4, 1), kernel_size=kernel_size)
