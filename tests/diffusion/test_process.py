"""The forward process and its posterior against Gaussian algebra."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.diffusion import (
    CosineSchedule,
    ForwardVariance,
    KarrasSchedule,
    LearnedVariance,
    LinearSchedule,
    PosteriorVariance,
)
from tfgen.diffusion.process import (
    forward,
    normal,
    posterior_mean,
    posterior_variance,
    stratified_times,
)

tfd = tfp.distributions
SCHEDULES = [LinearSchedule(20), CosineSchedule(20)]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_q_composed_step_by_step_equals_the_closed_form(schedule):
    x0 = tf.constant([[0.3, -0.8, 1.0]], tf.float64)
    mean, variance = x0, tf.zeros_like(x0)
    for t in range(1, 21):
        beta = schedule.beta(t)
        mean, variance = tf.sqrt(1 - beta) * mean, (1 - beta) * variance + beta
        q = forward(schedule, x0, t)
        np.testing.assert_allclose(q.mean(), mean, rtol=1e-12)
        np.testing.assert_allclose(q.variance(), variance, rtol=1e-12)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
@pytest.mark.parametrize("t", [2, 7, 19])
def test_posterior_obeys_bayes_rule(schedule, t):
    """q(x_{t-1} | x_t, x_0) q(x_t | x_0) = q(x_t | x_{t-1}) q(x_{t-1} | x_0)."""
    rng = np.random.default_rng(t)
    x0, previous, xt = (tf.constant(rng.normal(size=(4, 3))) for _ in range(3))
    beta = schedule.beta(t)
    one_step = normal(tf.sqrt(1 - beta) * previous, beta)
    posterior = normal(posterior_mean(schedule, xt, x0, t), posterior_variance(schedule, t, t - 1))
    left = posterior.log_prob(previous) + forward(schedule, x0, t).log_prob(xt)
    right = one_step.log_prob(xt) + forward(schedule, x0, t - 1).log_prob(previous)
    np.testing.assert_allclose(left, right, rtol=1e-10)


def test_posterior_over_several_steps_is_a_gaussian_conditional():
    """var[x_s | x_t, x_0] = var[x_s] - cov[x_s, x_t]^2 / var[x_t], all given x_0."""
    schedule, s, t = LinearSchedule(100), 30, 80
    var_s, var_t = 1 - schedule.alpha_bar(s), 1 - schedule.alpha_bar(t)
    covariance = tf.sqrt(schedule.alpha_bar(t) / schedule.alpha_bar(s)) * var_s
    np.testing.assert_allclose(
        posterior_variance(schedule, t, s), var_s - covariance**2 / var_t, rtol=1e-12
    )


def test_each_example_takes_its_own_time():
    schedule, x0 = LinearSchedule(20), tf.ones((3, 2, 2, 1))
    t = tf.constant([0, 5, 20])
    together = forward(schedule, x0, t)
    for i in range(3):
        alone = forward(schedule, x0[i : i + 1], t[i])
        np.testing.assert_allclose(together.mean()[i], alone.mean()[0], rtol=1e-6)
        np.testing.assert_allclose(together.stddev()[i], alone.stddev()[0], rtol=1e-6)


def test_x_0_is_kept_exactly_at_time_zero():
    x0 = tf.constant([[0.1, -0.7]])
    np.testing.assert_array_equal(forward(LinearSchedule(20), x0, 0).sample(seed=[0, 1]), x0)


def test_variance_choices_are_the_papers():
    schedule = LinearSchedule(1000)
    t = tf.constant([2, 500, 1000])
    np.testing.assert_allclose(ForwardVariance().at(schedule, t), schedule.beta(t))
    # t = 1 takes beta_tilde_2, as the authors' code does.
    first, second = ForwardVariance().at(schedule, tf.constant([1, 2])).numpy()
    assert first == PosteriorVariance().at(schedule, 2)
    np.testing.assert_allclose(second, schedule.beta(2), rtol=1e-10)
    assert ForwardVariance().at(schedule, 1) == first
    beta_tilde = (1 - schedule.alpha_bar(t - 1)) / (1 - schedule.alpha_bar(t)) * schedule.beta(t)
    np.testing.assert_allclose(PosteriorVariance().at(schedule, t), beta_tilde, rtol=1e-10)
    assert PosteriorVariance().at(schedule, 1) == PosteriorVariance().at(schedule, 2)


@pytest.mark.parametrize("schedule", [*SCHEDULES, KarrasSchedule(20)], ids=repr)
@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000))
def test_a_learned_variance_stays_between_its_limits(schedule, seed):
    t = tf.range(1, 21)
    share = np.random.default_rng(seed).random((20, 2, 3)).astype("float32")
    share[:, 0, 0], share[:, 0, 1] = 0, 1
    found = LearnedVariance().at(schedule, t, tf.constant(share)).numpy()
    least = PosteriorVariance().at(schedule, t).numpy()
    # The paper's limit at t = 1 is beta_1 itself.
    most = schedule.beta(t).numpy()
    assert np.all(found >= least[:, None, None] * (1 - 1e-5))
    assert np.all(found <= most[:, None, None] * (1 + 1e-5))
    np.testing.assert_allclose(found[:, 0, 0], least, rtol=1e-5)
    np.testing.assert_allclose(found[:, 0, 1], most, rtol=1e-4)
    logs = (1 - share) * np.log(least)[:, None, None] + share * np.log(most)[:, None, None]
    np.testing.assert_allclose(np.log(found), logs, atol=1e-4)
    alone = LearnedVariance().at(schedule, 7, tf.constant(share[6:7]))
    np.testing.assert_allclose(alone[0], found[6], rtol=1e-6)


@pytest.mark.parametrize(("num_examples", "num_steps"), [(12, 12), (5, 20), (30, 7), (1, 4)])
def test_stratified_times_come_one_from_each_part_of_the_steps(num_examples, num_steps):
    all_times = [stratified_times(num_examples, num_steps, (0, s)).numpy() for s in range(400)]
    for t in all_times[:50]:
        assert t.dtype == np.int32
        # Every part of k steps holds the share k / T of the examples, but for a rounding.
        counts = np.bincount(np.append(t, t + num_steps), minlength=2 * num_steps + 1)[1:]
        for k in range(1, num_steps + 1):
            inside = np.convolve(counts, np.ones(k, int), "valid")[:num_steps]
            share = k * num_examples / num_steps
            assert inside.min() >= np.floor(share) and inside.max() <= np.ceil(share)
    # Each example's own times are uniform, whatever its place.
    means = np.mean(all_times, axis=0)
    error = np.sqrt((num_steps**2 - 1) / 12 / len(all_times))
    np.testing.assert_allclose(means, (num_steps + 1) / 2, atol=4.5 * error)
