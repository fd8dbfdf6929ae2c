"""Transformers against NumPy, and what a text encoder reads."""

import keras
import numpy as np
import pytest
from scipy.special import erf

from tfgen.conditions import Captions, Classes
from tfgen.networks import text_transformer, transformer_blocks

CAPTIONS = Captions(["a", "blue", "red", "seven"], length=5)


def normalized(h):
    mean, variance = h.mean(axis=-1, keepdims=True), h.var(axis=-1, keepdims=True)
    return (h - mean) / np.sqrt(variance + 1e-3)


def block(h, mask, attention, first, second):
    """One block with the weights of Keras's layers, heads in a loop."""
    tokens = normalized(h)
    query, key, value, out = (
        [weight.numpy() for weight in layer.weights]
        for layer in (
            attention.query_dense,
            attention.key_dense,
            attention.value_dense,
            attention.output_dense,
        )
    )
    mixed = out[1].copy()
    for head in range(query[0].shape[1]):
        q, k, v = (tokens @ w[0][:, head] + w[1][head] for w in (query, key, value))
        logits = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
        weights = np.exp(np.where(mask, logits, -np.inf))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed = mixed + weights @ v @ out[0][head]
    h = h + mixed
    (w1, b1), (w2, b2) = ([weight.numpy() for weight in layer.weights] for layer in (first, second))
    hidden = normalized(h) @ w1 + b1
    return h + (hidden * (1 + erf(hidden / np.sqrt(2))) / 2) @ w2 + b2


def test_the_blocks_are_those_of_the_equation():
    keras.utils.set_random_seed(0)
    inputs, mask = keras.Input((3, 4)), keras.Input((1, 3), dtype="bool")
    network = keras.Model([inputs, mask], transformer_blocks(inputs, 2, 2, mask))
    for weight in network.trainable_weights:
        if weight.name == "bias":
            weight.assign(np.random.default_rng(len(weight.path)).normal(size=weight.shape))
    random = np.random.default_rng(0)
    x = random.normal(size=(2, 3, 4)).astype("float32")
    there = np.array([[[True, True, True]], [[True, False, True]]])
    of = lambda kind: [each for each in network.layers if isinstance(each, kind)]
    dense = of(keras.layers.Dense)
    h = x.astype("float64")
    for index, attention in enumerate(of(keras.layers.MultiHeadAttention)):
        h = block(h, there, attention, *dense[2 * index : 2 * index + 2])
    np.testing.assert_allclose(network([x, there]), normalized(h), atol=2e-5)


def test_a_text_is_its_words_in_order_and_nothing_behind_them():
    keras.utils.set_random_seed(0)
    encoder = text_transformer(CAPTIONS, 3, width=8, num_layers=2, num_heads=2)
    texts = ["a red seven", "a seven red", "a blue seven", ""]
    before = encoder(CAPTIONS.tokens(texts)).numpy()
    distances = np.abs(before[:, None] - before).max(axis=-1)
    assert np.all(distances[~np.eye(4, dtype=bool)] > 1e-4)
    # The places behind the third word are not read where there is none, but for the end's.
    places = encoder.get_layer("words").places
    moved = places.numpy()
    moved[3:5] += 7
    places.assign(moved)
    after = encoder(CAPTIONS.tokens([*texts, "a a a red seven"])).numpy()
    np.testing.assert_array_equal(after[:4], before)
    moved[5] += 7 * np.arange(8)
    places.assign(moved)
    assert np.abs(encoder(CAPTIONS.tokens(texts)).numpy() - before).max() > 1e-3


@pytest.mark.parametrize(
    ("condition", "sizes"),
    [
        (Classes(3), {}),
        (CAPTIONS, {"num_outputs": 0}),
        (CAPTIONS, {"width": 10}),
        (CAPTIONS, {"num_heads": 0}),
        (CAPTIONS, {"num_layers": -1}),
    ],
)
def test_what_does_not_fit_is_refused(condition, sizes):
    with pytest.raises(ValueError, match="Received: "):
        text_transformer(condition, **{"num_outputs": 3} | sizes)
