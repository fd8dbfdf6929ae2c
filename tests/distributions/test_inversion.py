import numpy as np
import pytest
import tensorflow as tf

from tfgen.distributions import Bernoulli, Categorical, invert_levels, level_values


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


def test_the_ends_of_the_unit_interval_give_levels():
    logits = tf.constant([[80.0, -80.0, -80.0], [-80.0, -80.0, 80.0]])
    highest = np.nextafter(np.float32(1), np.float32(0))
    np.testing.assert_array_equal(invert_levels(logits, tf.fill((2,), highest), 3), [0, 1])
    np.testing.assert_array_equal(invert_levels(logits, tf.zeros(2), 3), [0, 1])
