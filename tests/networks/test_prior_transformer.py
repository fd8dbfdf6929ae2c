"""The prior's network: what reads what, and a diffusion model of vectors on a sphere."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import CaptionedVector, Captions, Vector
from tfgen.core import Adam
from tfgen.diffusion import DDIM, DDPM, CosineSchedule, Sphere, Start
from tfgen.networks import prior_transformer

DIM = 4
CAPTIONS = Captions(["a", "blue", "red", "seven"], length=4)
CONDITION = CaptionedVector(CAPTIONS, 3)
TEXTS = ["a red seven", "a seven red", "a blue seven", ""]


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return prior_transformer(DIM, CONDITION, width=8, num_layers=2, num_heads=2)


def inputs(texts, vectors=None, x=0.0, time=0.5):
    vectors = np.ones((len(texts), 3), "float32") if vectors is None else vectors
    given = CONDITION.pair(texts, vectors)
    return [tf.fill([len(texts), DIM], x), tf.fill([len(texts)], time), given]


def test_it_reads_the_words_in_order_the_embedding_the_time_and_x(network):
    before = network(inputs(TEXTS)).numpy()
    distances = np.abs(before[:, None] - before).max(axis=-1)
    assert np.all(distances[~np.eye(4, dtype=bool)] > 1e-4)
    others = [{"vectors": np.eye(4, 3, dtype="float32")}, {"x": 0.5}, {"time": 0.6}]
    for changed in others:
        assert np.all(np.abs(network(inputs(TEXTS, **changed)) - before).max(axis=-1) > 1e-4)


def test_padding_is_not_read_and_each_place_looks_back_alone(network):
    before = network(inputs(TEXTS)).numpy()
    sequence = network.get_layer("words")
    words, places = sequence.words.numpy(), sequence.places.numpy()
    moved_words, moved_places = words.copy(), places.copy()
    moved_words[0] += 7 * np.arange(8)
    moved_places[3] += 7 * np.arange(8)
    sequence.words.assign(moved_words)
    sequence.places.assign(moved_places)
    np.testing.assert_array_equal(network(inputs(TEXTS)), before)
    assert np.any(network(inputs(["a a red seven"])) != before[0])
    sequence.words.assign(words)
    sequence.places.assign(places)

    # The last normalization: four words, the embedding, the time, x and the query.
    *_, last = (each for each in network.layers if "normalization" in each.name)
    within = keras.Model(network.inputs, last.output)
    outputs = lambda *changed, **others: within(inputs(*changed, **others)).numpy()[0]
    base = outputs(["a a red seven"])
    vector = {"vectors": np.float32([[0.0, 1.0, 2.0]])}
    for first, there in (
        (0, outputs(["red a red seven"])),
        (3, outputs(["a a red blue"])),
        (4, outputs(["a a red seven"], **vector)),
        (5, outputs(["a a red seven"], time=0.9)),
        (6, outputs(["a a red seven"], x=0.5)),
    ):
        changed = np.abs(there - base).max(axis=1) > 1e-5
        np.testing.assert_array_equal(changed, np.arange(8) >= first)


def test_gradients_reach_every_weight(network):
    texts = ["a blue red seven", "unknown"]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(network(inputs(texts, x=0.5)) - [[1.0, 2.0, 3.0, 4.0]]))
    weights = network.trainable_weights
    gradients = tape.gradient(loss, [weight.value for weight in weights])
    for weight, gradient in zip(weights, gradients, strict=True):
        gradient = tf.convert_to_tensor(gradient).numpy()
        if "words" in weight.path.split("/") and weight.name == "words":
            # All but the padding, of which no text of four words has any, and the other one's is
            # not read.
            assert np.all(np.any(gradient[1:], axis=1)) and not np.any(gradient[0])
        elif weight.path.endswith("key/bias"):
            # A softmax does not change with it.
            np.testing.assert_allclose(gradient, 0, atol=1e-4)
        else:
            rows = gradient.reshape(-1, gradient.shape[-1])
            assert np.all(np.any(rows, axis=0)), weight.path
            assert weight.name != "places" or np.all(np.any(rows, axis=1))


def test_half_precision_computes_the_same(network):
    """In an empty text, too, whose places have nothing in front of them to look at."""
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = prior_transformer(DIM, CONDITION, width=8, num_layers=2, num_heads=2)
    finally:
        keras.config.set_dtype_policy("float32")
    half.set_weights(network.get_weights())
    assert half.output.dtype == "float16"
    np.testing.assert_allclose(half(inputs(TEXTS)), network(inputs(TEXTS)), atol=0.02)


def test_it_is_a_denoiser_of_points_on_a_sphere(tmp_path):
    """Two captions, each with a point: trained, guided, reloaded and served."""
    model = DDPM(
        denoiser=prior_transformer(DIM, CONDITION, 16, 1, 2),
        schedule=CosineSchedule(20),
        prediction=Start(),
        support=Sphere(DIM**0.5),
        sampler=DDIM(3),
        condition=CONDITION,
        ema_decay=0.9,
    )
    model.compile(Adam(1e-2), steps_per_execution=10)
    points = np.float32([[1, 1, 1, 1], [1, -1, 1, -1]])
    which = np.arange(320) % 2
    y = CONDITION.pair(np.array(["a red", "a blue"])[which], np.eye(3, dtype="float32")[which])
    model.fit(points[which], y, batch_size=32, epochs=4, verbose=0)
    samples = model.sample(64, condition=y[:64], seed=0, guidance=1.5)
    np.testing.assert_allclose(np.linalg.norm(samples, axis=1), 2, rtol=1e-5)
    found = np.argmax(samples @ points.T, axis=1)
    np.testing.assert_array_equal(found, which[:64])
    texts = ["a red", "a blue", ""]
    expected = model.sample(3, condition=texts, seed=1)

    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.sample(3, condition=texts, seed=1), expected)
    model.export(tmp_path / "served")
    served = tf.saved_model.load(str(tmp_path / "served")).signatures["sample"]
    arguments = {"num_samples": tf.constant(3), "seed": tf.constant([0, 1])}
    given = CONDITION.pair(texts, None)
    found = served(**arguments, guidance=tf.constant(1.0), condition=given)["samples"]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("condition", "sizes"),
    [
        (Vector(3), {}),
        (CAPTIONS, {}),
        (CONDITION, {"dim": 0}),
        (CONDITION, {"width": 9}),
        (CONDITION, {"num_heads": 3}),
        (CONDITION, {"num_layers": -1}),
    ],
)
def test_what_does_not_fit_is_refused(condition, sizes):
    with pytest.raises(ValueError, match="Received: "):
        prior_transformer(**{"dim": DIM, "condition": condition, "width": 8} | sizes)
