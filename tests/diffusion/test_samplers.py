"""Samplers as values: their noise levels, their solvers, the same call for all."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from gaussian_oracle import Gaussian, counted

from tfgen.diffusion import DDIM, Ancestral, CosineSchedule, DPMSolver, Heun, LinearSchedule
from tfgen.diffusion.grids import EqualRatios, KarrasGrid, Strides
from tfgen.diffusion.solvers import ancestral, ddim, dpm_solver_pp_2m, heun
from tfgen.diffusion.variances import forward_variance

DATA = Gaussian([0.5, -1.0], [[1.0, 0.6], [0.6, 0.5]])
SEED = tf.constant([0, 7])
SCHEDULE = LinearSchedule(12)
CASES = {
    Ancestral(): functools.partial(ancestral, variance=forward_variance),
    Ancestral(5): functools.partial(ancestral, variance=forward_variance),
    DDIM(4, eta=0.5): functools.partial(ddim, eta=0.5),
    Heun(3): heun,
    DPMSolver(4, KarrasGrid()): dpm_solver_pp_2m,
}


@pytest.mark.parametrize("sampler", CASES, ids=repr)
def test_sampler_is_its_solver_on_its_levels_and_says_its_cost(sampler):
    x = tf.constant(np.random.default_rng(0).normal(size=(3, 2)) * 10)
    sigmas = sampler.sigmas(SCHEDULE)
    denoise, count = counted(DATA.denoise)
    found = sampler(denoise, x, sigmas, seed=SEED, variance=forward_variance)
    assert int(count) == sampler.num_evaluations(SCHEDULE)
    np.testing.assert_array_equal(found, CASES[sampler](DATA.denoise, x, sigmas, seed=SEED))
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(sampler))
    assert restored == sampler


def test_strides_are_the_schedules_own_levels():
    np.testing.assert_array_equal(Ancestral().sigmas(SCHEDULE), [*SCHEDULE.sigmas()[::-1], 0])
    np.testing.assert_array_equal(
        DDIM(5).sigmas(SCHEDULE), [*SCHEDULE.sigmas()[[11, 8, 6, 3, 1]], 0]
    )


@pytest.mark.parametrize("schedule", [SCHEDULE, CosineSchedule(200)], ids=repr)
@pytest.mark.parametrize("grid", [EqualRatios(), KarrasGrid(3.0), EqualRatios(2.0)], ids=repr)
def test_grids_go_from_the_highest_level_to_the_lowest_and_to_zero(grid, schedule):
    sigmas = grid(schedule, 30)
    all_levels = schedule.sigmas()
    np.testing.assert_allclose(sigmas[0], min(grid.highest, all_levels[-1]))
    np.testing.assert_allclose(sigmas[-2], all_levels[0])
    assert len(sigmas) == 31 and sigmas[-1] == 0 and np.all(np.diff(sigmas) < 0)
    scale = np.log if isinstance(grid, EqualRatios) else lambda s: s ** (1 / 3)
    steps = np.diff(scale(sigmas[:-1]))
    np.testing.assert_allclose(steps, steps[0])


def test_two_evaluations_of_second_order_are_worth_many_of_first():
    """What the defaults are for: the flow's end from T = 1000 linear steps, by 20 evaluations."""
    schedule = LinearSchedule(1000)
    x = np.random.default_rng(0).normal(size=(50, 2)) * schedule.sigmas()[-1]

    def error(sampler):
        sigmas = sampler.sigmas(schedule)
        start = DATA.flow(x, schedule.sigmas()[-1], sigmas[0])
        x0 = sampler(DATA.denoise, tf.constant(start), sigmas, seed=SEED)
        return np.abs(x0 - DATA.flow(x, schedule.sigmas()[-1], 0.0)).max()

    assert error(DPMSolver()) < error(DDIM(100))
    assert error(Heun(25)) < error(DDIM(100))


@pytest.mark.parametrize(
    "make",
    [
        lambda: DDIM(0),
        lambda: DDIM(2.5),
        lambda: DDIM(eta=1.5),
        lambda: DDIM(eta=-0.1),
        lambda: Ancestral(0),
        lambda: Heun(-1),
        lambda: DPMSolver(True),
        lambda: KarrasGrid(rho=0),
        lambda: EqualRatios(highest=-1),
        lambda: DDIM(13).sigmas(SCHEDULE),
        lambda: Strides()(SCHEDULE, 13),
    ],
)
def test_bad_arguments_are_refused(make):
    with pytest.raises(ValueError, match="Received: "):
        make()
