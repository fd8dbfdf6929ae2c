"""Blocks of few sizes, by whatever way their number becomes known."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from truths import randomize

import tfgen
from tfgen.autoregressive.fixed_blocks import block_size, in_fixed_blocks


@given(st.integers(1, 10_000), st.integers(1, 600))
def test_blocks_have_few_sizes_and_at_most_double_the_work(length, most):
    size = block_size(length, most)
    assert size == most or (size < most and size in (1, 4, 16, 64, 256))
    assert -(-length // size) * size <= 2 * length
    assert block_size(tf.constant(length), most).numpy() == size


def test_the_largest_such_size_is_taken():
    lengths = (1, 2, 3, 5, 6, 8, 16, 17, 32, 33, 64, 100, 128, 1000)
    sizes = (1, 4, 4, 4, 4, 16, 16, 16, 64, 64, 64, 64, 256, 256)
    assert tuple(block_size(length, 256) for length in lengths) == sizes
    assert block_size(1000, 500) == 500
    assert block_size(1200, 500) == 500


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(1, 8))
def test_joined_blocks_are_the_whole(length, most):
    x = tf.reshape(tf.range(length * 3, dtype=tf.float32), (length, 3))
    seen = []

    def function(values, nothing, keys):
        seen.append(values.shape[0])
        assert nothing is None
        return values * 2 + tf.cast(keys, tf.float32)[:, tf.newaxis]

    keys = tf.range(length)
    joined = in_fixed_blocks(function, most, x, None, keys)
    np.testing.assert_array_equal(joined, 2 * x + np.arange(length)[:, np.newaxis])
    assert set(seen) == {block_size(length, most)}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_lengths_that_a_graph_does_not_know(jit_compile):
    @tf.function(
        input_signature=[tf.TensorSpec((None, 2), tf.float32)],
        jit_compile=jit_compile,
        autograph=False,
    )
    def doubled(x):
        return in_fixed_blocks(lambda values: values * 2, 4, x)

    for length in (1, 3, 4, 11):
        x = tf.random.stateless_normal((length, 2), (0, length))
        np.testing.assert_array_equal(doubled(x), 2 * x)


def test_forty_numbers_of_samples_compile_the_sampler_four_times():
    model = tfgen.NADE.default((3,), num_hidden=2)
    randomize(model)
    all_samples = model.sample(40, seed=1).numpy()
    traced = []
    conditionals = type(model).draw.__wrapped__

    class Counted(tfgen.NADE):
        @tfgen.autoregressive.compiled_draw.compiled_draw
        def draw(self, uniforms, x, mask, given=None):
            traced.append(uniforms.shape[0])
            return conditionals(self, uniforms, x, mask, given)

    counted = Counted.default((3,), num_hidden=2)
    counted.set_weights(model.get_weights())
    for count in range(1, 41):
        samples = counted.sample(count, seed=1)
        assert samples.shape == (count, 3)
    np.testing.assert_array_equal(samples, all_samples)
    assert sorted(traced) == [1, 4, 16, 64]


def test_samples_do_not_depend_on_the_batch_size():
    model = tfgen.MADE.default((4,), hidden=(5,), num_masks=2)
    randomize(model)
    expected = model.sample(20, seed=3)
    for batch_size in (1, 7, 20, 500):
        np.testing.assert_array_equal(model.sample(20, seed=3, batch_size=batch_size), expected)
    with pytest.raises(ValueError, match=r"batch_size to be at least 1.*Received: 0"):
        model.sample(2, batch_size=0)
