"""The sinusoidal embedding against its formula."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import TimeEmbedding


def test_embedding_is_the_formula():
    t = np.array([0, 1, 500, 1000])
    angles = t[:, None] * 10000.0 ** (-np.arange(3) / 3)
    expected = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    np.testing.assert_allclose(TimeEmbedding(6, scale=1.0)(tf.constant(t)), expected, atol=1e-4)


def test_max_period_sets_the_slowest_wave():
    slow = TimeEmbedding(4, max_period=100.0, scale=1.0)(tf.constant([3]))
    np.testing.assert_allclose(slow[0], np.r_[np.sin([3, 0.3]), np.cos([3, 0.3])], rtol=1e-5)


def test_a_unit_of_time_is_a_thousand_positions():
    fractions = TimeEmbedding(8)(tf.constant([0.0, 0.02, 0.5, 1.0]))
    positions = TimeEmbedding(8, scale=1.0)(tf.constant([0, 20, 500, 1000]))
    np.testing.assert_allclose(fractions, positions, atol=1e-4)


def test_shifts_in_time_are_rotations():
    """e(t + k) is a linear function of e(t), the same for every t (Vaswani et al. 2017, 3.5)."""
    embed = TimeEmbedding(2, scale=1.0)
    e = lambda *t: embed(tf.constant(t)).numpy()
    rotation = np.array([[np.cos(5), -np.sin(5)], [np.sin(5), np.cos(5)]])
    np.testing.assert_allclose(e(5, 45, 905), e(0, 40, 900) @ rotation, atol=1e-4)


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64, tf.float32])
def test_neighbouring_times_stay_apart_under_bfloat16(dtype):
    embedding = TimeEmbedding(32, scale=1.0, dtype="mixed_bfloat16")(tf.constant([998, 999], dtype))
    assert embedding.dtype == tf.bfloat16
    exact = TimeEmbedding(32, scale=1.0)(tf.constant([998, 999], dtype))
    np.testing.assert_allclose(tf.cast(embedding, tf.float32), exact, atol=0.01)


def test_layer_is_rebuilt_from_its_configuration():
    layer = TimeEmbedding(8, max_period=50.0, scale=7.0, name="time")
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    assert (copy.dim, copy.max_period, copy.scale, copy.name) == (8, 50.0, 7.0, "time")


@pytest.mark.parametrize("dim", [0, 3, -2, 4.0])
def test_impossible_sizes_are_refused(dim):
    with pytest.raises(ValueError, match="Received: "):
        TimeEmbedding(dim)
