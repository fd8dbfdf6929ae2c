"""Self-attention against its equation, one token and one head at a time."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import SelfAttention

SHAPE = (2, 3, 2, 4)


def scrambled(num_heads, **arguments):
    layer = SelfAttention(num_heads, **arguments)
    layer.build((None, *SHAPE[1:]))
    rng = np.random.default_rng(0)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def example():
    return tf.random.stateless_normal(SHAPE, (0, 1))


def by_hand(layer, x):
    """Every token's output, from the definition."""
    positions, kernel, bias, output_kernel, output_bias = layer.get_weights()
    channels = x.shape[-1]
    size = channels // layer.num_heads
    outputs = []
    for image in x.numpy().reshape(len(x), -1, channels):
        query, key, value = np.split((image + positions) @ kernel + bias, 3, axis=1)
        heads = []
        for head in range(layer.num_heads):
            own = slice(head * size, (head + 1) * size)
            weights = np.exp(query[:, own] @ key[:, own].T / np.sqrt(size))
            heads.append(weights / weights.sum(axis=1, keepdims=True) @ value[:, own])
        outputs.append(np.concatenate(heads, axis=1) @ output_kernel + output_bias)
    return np.reshape(outputs, x.shape)


@pytest.mark.parametrize("num_heads", [1, 2])
def test_it_is_its_equation(num_heads):
    layer = scrambled(num_heads)
    np.testing.assert_allclose(layer(example()), by_hand(layer, example()), rtol=1e-4, atol=1e-5)


def test_at_the_start_nothing_comes_out_and_the_weights_learn():
    layer = SelfAttention()
    with tf.GradientTape() as tape:
        y = layer(example())
        total = tf.reduce_sum(y * tf.random.stateless_normal(SHAPE, (0, 2)))
    np.testing.assert_array_equal(y, tf.zeros(SHAPE))
    assert np.all(tape.gradient(total, layer.output_kernel) != 0)


def test_equal_tokens_are_told_apart_by_their_places():
    layer = scrambled(1)
    same = layer(tf.ones(SHAPE)).numpy().reshape(2, 6, 4)
    assert np.all(np.std(same, axis=1) > 1e-3)
    positions, *rest = layer.get_weights()
    layer.set_weights([np.zeros_like(positions), *rest])
    blind = layer(tf.ones(SHAPE)).numpy().reshape(2, 6, 4)
    np.testing.assert_allclose(blind, blind[:, :1].repeat(6, axis=1), rtol=1e-5)


def test_layer_is_rebuilt_from_its_configuration():
    copy = keras.layers.deserialize(keras.layers.serialize(SelfAttention(2, name="attend")))
    assert (copy.num_heads, copy.name) == (2, "attend")


@pytest.mark.parametrize("num_heads", [0, 3])
def test_impossible_heads_are_refused(num_heads):
    with pytest.raises(ValueError, match="Received: "):
        SelfAttention(num_heads)(example())
