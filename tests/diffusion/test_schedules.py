"""Noise schedules against the formulas of their papers."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.diffusion import CosineSchedule, LinearSchedule

SCHEDULES = [LinearSchedule(1000), LinearSchedule(10), CosineSchedule(1000), CosineSchedule(7)]


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
    ],
)
def test_impossible_schedules_are_refused(make):
    with pytest.raises(ValueError, match="Received: "):
        make()
