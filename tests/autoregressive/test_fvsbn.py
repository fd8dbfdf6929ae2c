"""FVSBN against its formula; see test_order_ensemble.py for what it owes with other models."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.autoregressive.fvsbn import FVSBN
from tfgen.autoregressive.level_features import to_features


def fvsbn(event_shape, levels=2):
    model = FVSBN.default(event_shape, levels=levels)
    generator = np.random.default_rng(0)
    model.set_weights([generator.normal(size=w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("levels", [2, 3])
def test_log_prob_is_a_regression_of_each_dimension_on_those_before_it(levels):
    model = fvsbn((4,), levels)
    values = np.arange(levels) / np.float32(levels - 1)
    x = np.array(list(itertools.product(values, repeat=4)), "float32")
    width = 1 if levels == 2 else levels
    W = np.reshape(model.kernel, (4, width, 4, width))
    b = np.reshape(model.bias, (4, width))
    features = np.array(to_features(x, levels))
    expected = 0.0
    for d in range(4):
        logits = np.tile(b[d], (len(x), 1)) + sum(features[:, j] @ W[j, :, d] for j in range(d))
        if levels == 2:
            expected -= np.logaddexp(0, np.where(x[:, d] == 1, -1, 1) * logits[:, 0])
        else:
            log_softmax = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
            expected += (features[:, d] * log_softmax).sum(axis=1)
    np.testing.assert_allclose(model.log_prob(x), expected, rtol=1e-4, atol=1e-5)


def test_weights_that_are_masked_get_no_gradient():
    model = fvsbn((3,))
    x = tf.constant(list(itertools.product([0.0, 1.0], repeat=3)))
    with tf.GradientTape() as tape:
        loss = model.negative_log_likelihood((x,), (0, 1), True)["negative_log_prob"]
    gradient = tape.gradient(loss, model.kernel.value).numpy()
    np.testing.assert_array_equal(np.tril(gradient), 0)
    assert (np.abs(gradient[np.triu_indices(3, 1)]) > 1e-5).all()


def test_training_reaches_the_entropy_of_data_of_its_own_family():
    """A chain that stays with probability 0.9 is a logistic regression, and the loss is convex."""
    generator = np.random.default_rng(0)
    x = (generator.random((4000, 1)) < 0.5).astype("float32")
    for _ in range(3):
        stay = generator.random((4000, 1)) < 0.9
        x = np.append(x, np.where(stay, x[:, -1:], 1 - x[:, -1:]), axis=1)
    model = FVSBN.default((4,))
    model.compile(keras.optimizers.Adam(0.1), steps_per_execution=10)
    model.fit(x, batch_size=400, epochs=20, verbose=0)
    counts = np.unique(x, axis=0, return_counts=True)[1] / len(x)
    empirical = -(counts * np.log(counts)).sum()
    assert empirical - 1e-5 < -model.log_prob(x).numpy().mean() < empirical + 0.02


def test_a_regularizer_is_minimised_but_not_reported():
    x = np.repeat(np.float32([[0, 0, 0], [1, 1, 1]]), 8, axis=0)
    free = FVSBN(event_shape=(3,))
    bound = FVSBN(event_shape=(3,), kernel_regularizer=keras.regularizers.L1(10.0))
    reports = []
    for model in (free, bound):
        model.compile(keras.optimizers.SGD(0.01))
        reports.append(model.fit(x, batch_size=16, verbose=0).history["negative_log_prob"][0])
        model.fit(x, batch_size=16, epochs=20, verbose=0)
    np.testing.assert_allclose(reports, 3 * np.log(2), rtol=1e-5)
    assert np.abs(free.kernel).max() > 0.05
    assert np.abs(bound.kernel).max() <= 0.1 + 1e-6 < 10 * np.abs(free.kernel).max()
    twin = FVSBN.from_config(bound.get_config())
    assert twin.kernel_regularizer.l1 == 10.0


def test_the_number_of_parameters():
    assert FVSBN.default((28, 28, 1)).count_params() == 784**2 + 784
