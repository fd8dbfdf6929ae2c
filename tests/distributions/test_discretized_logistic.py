import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit, log_expit

from tfgen.distributions import DiscretizedLogistic, level_values

tfd = tfp.distributions

locs = st.floats(-1e4, 1e4, width=32)
scales = st.floats(-12, 9).map(lambda power: float(np.float32(np.exp(power))))
numbers_of_levels = st.sampled_from([2, 3, 17, 256])


def reference_log_prob(x, loc, scale, levels):
    """log of a difference of logistic functions in float64, reflected into the lower tail."""
    half = 0.5 / (levels - 1)
    upper = np.where(x >= 1 - half, np.inf, (x + half - loc) / scale)
    lower = np.where(x <= half, -np.inf, (x - half - loc) / scale)
    reflect = lower + upper > 0
    lower, upper = np.where(reflect, -upper, lower), np.where(reflect, -lower, upper)
    return log_expit(upper) + np.log(-np.expm1(log_expit(lower) - log_expit(upper)))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(locs, scales, numbers_of_levels)
def test_probabilities_sum_to_one(loc, scale, levels):
    """Over all levels, with both tails, for any location and scale."""
    log_prob = DiscretizedLogistic(loc, scale, levels).log_prob(level_values(levels))
    assert np.all(np.isfinite(log_prob))
    np.testing.assert_allclose(np.sum(np.exp(log_prob)), 1, atol=2e-5)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.floats(-3, 4, width=32), scales, numbers_of_levels)
def test_log_prob_is_the_log_of_a_difference_of_logistic_functions(loc, scale, levels):
    """float32 against float64, far in the tails and at both edges."""
    x = level_values(levels, np.float64)
    got = DiscretizedLogistic(np.float32(loc), np.float32(scale), levels).log_prob(
        x.astype(np.float32)
    )
    np.testing.assert_allclose(got, reference_log_prob(x, loc, scale, levels), rtol=2e-5, atol=2e-5)


def test_log_prob_agrees_with_quantized_distribution():
    """TFP's QuantizedDistribution over the numbers 0 ... levels - 1, where that is accurate."""
    levels, loc, scale = 17, np.array([[-0.1], [0.4], [1.02]]), np.array([[0.3], [0.05], [0.1]])
    top = levels - 1
    shifted = tfd.TransformedDistribution(
        tfd.Logistic(loc * top, scale * top), tfp.bijectors.Shift(np.float64(-0.5))
    )
    quantized = tfd.QuantizedDistribution(shifted, low=0.0, high=float(top))
    k = np.arange(levels, dtype=np.float64)
    got = DiscretizedLogistic(loc, scale, levels).log_prob(k / top)
    np.testing.assert_allclose(got, quantized.log_prob(k), rtol=1e-7)


def test_edge_levels_take_the_whole_tails():
    """P(0) = sigma((h - loc) / s) and P(1) = 1 - sigma((1 - h - loc) / s)."""
    distribution = DiscretizedLogistic(0.3, 0.2, 5)
    np.testing.assert_allclose(distribution.prob(0.0), expit((0.125 - 0.3) / 0.2), rtol=1e-6)
    np.testing.assert_allclose(distribution.prob(1.0), expit((0.3 - 0.875) / 0.2), rtol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_gradients_are_those_of_the_closed_form_even_in_the_tails(jit_compile):
    """d/dloc log P = (sigma(a) + sigma(b) - 1) / s inside: -1/s or 1/s far away, not 0 or NaN."""
    levels, x = 256, np.float32(100 / 255)
    loc = tf.constant([-1e4, -3.0, 0.3, 0.39, 0.4, 2.0, 1e4])
    scale = tf.constant([1e-3, 1e-4, 0.01, 5.0, 2e-4, 1e-3, 0.1])

    @tf.function(jit_compile=jit_compile)
    def gradients(loc, scale):
        with tf.GradientTape() as tape:
            tape.watch([loc, scale])
            log_prob = DiscretizedLogistic(loc, scale, levels).log_prob(x)
        return tape.gradient(log_prob, [loc, scale])

    d_loc, d_scale = gradients(loc, scale)
    m, s, h = loc.numpy().astype(float), scale.numpy().astype(float), 0.5 / 255
    b, a = (100 / 255 + h - m) / s, (100 / 255 - h - m) / s
    np.testing.assert_allclose(d_loc, (expit(a) + expit(b) - 1) / s, rtol=1e-3, atol=1e-6)
    delta = 2 * h / s
    want = -(b * expit(-b) - a * expit(a) + delta / np.expm1(np.minimum(delta, 500))) / s
    np.testing.assert_allclose(d_scale, want, rtol=1e-3)
    assert np.all(np.isfinite(d_loc)) and np.all(d_loc.numpy() != 0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(locs, scales, numbers_of_levels)
def test_gradients_are_finite_at_every_level(loc, scale, levels):
    """For any location and scale, at the edges too."""
    loc, scale = tf.constant(loc), tf.constant(scale)
    with tf.GradientTape() as tape:
        tape.watch([loc, scale])
        log_prob = DiscretizedLogistic(loc, scale, levels).log_prob(level_values(levels))
    assert np.all(np.isfinite(tape.gradient(log_prob, [loc, scale])))


def test_gradients_equal_finite_differences():
    """Central differences of the float64 reference."""
    x, loc, scale, levels, step = level_values(9, np.float64), 0.35, 0.07, 9, 1e-6
    loc_and_scale = tf.constant([loc, scale], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(loc_and_scale)
        log_prob = DiscretizedLogistic(*tf.unstack(loc_and_scale), levels).log_prob(x)
    got = tape.jacobian(log_prob, loc_and_scale)
    for i, nudge in enumerate([(step, 0), (0, step)]):
        up = reference_log_prob(x, loc + nudge[0], scale + nudge[1], levels)
        down = reference_log_prob(x, loc - nudge[0], scale - nudge[1], levels)
        np.testing.assert_allclose(got[:, i], (up - down) / (2 * step), rtol=1e-6)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.floats(-3, 4, width=32), scales, numbers_of_levels)
def test_mean_is_the_sum_over_levels(loc, scale, levels):
    """sum_x x P(x)."""
    distribution = DiscretizedLogistic(loc, scale, levels)
    x = level_values(levels)
    np.testing.assert_allclose(
        distribution.mean(), np.sum(x * distribution.prob(x)), rtol=1e-4, atol=2e-5
    )


@pytest.mark.parametrize("jit_compile", [False, True])
def test_samples_are_levels_and_follow_log_prob(jit_compile):
    """Chi-square of 20000 draws, in a graph and under XLA."""
    levels, num_samples = 17, 20000

    @tf.function(jit_compile=jit_compile)
    def draw():
        return DiscretizedLogistic(0.1, 0.15, levels).sample(num_samples, seed=tf.constant([0, 1]))

    values, counts = np.unique(draw(), return_counts=True)
    np.testing.assert_array_equal(values, level_values(levels))
    expected = num_samples * np.exp(
        DiscretizedLogistic(0.1, 0.15, levels).log_prob(level_values(levels)).numpy().astype(float)
    )
    expected *= num_samples / expected.sum()
    assert stats.chisquare(counts, expected).pvalue > 1e-3


def test_values_off_the_levels_have_no_mass():
    """Between levels, outside [0, 1], and NaN stays NaN."""
    log_prob = DiscretizedLogistic(0.5, 0.1, 5).log_prob([0.3, -0.25, 1.25, np.nan])
    np.testing.assert_array_equal(log_prob, [-np.inf, -np.inf, -np.inf, np.nan])


def test_parameters_broadcast():
    """loc [2, 1] and scale [3] give the batch shape [2, 3]."""
    distribution = DiscretizedLogistic([[0.2], [0.7]], [0.1, 0.2, 0.3], 4)
    assert distribution.batch_shape == (2, 3)
    assert distribution.mean().shape == (2, 3)
    assert distribution.sample(5, seed=tf.constant([0, 0])).shape == (5, 2, 3)
    np.testing.assert_allclose(
        distribution.log_prob(1.0)[1, 2], DiscretizedLogistic(0.7, 0.3, 4).log_prob(1.0)
    )


def test_a_wrong_number_of_levels_is_refused():
    """One level is no variable."""
    with pytest.raises(ValueError, match="levels.*Received: 1$"):
        DiscretizedLogistic(0.5, 0.1, 1)
