"""Noise schedules against the formulas of their papers."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.diffusion import CosineSchedule, KarrasSchedule, LinearSchedule

SCHEDULES = [
    LinearSchedule(1000),
    LinearSchedule(10),
    CosineSchedule(1000),
    CosineSchedule(7),
    KarrasSchedule(18),
]
any_steps = st.integers(2, 2000)
any_schedule = st.one_of(
    st.builds(LinearSchedule, any_steps, st.floats(1e-5, 1e-3), st.floats(1e-3, 0.03)),
    st.builds(CosineSchedule, any_steps, st.floats(1e-4, 0.1)),
    st.builds(
        KarrasSchedule, any_steps, st.floats(1e-4, 0.1), st.floats(1.0, 1e3), st.floats(1.0, 20.0)
    ),
)


@settings(deadline=None, max_examples=50)
@given(schedule=any_schedule)
def test_noise_grows_and_signal_stays_between_one_and_zero(schedule):
    betas, sigmas = schedule.betas(), schedule.sigmas()
    assert np.all(betas > 0) and np.all(betas < 1)
    assert sigmas[0] > 0 and np.all(np.diff(sigmas) > 0) and np.all(np.isfinite(sigmas))
    alpha_bar = schedule.alpha_bar(tf.range(schedule.num_steps + 1)).numpy()
    assert alpha_bar[0] == 1 and alpha_bar[-1] > 0 and np.all(np.diff(alpha_bar) < 0)
    np.testing.assert_allclose(alpha_bar[1:], 1 / (1 + sigmas**2), rtol=1e-9)


@settings(deadline=None, max_examples=30)
@given(schedule=any_schedule, between=st.floats(0, 1))
def test_time_of_a_noise_level_is_the_share_of_the_steps(schedule, between):
    sigmas, num_steps = schedule.sigmas(), schedule.num_steps
    t = np.arange(1, num_steps + 1)
    np.testing.assert_allclose(schedule.time(sigmas), t / num_steps, rtol=1e-6)
    inside = sigmas[:-1] ** (1 - between) * sigmas[1:] ** between
    np.testing.assert_allclose(schedule.time(inside), (t[:-1] + between) / num_steps, rtol=1e-4)
    ends = schedule.time(np.array([0.0, sigmas[0] / 2, sigmas[-1] * 2]))
    np.testing.assert_allclose(ends, [1 / num_steps, 1 / num_steps, 1], rtol=1e-6)
    assert ends.dtype == tf.float32


def test_noise_levels_are_those_of_the_papers_signal():
    for schedule in SCHEDULES:
        t = tf.range(1, schedule.num_steps + 1)
        alpha_bar = schedule.alpha_bar(t)
        np.testing.assert_allclose(schedule.sigma(t), tf.sqrt(1 / alpha_bar - 1), rtol=1e-9)
        assert schedule.sigma(0) == 0 and schedule.sigma(3) == schedule.sigmas()[2]


def test_karras_schedule_is_equation_5():
    i = np.arange(18)
    roots = 80 ** (1 / 7) + i / 17 * (0.002 ** (1 / 7) - 80 ** (1 / 7))
    np.testing.assert_allclose(KarrasSchedule(18).sigmas()[::-1], roots**7, rtol=1e-9)
    small = KarrasSchedule(5, sigma_min=1e-6).sigmas()[0]
    np.testing.assert_allclose(small, 1e-6, rtol=1e-9)


def test_linear_schedule_has_the_papers_betas():
    schedule = LinearSchedule(1000)
    np.testing.assert_allclose(schedule.beta(tf.constant([1, 1000])), [1e-4, 0.02], rtol=1e-12)
    np.testing.assert_allclose(schedule.beta(tf.constant(500)), 1e-4 + 499 / 999 * 0.0199)


def test_linear_schedule_leaves_the_papers_signal():
    # Ho et al. (2020), section 4: L_T is about 1e-5 bits per dimension; alpha_bar_T is 4.04e-5.
    np.testing.assert_allclose(LinearSchedule(1000).alpha_bar(1000), 4.0358e-5, rtol=1e-4)


@pytest.mark.parametrize("num_steps", [50, 200, 4000])
def test_linear_schedule_keeps_its_end_for_other_numbers_of_steps(num_steps):
    end = LinearSchedule(num_steps).alpha_bar(num_steps).numpy()
    assert 1e-6 < end < 1e-4


def test_cosine_schedule_follows_equation_17():
    t = np.array([1, 137, 500, 998])
    f = np.cos((np.append(0, t) / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2
    np.testing.assert_allclose(
        CosineSchedule(1000).alpha_bar(tf.constant(t)), f[1:] / f[0], rtol=1e-9
    )


def test_cosine_betas_are_clipped():
    np.testing.assert_allclose(CosineSchedule(1000).beta(1000), 0.999)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_alpha_bar_starts_at_one_and_multiplies_by_one_minus_beta(schedule):
    t = tf.range(1, schedule.num_steps + 1)
    assert schedule.alpha_bar(0) == 1
    np.testing.assert_allclose(
        schedule.alpha_bar(t), schedule.alpha_bar(t - 1) * (1 - schedule.beta(t)), rtol=1e-12
    )
    assert np.all(np.diff(schedule.alpha_bar(t)) < 0)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_schedule_is_rebuilt_from_its_configuration(schedule):
    assert type(schedule).from_config(schedule.get_config()) == schedule


@pytest.mark.parametrize(
    "make",
    [
        lambda: LinearSchedule(1),
        lambda: LinearSchedule(10.0),
        lambda: LinearSchedule(10, beta_1=0.0),
        lambda: LinearSchedule(10, beta_T=1.0),
        lambda: CosineSchedule(10, offset=0.0),
        lambda: KarrasSchedule(1),
        lambda: KarrasSchedule(10, sigma_min=0.0),
        lambda: KarrasSchedule(10, sigma_min=3.0, sigma_max=3.0),
        lambda: KarrasSchedule(10, rho=0.0),
    ],
)
def test_impossible_schedules_are_refused(make):
    with pytest.raises(ValueError, match="Received: "):
        make()
