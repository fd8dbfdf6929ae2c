"""A text and a vector in one array: in, apart again, and each left out in training."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.conditions import CaptionedVector, Captions, Classes

CAPTIONS = Captions(("red", "blue", "seven"), length=3)
CONDITION = CaptionedVector(CAPTIONS, 2)
TEXTS, VECTORS = ["seven red", "", "blue"], np.float32([[0.5, -1.0], [2.0, 0.0], [0.0, 3.0]])
WORDS = [[4, 2, 0], [0, 0, 0], [3, 0, 0]]


def test_texts_and_vectors_go_in_and_come_out():
    tokens = CONDITION.pair(TEXTS, VECTORS)
    np.testing.assert_array_equal(tokens, np.concatenate([WORDS, VECTORS], axis=1))
    for array in (tokens, CONDITION.encode(CONDITION.tokens(tokens))):
        words, vectors = CONDITION.split(array)
        assert words.dtype == tf.int32 and vectors.dtype == tf.float32
        np.testing.assert_array_equal(words, WORDS)
        np.testing.assert_array_equal(vectors, VECTORS)
    np.testing.assert_array_equal(CONDITION.pair(np.array(WORDS), VECTORS), tokens)


def test_one_text_stands_for_all_vectors_in_a_graph_too():
    seven = np.concatenate([[[4, 0, 0]] * 3, VECTORS], axis=1)
    np.testing.assert_array_equal(CONDITION.pair("seven", VECTORS), seven)
    specs = [tf.TensorSpec((None,), tf.string), tf.TensorSpec((None, 2), tf.float32)]
    in_a_graph = tf.function(CONDITION.pair, input_signature=specs)
    np.testing.assert_array_equal(in_a_graph(["seven"], VECTORS), seven)
    np.testing.assert_array_equal(in_a_graph(TEXTS, VECTORS), CONDITION.pair(TEXTS, VECTORS))
    with pytest.raises(tf.errors.InvalidArgumentError):
        in_a_graph(TEXTS[:2], VECTORS)


def test_a_part_that_is_missing_is_zeros():
    words = np.pad(WORDS, ((0, 0), (0, 2)))
    np.testing.assert_array_equal(CONDITION.pair(TEXTS, None), words)
    np.testing.assert_array_equal(CONDITION.pair(None, VECTORS), np.pad(VECTORS, ((0, 0), (3, 0))))
    # Texts by themselves are conditions, and one of them is one for all.
    np.testing.assert_array_equal(CONDITION.tokens(np.array(TEXTS, object)), words)
    np.testing.assert_array_equal(CONDITION.tokens(CONDITION.parse("seven red"), 2), words[[0, 0]])


def test_in_training_both_parts_are_left_out_or_one_of_them():
    num_examples, rate = 20000, 0.2
    given = tf.repeat(CONDITION.pair("seven red blue", VECTORS[:1]), num_examples, axis=0)
    np.testing.assert_array_equal(CONDITION.in_training(given, 0.0, (0, 1)), given)
    found = CONDITION.in_training(given, rate, (0, 1))
    np.testing.assert_array_equal(CONDITION.in_training(given, rate, (0, 1)), found)
    parts, wholes = CONDITION.split(found), CONDITION.split(given)
    kept = [np.all(part == whole, axis=1) for part, whole in zip(parts, wholes, strict=True)]
    gone = [~np.any(part, axis=1) for part in parts]
    for there, missing in zip(kept, gone, strict=True):
        assert np.all(there ^ missing)
    each = rate * (1 - rate) ** 2
    for which, share in (
        (gone[0] & gone[1], rate + (1 - rate) * rate**2),
        (gone[0] & kept[1], each),
        (kept[0] & gone[1], each),
    ):
        deviation = (share * (1 - share) / num_examples) ** 0.5
        np.testing.assert_allclose(np.mean(which), share, atol=4 * deviation)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: CaptionedVector(Classes(3), 2), "captions"),
        (lambda: CaptionedVector(CAPTIONS, 0), "dim"),
        (lambda: CONDITION.pair(None, None), "texts or vectors"),
        (lambda: CONDITION.pair(TEXTS[:2], VECTORS), "3 examples"),
        (lambda: CONDITION.pair(TEXTS, VECTORS[:, :1]), "vectors"),
        (lambda: CONDITION.pair([[5, 0, 0]], VECTORS[:1]), "below 5"),
        (lambda: CONDITION.tokens([[1.0, 0.5, 0.0, 1.0, 1.0]]), "numbers of words"),
        (lambda: CONDITION.tokens([[5.0, 0.0, 0.0, 1.0, 1.0]]), "below 5"),
        (lambda: CONDITION.tokens([[1.0, 0.0, 0.0, 1.0, np.inf]]), "finite"),
        (lambda: CONDITION.tokens([[1.0, 0.0, 0.0]]), r"float \[batch, 3 \+ 2\]"),
        (lambda: CONDITION.tokens([[1, 0, 0, 1, 1]]), "int32"),
        (lambda: CONDITION.tokens([["red"]]), "texts"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: |Received: .*{message}"):
        call()
