import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.data import binarize, quantize
from tfgen.data.discretize import _mix, _uint64, _uniform


@given(st.integers(2, 300), st.floats(0, 1, width=32))
@settings(max_examples=50, deadline=None)
def test_quantize_gives_the_nearest_level(levels, value):
    values = np.arange(levels, dtype=np.float32) / np.float32(levels - 1)
    found = float(quantize([value], levels)[0])
    assert found in values
    assert abs(found - value) <= np.abs(values - value).min() + 1e-7


def test_quantize_keeps_each_level():
    for levels in (2, 17, 256):
        values = np.arange(levels, dtype=np.float32) / np.float32(levels - 1)
        np.testing.assert_array_equal(quantize(values, levels), values)


def test_quantize_to_two_levels_is_the_threshold():
    x = np.nextafter(np.float32(0.5), np.float32([0, 0.5, 1]))
    np.testing.assert_array_equal(quantize(x, 2), [0, 1, 1])
    np.testing.assert_array_equal(binarize(x, "threshold"), [0, 1, 1])


@pytest.mark.parametrize("levels", [1, 2.5, True, "4"])
def test_quantize_refuses_other_levels(levels):
    with pytest.raises(ValueError, match="levels: expected an integer .* Received: "):
        quantize([0.0], levels)


def test_mix_gives_the_published_splitmix64_sequence():
    steps = _uint64(1234567) + _uint64(tf.range(1, 6)) * _uint64(0x9E3779B97F4A7C15)
    assert _mix(steps).numpy().tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_uniform_draws_are_uniform_and_uncorrelated():
    n = 500
    u = _uniform(3, 5, np.arange(n), n).numpy().astype(np.float64)
    assert 0 <= u.min() and u.max() < 1
    counts = np.histogram(u, 100, (0, 1))[0]
    chi2 = np.sum((counts - n * n / 100) ** 2) / (n * n / 100)
    assert chi2 < 99 + 5 * np.sqrt(2 * 99)
    others = [
        _uniform(4, 5, np.arange(n), n).numpy(),  # the next seed
        _uniform(3, 6, np.arange(n), n).numpy(),  # the next epoch
        np.roll(u, 1, axis=0),  # the next index
        np.roll(u, 1, axis=1),  # the next pixel
    ]
    for other in others:
        assert abs(np.corrcoef(u.ravel(), other.ravel())[0, 1]) < 5 / n


def test_stochastic_draws_are_keyed_by_the_index_alone():
    x = np.random.default_rng(0).random((7, 3, 4, 1), np.float32)
    every = binarize(x, "stochastic", seed=1, epoch=2).numpy()
    order = np.array([5, 0, 3])
    some = binarize(x[order], "stochastic", seed=1, epoch=2, indices=order)
    np.testing.assert_array_equal(some, every[order])
    assert set(np.unique(every)) == {0.0, 1.0}


def test_stochastic_draws_are_the_same_in_graphs_and_under_xla():
    x = np.random.default_rng(0).random((6, 5, 5, 3), np.float32)
    draw = lambda epoch: binarize(x, "stochastic", seed=-7, epoch=epoch)
    eager = draw(4).numpy()
    np.testing.assert_array_equal(tf.function(draw)(tf.constant(4, tf.int64)), eager)
    compiled = tf.function(draw, jit_compile=True)
    np.testing.assert_array_equal(compiled(tf.constant(4, tf.int64)), eager)


def test_stochastic_draws_average_to_the_grey_value():
    x = np.linspace(0, 1, 256, dtype=np.float32).reshape(4, 8, 8, 1)
    epochs = 400
    draw = tf.function(lambda epoch: binarize(x, "stochastic", epoch=epoch))
    mean = np.mean([draw(tf.constant(epoch)).numpy() for epoch in range(epochs)], axis=0)
    error = np.abs(mean - x)
    assert (error <= 5 * np.sqrt(x * (1 - x) / epochs) + 1e-6).all()
    assert abs(np.mean(mean - x)) <= 5 * np.sqrt(np.mean(x * (1 - x)) / (epochs * x.size))


@pytest.mark.parametrize("how", [None, "threshold", "stochastic"])
def test_binary_images_pass_unchanged(how):
    x = np.random.default_rng(0).integers(0, 2, (5, 4, 4, 1)).astype(np.float32)
    np.testing.assert_array_equal(binarize(x, how), x)


def test_an_empty_batch_passes():
    assert binarize(np.zeros((0, 4, 4, 1), np.float32), "stochastic").shape == (0, 4, 4, 1)


def test_binarize_refuses_other_names():
    with pytest.raises(ValueError, match="binarize: expected one of .* Received: 'round'"):
        binarize(np.zeros((1, 2), np.float32), "round")
