"""MinibatchDeviation by hand: of the whole batch in training, a running value otherwise."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import MinibatchDeviation

X = np.random.default_rng(0).normal(size=(5, 2, 3, 4)).astype("float32")


def test_in_training_the_feature_is_the_mean_deviation_of_the_batch():
    outputs = MinibatchDeviation()(X, training=True)
    np.testing.assert_array_equal(outputs[..., :4], X)
    np.testing.assert_allclose(outputs[..., 4], np.full((5, 2, 3), X.std(axis=0).mean()), rtol=1e-5)
    alike = MinibatchDeviation()(X[:1].repeat(3, axis=0), training=True)
    np.testing.assert_allclose(alike[..., 4], np.full((3, 2, 3), 1e-4), rtol=1e-3)


def test_otherwise_it_is_the_running_value_whatever_the_batch(tmp_path):
    layer = MinibatchDeviation(momentum=0.9)
    model = keras.Sequential([keras.Input(X.shape[1:]), layer])
    expected = 1.0
    for scale in (2.0, 3.0):
        model(scale * X, training=True)
        expected = 0.9 * expected + 0.1 * scale * X.std(axis=0).mean()
    np.testing.assert_allclose(layer.average, expected, rtol=1e-5)
    together = model(X)
    np.testing.assert_allclose(together[..., 4], np.full((5, 2, 3), expected), rtol=1e-5)
    np.testing.assert_array_equal(np.concatenate([model(each[None]) for each in X]), together)
    np.testing.assert_allclose(layer.average, expected, rtol=1e-5)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(X), together)


def test_examples_that_are_alike_are_told_to_differ():
    """The slope of the feature in an example points away from the others."""
    x = tf.constant([[[[0.0]]], [[[1.0]]]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        feature = MinibatchDeviation()(x, training=True)[0, 0, 0, 1]
    np.testing.assert_allclose(tf.reshape(tape.gradient(feature, x), [-1]), [-0.5, 0.5], rtol=1e-5)


def test_half_precision_computes_the_deviation_in_float32():
    # In float16 the squares of such deviations are infinite.
    layer = MinibatchDeviation(dtype="mixed_float16")
    outputs = layer(np.float32([[[[0.0]]], [[[1000.0]]]]), training=True)
    assert outputs.dtype == tf.float16
    np.testing.assert_allclose(outputs[0, 0, 0, 1], 500.0)


def test_a_momentum_out_of_range_is_refused():
    with pytest.raises(ValueError, match="momentum.*Received: 1"):
        MinibatchDeviation(momentum=1.0)
