import numpy as np
import pytest
import tensorflow as tf

from tfgen.distributions import Bernoulli, Categorical, NormalMixture, invert_levels, level_values


@pytest.mark.parametrize("levels", [2, 3, 17])
def test_a_grid_of_uniform_numbers_gives_the_head_s_probabilities(levels):
    """Evenly spaced numbers hit each level as often as the head says, to one grid step."""
    logits = np.random.default_rng(0).normal(size=1 if levels == 2 else levels).astype("float32")
    head = Bernoulli() if levels == 2 else Categorical(levels)
    count = 10_000
    uniforms = (tf.range(count, dtype=tf.float32) + 0.5) / count
    drawn = invert_levels(tf.broadcast_to(logits, (count, len(logits))), uniforms, levels).numpy()
    values = level_values(levels)
    probs = head.marginals(tf.constant(logits)).prob(values).numpy()
    np.testing.assert_allclose([(drawn == v).mean() for v in values], probs, atol=2 / count)
    assert (np.diff(drawn) >= 0).all()


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_level_of_probability_zero_is_never_drawn(jit_compile):
    """The sums of most of these distributions end below the highest number, or waver."""
    logits = 3 * np.random.default_rng(0).normal(size=(3000, 40)).astype("float32")
    logits[:, ::2] = -np.inf
    logits[:, 30:] = -1000
    highest = np.nextafter(np.float32(1), np.float32(0))
    invert = tf.function(invert_levels, jit_compile=jit_compile)
    uniforms = np.random.default_rng(1).random(3000, "float32")
    sums = np.cumsum(tf.nn.softmax(logits), axis=1)
    for numbers in (np.full(3000, highest), np.zeros(3000, "float32"), uniforms, sums[:, 15]):
        numbers = np.minimum(numbers, highest)
        level = np.rint(39 * invert(tf.constant(logits), tf.constant(numbers), 40)).astype(int)
        assert (level % 2 == 1).all() and (level < 30).all()
    for numbers in (0.0, highest):
        binary = invert(tf.constant([[-np.inf], [np.inf]], tf.float32), tf.fill((2,), numbers), 2)
        np.testing.assert_array_equal(binary, [0, 1])


def test_what_is_no_distribution_has_no_draws():
    for levels, logits in ((2, [np.nan]), (3, [0.0, np.nan, 0.0]), (3, [-np.inf] * 3)):
        assert np.isnan(invert_levels(tf.constant(logits), tf.constant(0.5), levels))
    assert np.isnan(
        NormalMixture(1).invert(tf.constant([np.nan, 0.0, 0.0]), tf.constant([0.5] * 2))
    )


def test_the_ends_of_the_unit_interval_give_levels():
    logits = tf.constant([[80.0, -80.0, -80.0], [-80.0, -80.0, 80.0]])
    highest = np.nextafter(np.float32(1), np.float32(0))
    np.testing.assert_array_equal(invert_levels(logits, tf.fill((2,), highest), 3), [0, 1])
    np.testing.assert_array_equal(invert_levels(logits, tf.zeros(2), 3), [0, 1])
