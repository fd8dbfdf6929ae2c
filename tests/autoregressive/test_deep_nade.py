"""DeepNADE's training loss and completion; what it shares is in test_order_ensemble.py."""

import itertools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from truths import hessian_vector_product

from tfgen.autoregressive.deep_nade import DeepNADE


def deep_nade(event_shape=(3,), hidden=(5, 6, 7), **arguments):
    model = DeepNADE.default(event_shape, hidden=hidden, **arguments)
    generator = np.random.default_rng(0)
    model.set_weights([generator.normal(size=w.shape) for w in model.get_weights()])
    return model


def inputs(size, levels=2):
    values = np.arange(levels) / np.float32(levels - 1)
    return np.array(list(itertools.product(values, repeat=size)), "float32")


def along(model, order, x):
    """log p_order(x), a pass of the network for each dimension."""
    known, total = np.zeros_like(x), 0.0
    for d in order:
        base = model.conditionals_from(x, tf.constant(known)).distribution
        total += base.log_prob(x).numpy()[:, d]
        known[:, d] = 1
    return total


@pytest.mark.parametrize("levels", [2, 3])
def test_log_prob_of_each_order_is_a_pass_for_each_dimension(levels):
    model, x = deep_nade((4,), num_orders=3, levels=levels), inputs(4, levels)
    for k, order in enumerate(model.orders):
        found = model.conditionals(tf.constant(x), component=k).log_prob(x)
        np.testing.assert_allclose(found, along(model, order, x), rtol=1e-4, atol=1e-5)


def test_what_is_not_known_is_not_looked_at():
    model = deep_nade((4,))
    known = tf.constant([[1.0, 0.0, 1.0, 0.0]])
    one, other = (
        model.conditionals_from(tf.constant(x), known).distribution.logits
        for x in ([[1.0, 0.0, 0.0, 0.0]], [[1.0, 1.0, 0.0, 1.0]])
    )
    np.testing.assert_array_equal(one, other)
    # A known 0 is not an unknown dimension.
    alone = tf.constant([[1.0, 0.0, 0.0, 0.0]])
    fewer = model.conditionals_from(alone, alone)
    assert np.abs(one - fewer.distribution.logits).min() > 1e-4


@pytest.mark.parametrize("levels", [2, 3])
def test_the_training_loss_is_an_unbiased_estimate_of_the_mean_over_all_orders(levels):
    model, x = deep_nade(levels=levels), inputs(3, levels)
    orders = list(itertools.permutations(range(3)))
    expected = -np.mean([along(model, order, x) for order in orders], axis=0)
    losses = []
    for order, d in itertools.product(orders, range(1, 4)):
        known = np.zeros_like(x)
        known[:, list(order[: d - 1])] = 1
        losses.append(model.order_agnostic_loss(tf.constant(x), tf.constant(known)))
    np.testing.assert_allclose(np.mean(losses, axis=0), expected, rtol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_training_and_evaluation_draw_orders_and_numbers_uniformly(training, monkeypatch):
    model, x = deep_nade(), tf.zeros((6000, 3))
    seen = []
    loss = model.order_agnostic_loss
    spy = lambda x, known, training: seen.append(known) or loss(x, known, training)
    monkeypatch.setattr(model, "order_agnostic_loss", spy)
    found = model.negative_log_likelihood((x,), tf.constant((0, 3)), training)["negative_log_prob"]
    np.testing.assert_allclose(found, np.mean(loss(x, seen[0])), rtol=1e-5)
    counts = np.bincount((seen[0].numpy() @ [4, 2, 1]).astype(int), minlength=8)
    # d - 1 of 3 dimensions are known, d uniform, and each set of that size is as likely.
    expected = [1 / 3 / math.comb(3, i.bit_count()) if i < 7 else 0 for i in range(8)]
    assert counts[7] == 0
    assert stats.chisquare(counts[:7], 6000 * np.array(expected[:7])).pvalue > 1e-3


def test_derivatives_of_log_prob_are_those_of_a_pass_for_each_dimension():
    model, x = deep_nade(num_orders=2), tf.constant(inputs(3))

    def passes():
        known, total = tf.zeros_like(x), 0.0
        for d in model.orders[1]:
            total += model.conditionals_from(x, known).distribution.log_prob(x)[:, d]
            known += tf.one_hot(d, 3)
        return tf.reduce_mean(total)

    gradients, weights = [], model.trainable_variables
    vectors = [tf.random.stateless_normal(w.shape, (0, i)) for i, w in enumerate(weights)]
    for function in (
        lambda: tf.reduce_mean(model.conditionals(x, component=1).log_prob(x)),
        passes,
    ):
        with tf.GradientTape() as tape:
            value = function()
        second = hessian_vector_product(function, weights, vectors)
        gradients.append([*tape.gradient(value, weights), *second])
    for found, expected in zip(*gradients, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("mask", [[0, 1, 0, 1], [0, 0, 0, 1], [1, 1, 1, 1]])
def test_completion_takes_any_mask_and_follows_the_order_that_begins_with_it(mask):
    model, mask = deep_nade((4,), num_orders=2), np.array(mask)
    x = np.tile(np.where(mask, np.float32([1, 0, 1, 0]), np.nan), (4000, 1)).astype("float32")
    completed = model.complete(x, mask, seed=0).numpy()
    np.testing.assert_array_equal(completed[:, mask == 1], x[:, mask == 1])
    order = sorted(model.orders[0], key=lambda d: 1 - mask[d])
    every = inputs(4)
    fits = (every == x[0])[:, mask == 1].all(axis=1)
    joint = np.exp(along(model, order, every[fits]).astype("float64"))
    counts = np.bincount((completed @ [8, 4, 2, 1]).astype(int), minlength=16)
    assert counts[~fits].sum() == 0
    if fits.sum() > 1:
        assert stats.chisquare(counts[fits], 4000 * joint / joint.sum()).pvalue > 1e-3


def test_each_example_may_have_a_mask_of_its_own():
    model = deep_nade((4,))
    x = inputs(4)
    masks = inputs(4)[::-1]
    together = model.complete(x, masks, seed=2).numpy()
    np.testing.assert_array_equal(together[masks == 1], x[masks == 1])
    uniforms = model._uniforms(16, (0, 2))
    for i in range(16):
        row = slice(i, i + 1)
        alone = model._draw_rest(uniforms[row], x[row], masks[row], None)
        np.testing.assert_array_equal(alone, together[row])


def test_a_network_with_layers_of_its_own_kind_will_do():
    inputs = keras.Input((8,))
    h = keras.layers.Dropout(0.5)(keras.layers.Dense(6, "tanh")(inputs))
    network = keras.Model(inputs, keras.layers.LayerNormalization()(h))
    model = DeepNADE(event_shape=(2, 2, 1), network=network)
    x = np.float32(list(itertools.product([0, 1], repeat=4))).reshape(-1, 2, 2, 1)
    np.testing.assert_allclose(np.exp(model.log_prob(x)).sum(), 1, rtol=1e-5)
    model.compile()
    model.fit(x, batch_size=8, verbose=0)
    assert np.isfinite(model.log_prob(x)).all()


def test_a_network_that_does_not_fit_is_refused():
    inputs = keras.Input((2, 2))
    network = keras.Model(inputs, keras.layers.Flatten()(inputs))
    with pytest.raises(ValueError, match="expected the network.*Received"):
        DeepNADE(event_shape=(4,), network=network)


def test_the_number_of_parameters():
    count = DeepNADE.default((28, 28, 1)).count_params()
    assert count == 2 * 784 * 500 + 500 + 500 * 500 + 500 + 500 * 784 + 784
