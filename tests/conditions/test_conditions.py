"""What every condition owes: a door, tokens, an encoding, nothing, rows and a word for it."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import Attributes, CaptionedVector, Captions, Classes, SmallImage, Vector

TEXTS = np.array([b"a red seven", b"two", b""])
CONDITIONS = {
    "classes": (Classes(3), np.array([2, 0, 1])),
    "vector": (Vector(2), np.array([[0.5, 1.0], [0.0, -2.0], [3.0, 4.0]], "float32")),
    "attributes": (Attributes(("long", "bold")), np.array([[1, 0], [0, 0], [1, 1]])),
    "captions": (Captions.from_corpus(TEXTS), TEXTS),
    "captioned vector": (
        CaptionedVector(Captions(("red",), 1), 2),
        np.array([[2.0, 0.5, 1.0], [0.0, 0.0, -2.0], [1.0, 0.0, 0.0]], "float32"),
    ),
    "small image": (
        SmallImage((1, 2, 1)),
        np.float32([[[[0], [1]]], [[[0.5], [0]]], [[[1], [1]]]]),
    ),
}
every_condition = pytest.mark.parametrize("name", CONDITIONS)


@every_condition
def test_tokens_are_numbers_that_go_in_again_and_encode_as_the_spec_says(name):
    condition, values = CONDITIONS[name]
    assert condition.spec.is_compatible_with(condition.tokens(values)) == (name != "captions")
    tokens = condition.tokens(values)
    np.testing.assert_array_equal(condition.tokens(tokens), tokens)
    given = condition.encode(tokens)
    assert condition.given_spec.is_compatible_with(given)
    compiled = tf.function(condition.encode, jit_compile=True)
    np.testing.assert_array_equal(compiled(tokens), given)
    assert len(np.unique(given, axis=0)) == 3


@every_condition
def test_one_stands_for_all(name):
    condition, values = CONDITIONS[name]
    one = condition.tokens(values[0], 4)
    np.testing.assert_array_equal(one, np.repeat(condition.tokens(values[:1]), 4, axis=0))
    in_a_graph = tf.function(lambda n: condition.tokens(values[0], n))(tf.constant(4))
    np.testing.assert_array_equal(in_a_graph, one)
    with pytest.raises(ValueError, match="4 examples.*Received: 3"):
        condition.tokens(values, 4)


@every_condition
def test_nothing_is_zero_in_the_form_of_the_rest(name):
    condition, values = CONDITIONS[name]
    nothing = condition.nothing(5)
    assert condition.given_spec.is_compatible_with(nothing) and len(nothing) == 5
    assert not np.any(nothing)
    given = condition.encode(condition.tokens(values))
    # An empty text says nothing; of the others, all say something but the vector 0.
    silent = [not np.any(row) for row in given.numpy()]
    assert silent == [name == "captions" and text == b"" for text in values.tolist()]


@pytest.mark.parametrize("name", ["classes", "vector", "attributes", "captions"])
def test_in_training_examples_are_left_out_as_a_whole(name):
    condition, values = CONDITIONS[name]
    given = tf.repeat(condition.encode(condition.tokens(values[:1])), 50, axis=0)
    np.testing.assert_array_equal(condition.in_training(given, 0.0, (0, 1)), given)
    found = condition.in_training(given, 0.4, (0, 1))
    dropped = tf.random.stateless_uniform([50], (0, 1)).numpy() < 0.4
    np.testing.assert_array_equal(found[~dropped], given[~dropped])
    np.testing.assert_array_equal(found[dropped], condition.nothing(np.sum(dropped)))


@every_condition
def test_config_goes_through_json(name):
    condition, values = CONDITIONS[name]
    text = json.dumps(keras.saving.serialize_keras_object(condition))
    twin = keras.saving.deserialize_keras_object(json.loads(text))
    assert twin == condition
    np.testing.assert_array_equal(twin.tokens(values), condition.tokens(values))


@every_condition
def test_bad_values_are_found_in_a_data_set_too(name):
    condition, values = CONDITIONS[name]
    bad = {"classes": 3, "attributes": 0.5, "captions": 99}.get(name, np.nan)
    tokens = condition.tokens(values).numpy()
    tokens[-1] = bad
    with pytest.raises(ValueError, match="expected y .*Received: "):
        condition.tokens(tokens, name="y")
    batches = tf.data.Dataset.from_tensor_slices(tokens).batch(2)
    checked = batches.map(lambda y: condition.tokens(y, tf.shape(y)[0], name="y"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected y"):
        list(checked)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("classes", "2", 2),
        ("vector", "(0.5, -1)", [0.5, -1.0]),
        ("attributes", "bold", [0.0, 1.0]),
        ("attributes", "bold, long", [1.0, 1.0]),
        ("attributes", "", [0.0, 0.0]),
        ("captions", "a red two", "a red two"),
    ],
)
def test_parse_reads_one_condition(name, text, value):
    condition, _ = CONDITIONS[name]
    assert np.array_equal(condition.parse(text), value)
    condition.tokens(condition.parse(text), 1)


@pytest.mark.parametrize(
    ("name", "text"), [("classes", "two"), ("vector", "1"), ("vector", "x"), ("attributes", "thin")]
)
def test_what_cannot_be_parsed_is_refused(name, text):
    with pytest.raises(ValueError, match="expected.*Received: "):
        CONDITIONS[name][0].parse(text)


@every_condition
def test_rows_are_every_class_or_the_first_that_differ(name):
    condition, values = CONDITIONS[name]
    rows = condition.rows(np.concatenate([values, values[::-1]]))
    expected = np.arange(3) if name == "classes" else values
    assert len(rows) == 3
    for row, wanted in zip(rows, expected, strict=True):
        np.testing.assert_array_equal(row, wanted)


def test_the_encodings():
    encode = lambda condition, values: condition.encode(condition.tokens(values)).numpy().tolist()
    assert encode(Classes(3), [2, 0]) == [[0, 0, 1], [1, 0, 0]]
    assert encode(Classes(3), [[2], [0]]) == [[0, 0, 1], [1, 0, 0]]
    assert encode(Vector(2), [[0.5, -1.0]]) == [[0.5, -1.0]]
    assert encode(Attributes(("a", "b")), [[True, False]]) == [[1, -1]]


def test_the_mean_square_of_what_networks_read_is_known():
    conditions = {Classes(4): [3, 0, 1], Attributes(("a", "b")): [[1, 0]], Vector(2): [[1.0, -1.0]]}
    for condition, values in conditions.items():
        given = condition.encode(condition.tokens(values))
        np.testing.assert_allclose(np.mean(np.square(given)), condition.mean_square)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Classes(0),
        lambda: Classes(2.5),
        lambda: Vector(True),
        lambda: Attributes(()),
        lambda: Attributes(("a", "a")),
        lambda: Captions((), 3),
        lambda: Captions(("a", "a"), 3),
        lambda: Captions(("A",), 3),
        lambda: Captions(("two words",), 3),
        lambda: Captions(("a",), 0),
        lambda: Captions.from_corpus(["", "?!"]),
    ],
)
def test_what_is_no_condition_is_refused(build):
    with pytest.raises(ValueError, match="expected.*Received: "):
        build()
