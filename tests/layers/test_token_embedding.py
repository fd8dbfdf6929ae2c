"""Vectors of words: rows of a table, but 0 for the padding."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import TokenEmbedding

TOKENS = tf.constant([[1, 3, 0], [0, 0, 3]])


def test_a_token_has_its_row_and_padding_has_none():
    layer = TokenEmbedding(4, 5)
    vectors = layer(TOKENS).numpy()
    table = layer.embeddings.numpy()
    np.testing.assert_array_equal(vectors[0, :2], table[[1, 3]])
    np.testing.assert_array_equal(vectors[1, 2], table[3])
    np.testing.assert_array_equal(vectors[[0, 1, 1], [2, 0, 1]], np.zeros((3, 5)))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients_reach_the_rows_of_the_tokens_alone(jit_compile):
    layer = TokenEmbedding(4, 2)
    layer.build((None, 3))

    @tf.function(jit_compile=jit_compile)
    def gradient():
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(layer(TOKENS) * [1.0, 2.0])
        return tf.convert_to_tensor(tape.gradient(value, layer.embeddings.value))

    np.testing.assert_array_equal(gradient(), [[0, 0], [1, 2], [0, 0], [2, 4]])


def test_half_precision_computes_in_it():
    assert TokenEmbedding(4, 2, dtype="mixed_bfloat16")(TOKENS).dtype == tf.bfloat16


def test_vectors_start_at_variance_1():
    table = TokenEmbedding(100, 100)
    table.build((None, 3))
    assert abs(np.std(table.embeddings) - 1) < 4 / (2 * 10_000) ** 0.5


def test_layer_is_rebuilt_from_its_configuration():
    layer = TokenEmbedding(4, 2, name="words")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert (copy.num_tokens, copy.dim, copy.name) == (4, 2, "words")
    assert copy.compute_output_shape((None, 3)) == (None, 3, 2)


@pytest.mark.parametrize("sizes", [(0, 2), (2, 0), (2.5, 1)])
def test_impossible_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="Received: "):
        TokenEmbedding(*sizes)
