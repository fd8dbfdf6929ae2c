"""The PixelCNNs: what a pixel sees, the samplers against whole passes, conditions."""

import keras
import numpy as np
import pytest
import tensorflow as tf
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

from tfgen import MaskedPixelCNN, PixelCNN
from tfgen.conditions import Attributes, CaptionedVector, Captions, Classes, SmallImage, Vector

both = pytest.mark.parametrize("family", [PixelCNN, MaskedPixelCNN])


def pixel_cnn(family, event_shape, levels=2, num_layers=2, scale=0.5, **sizes):
    sizes = {"num_features": 6, "num_output_features": 6, "first_kernel_size": 3, **sizes}
    model = family.default(event_shape, levels=levels, num_layers=num_layers, **sizes)
    return randomize(model, scale)


# Wide and not saturated, so that no path of the network is closed by chance.
OPEN = {"scale": 0.2, "num_features": 24, "num_output_features": 24}


@both
@pytest.mark.parametrize(
    ("event_shape", "levels"), [((2, 3, 1), 2), ((1, 2, 3), 2), ((2, 2, 1), 3), ((1, 1, 1), 17)]
)
def test_probabilities_of_all_inputs_sum_to_one(family, event_shape, levels):
    model = pixel_cnn(family, event_shape, levels)
    np.testing.assert_allclose(total_probability(model), 1, rtol=1e-5)


@pytest.mark.parametrize("event_shape", [(6, 7, 1), (4, 5, 3), (1, 4, 2), (5, 1, 1)])
def test_the_gated_stacks_see_all_that_comes_before_and_nothing_else(event_shape):
    """Enough layers reach every pixel: there is no blind spot."""
    model = pixel_cnn(PixelCNN, event_shape, num_layers=6, **OPEN)
    size = int(np.prod(event_shape))
    np.testing.assert_array_equal(sees(model), np.tri(size, k=-1, dtype=bool))


@pytest.mark.parametrize("event_shape", [(5, 9, 1), (3, 6, 3)])
def test_masked_convolutions_have_a_blind_spot(event_shape):
    """A 3 x 3 layer goes up a row and right a column at once, never right within a row."""
    model = pixel_cnn(MaskedPixelCNN, event_shape, num_layers=8, **OPEN)
    height, width, channels = event_shape
    i, j = (place.reshape(-1, 1) for place in np.mgrid[:height, :width])
    up, right = i - i.T, j.T - j
    field = (up >= 0) & (right <= up) & ((up > 0) | (right < 0))
    blind = (up > 0) & (right > up)
    assert blind.any()
    np.testing.assert_array_equal(sees(model), in_channels(field, channels))


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
    model = pixel_cnn(family, event_shape, levels, first_kernel_size=first_kernel_size)
    assert_draws_as_whole_passes(model)


@both
def test_larger_kernels_are_sampled_alike(family):
    model = pixel_cnn(family, (4, 5, 1), kernel_size=5)
    uniforms = tf.random.stateless_uniform((8, 20), (0, 3)).numpy()
    np.testing.assert_array_equal(model.sample(8, seed=3), naive_draw(model, uniforms))


@both
def test_samples_follow_log_prob(family):
    model, inputs = pixel_cnn(family, (1, 2, 2), 3), all_inputs((1, 2, 2), 3)
    probabilities = np.exp(model.log_prob(inputs).numpy().astype("float64"))
    samples = model.sample(20_000, seed=3).numpy()
    assert chi_square(samples, inputs, probabilities, 3) > 1e-3


@both
def test_completion_keeps_what_it_was_given_and_follows_the_conditional(family):
    model, mask = pixel_cnn(family, (2, 2, 1)), np.array([1, 1, 0, 0]).reshape(2, 2, 1)
    x = np.tile(np.float32([1, 0, 0.3, np.nan]).reshape(2, 2, 1), (4000, 1, 1, 1))
    completed = model.complete(x, mask, seed=0).numpy()
    np.testing.assert_array_equal(completed[:, 0], x[:, 0])
    inputs = all_inputs((2, 2, 1), 2)
    inputs = inputs[(inputs[:, 0] == x[0, 0]).all(axis=(1, 2))]
    joint = np.exp(model.log_prob(inputs).numpy().astype("float64"))
    assert chi_square(completed, inputs, joint / joint.sum(), 2) > 1e-3


CAPTIONS = Captions(("red", "seven"), 3)


@pytest.mark.parametrize(
    ("kind", "condition", "other"),
    [
        (Classes(3), [0, 1, 2, 0], [1, 2, 0, 1]),
        (Classes(3), 2, 1),
        (Vector(3), [[0.5, -1.0, 2.0]] * 4, [[1.5, 0.0, 3.0]] * 4),
        (Attributes(("red", "large")), [[1, 0], [0, 0], [1, 1], [0, 1]], [[0, 1], [1, 1]] * 2),
        (CAPTIONS, ["a red seven", "seven", "red", "seven seven"], "seven red"),
        (SmallImage((1, 2, 1)), [[[[0.0], [1.0]]]] * 4, [[[0.5], [0.0]]]),
    ],
    ids=["classes", "one class", "vectors", "attributes", "captions", "images"],
)
def test_a_condition_enters_density_and_sampler_alike(kind, condition, other):
    model = pixel_cnn(PixelCNN, (3, 3, 1), condition=kind)
    condition = np.array(condition)
    uniforms = tf.random.stateless_uniform((4, 9), (0, 5)).numpy()
    drawn = naive_draw(model, uniforms, given=model.read_condition(condition, 4))
    np.testing.assert_array_equal(model.sample(4, seed=5, condition=condition), drawn)
    log_prob = model.log_prob(drawn, condition=condition)
    np.testing.assert_allclose(model((drawn, condition)), log_prob, rtol=1e-5)
    one_by_one = model.log_prob(drawn, batch_size=3, condition=condition)
    np.testing.assert_allclose(one_by_one, log_prob, rtol=1e-5)
    assert np.abs(model.log_prob(drawn, condition=other) - log_prob).min() > 1e-4


def test_words_beside_a_vector_are_learned_vectors():
    both = CaptionedVector(CAPTIONS, 1)
    model = pixel_cnn(PixelCNN, (3, 3, 1), condition=both)
    table = model.given_network.get_layer("words").embeddings.numpy()
    given = both.pair("seven red", [[0.5]])
    expected = np.concatenate([*table[[3, 2]], np.zeros(32), [0.5]])
    np.testing.assert_array_equal(model.given_network(given), expected[np.newaxis])


def test_each_class_has_a_normalised_density_of_its_own():
    model = pixel_cnn(PixelCNN, (2, 2, 1), condition=Classes(2))
    inputs = all_inputs((2, 2, 1), 2)
    probabilities = [
        np.exp(model.distribution(condition=c).log_prob(inputs).numpy().astype("float64"))
        for c in range(2)
    ]
    np.testing.assert_allclose(np.sum(probabilities, axis=1), 1, rtol=1e-5)
    assert np.abs(probabilities[0] - probabilities[1]).max() > 0.01
    samples = model.distribution(condition=1).sample((100, 100), seed=2).numpy()
    samples = samples.reshape(-1, 2, 2, 1)
    assert chi_square(samples, inputs, probabilities[1], 2) > 1e-3


def test_completion_follows_the_conditional_of_each_class():
    model, mask = pixel_cnn(PixelCNN, (2, 2, 1), condition=Classes(2)), np.zeros((2, 2, 1))
    mask[0] = 1
    x = np.tile(np.float32([1, 0, 0.3, np.nan]).reshape(2, 2, 1), (8000, 1, 1, 1))
    y = np.arange(8000) % 2
    completed = model.complete(x, mask, condition=y, seed=0).numpy()
    inputs = all_inputs((2, 2, 1), 2)
    inputs = inputs[(inputs[:, 0] == x[0, 0]).all(axis=(1, 2))]
    for c in range(2):
        joint = np.exp(model.log_prob(inputs, condition=c).numpy().astype("float64"))
        assert chi_square(completed[y == c], inputs, joint / joint.sum(), 2) > 1e-3


def test_training_with_classes_learns_what_each_class_is():
    """Class 0 is black and class 1 white; arrays, data sets and validation alike."""
    keras.utils.set_random_seed(0)
    y = np.arange(64) % 2
    x = np.broadcast_to(y[:, None, None, None], (64, 4, 4, 1)).astype("float32")
    model = PixelCNN.default((4, 4, 1), num_features=4, num_layers=2, condition=Classes(2))
    model.compile(keras.optimizers.Adam(0.02), steps_per_execution=2)
    model.fit(x, y, batch_size=8, epochs=8, validation_split=0.25, verbose=0)
    assert model.log_prob(x, condition=y).numpy().min() > -1
    assert model.log_prob(x, condition=1 - y).numpy().max() < -10
    np.testing.assert_array_equal(model.sample(2, seed=0, condition=[0, 1]), x[:2])
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    found = model.evaluate(batches, verbose=0, return_dict=True)["negative_log_prob"]
    expected = -model.log_prob(x, condition=y).numpy().mean()
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    model.fit(batches, verbose=0)


@pytest.mark.parametrize(
    ("kind", "condition"),
    [(Classes(3), [1, 2]), (CAPTIONS, ["red", "a seven"])],
    ids=["classes", "captions"],
)
def test_a_conditional_model_is_saved_and_served_with_its_condition(kind, condition, tmp_path):
    model = pixel_cnn(PixelCNN, (3, 3, 1), condition=kind)
    samples = model.sample(2, seed=4, condition=condition)
    log_prob = model.log_prob(samples, condition=condition)
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(twin.sample(2, seed=4, condition=condition), samples)
    np.testing.assert_array_equal(twin.log_prob(samples, condition=condition), log_prob)
    model.export(tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served").signatures
    condition = tf.constant(condition)
    arguments = {"num_samples": tf.constant(2), "seed": tf.constant([0, 4]), "condition": condition}
    np.testing.assert_array_equal(served["sample"](**arguments)["samples"], samples)
    found = served["log_prob"](x=samples, condition=condition)["log_prob"]
    np.testing.assert_allclose(found, log_prob, rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "condition", "message"),
    [
        (Classes(3), None, "a condition|y, the conditions"),
        (Classes(3), [0, 3], "classes from 0 to 2"),
        (Classes(3), [0, -1], "classes from 0 to 2"),
        (Vector(3), [[0.0, 1.0]] * 2, r"\[batch, 3\]"),
        (Classes(3), [0, 1, 2], "for 2 examples|of one length"),
        (Vector(3), [[0.0, np.nan, 1.0]] * 2, "finite"),
        (Classes(3), ["a", "b"], "classes from 0 to 2"),
    ],
)
def test_bad_conditions_are_refused_at_every_door(kind, condition, message):
    model, x = pixel_cnn(PixelCNN, (3, 3, 1), condition=kind), np.zeros((2, 3, 3, 1), "float32")
    model.compile()
    doors = [
        lambda: model.fit(x, condition if condition is None else np.array(condition)),
        lambda: model.log_prob(x, condition=condition),
        lambda: model.sample(2, condition=condition),
        lambda: model.complete(x, np.zeros((3, 3, 1)), condition=condition),
    ]
    for door in doors:
        with pytest.raises(ValueError, match=f"({message}).*Received: "):
            door()


@both
def test_a_model_without_conditions_refuses_them(family):
    model, x = pixel_cnn(family, (3, 3, 1)), np.zeros((2, 3, 3, 1), "float32")
    doors = [
        lambda: model.sample(2, condition=1),
        lambda: model.distribution(condition=1),
        lambda: model.log_prob(x, condition=1),
        lambda: model.complete(x, np.zeros((3, 3, 1)), condition=1),
    ]
    for door in doors:
        with pytest.raises(ValueError, match="no condition.*Received: "):
            door()


def test_a_family_that_takes_no_condition_says_so():
    with pytest.raises(ValueError, match="no condition: MaskedPixelCNN.*Received: .*Classes"):
        MaskedPixelCNN.default((3, 3, 1), condition=Classes(3))


def test_the_size_of_the_default_network_is_that_of_its_layers():
    first = 4 * 7 * 64 + 64 + 64 * 64 + 4 * 64 + 64 + 32 * 32 + 32
    layer = 6 * 32 * 64 + 64 + 64 * 64 + 2 * 32 * 64 + 64 + 32 * 32 + 32
    expected = first + 7 * layer + 32 * 64 + 64 + 64 + 1
    assert PixelCNN.default((28, 28, 1)).count_params() == expected


@both
def test_features_are_rounded_up_to_the_channels(family):
    model = family.default((4, 4, 3), num_layers=1, num_features=16, num_output_features=32)
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
        {"num_layers": 0},
        {"first_kernel_size": 4},
        {"kernel_size": 2},
    ],
)
def test_bad_sizes_are_refused(family, arguments):
    with pytest.raises(ValueError, match="expected .*Received:"):
        family(**{"event_shape": (4, 4, 1), **arguments})


@both
@pytest.mark.parametrize("event_shape", [(8, 8, 0), (0, 8, 1), (8, 8, -1), (8, 8, 1.5)])
def test_an_image_without_pixels_or_channels_is_refused(family, event_shape):
    with pytest.raises(ValueError, match="every size of event_shape .*Received:"):
        family.default(event_shape)
