"""Samplers as values: a solver and the noise levels that it visits, the same call for all."""

import abc
import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_not_negative, check_sizes
from tfgen.core.typing import ArrayLike
from tfgen.diffusion.denoiser import Denoise
from tfgen.diffusion.grids import EqualRatios, Grid, Strides
from tfgen.diffusion.schedules import Schedule
from tfgen.diffusion.solvers import Variance, Watch, ancestral, ddim, dpm_solver_pp_2m, heun
from tfgen.diffusion.variances import posterior_variance


class Sampler(Configured, abc.ABC):
    """A way from noise to x_0.

    Args:
        num_steps: number of steps; None for all of the schedule's.
        grid: which noise levels they go to.
    Raises:
        ValueError: `num_steps` is no positive int.
    """

    def __init__(self, num_steps: int | None, grid: Grid) -> None:
        if num_steps is not None:
            check_sizes(num_steps=num_steps)
        self.num_steps = num_steps
        self.grid = grid

    def sigmas(self, schedule: Schedule) -> np.ndarray:
        """The noise levels on a schedule, float64, decreasing to 0.

        Raises:
            ValueError: it does not have so many.
        """
        return self.grid(schedule, self.num_steps or schedule.num_steps)

    def num_evaluations(self, schedule: Schedule) -> int:
        """How often the denoiser is asked."""
        return len(self.sigmas(schedule)) - 1

    def __call__(
        self,
        denoise: Denoise,
        x: tf.Tensor,
        sigmas: ArrayLike,
        *,
        seed: tf.Tensor,
        variance: Variance = posterior_variance,
        watch: Watch | None = None,
    ) -> tf.Tensor:
        """From x at the level `sigmas[0]`, wherever that is, to x_0.

        Args:
            denoise: `(x, sigma) -> Denoised`.
            x: x_0 + sigma noise, `[n, *event]`.
            sigmas: noise levels, decreasing to 0: those of `sigmas(schedule)` or the lower of them.
            seed: int32 `(2,)`, or `[n, 2]`, one for each example.
            variance: of the reverse process, where the sampler reads it.
            watch: `(i, sigma, x_0)`, called after each step; None for nobody.
        Returns:
            x_0, as x.
        """
        solve = self.solver(variance)
        return solve(denoise, x, sigmas, seed=seed, watch=watch)

    @abc.abstractmethod
    def solver(self, variance: Variance) -> Callable[..., tf.Tensor]:
        """The free function, with whatever it reads beside what all of them do.

        Args:
            variance: of the reverse process.
        """


class Ancestral(Sampler):
    """The learned reverse process, `ancestral`; all of its T steps by default.

    Args:
        num_steps: number of strides, at most the schedule's T; None for T.
        grid: which noise levels they go to.
    Raises:
        ValueError: `num_steps` is no positive int.
    """

    def __init__(self, num_steps: int | None = None, grid: Grid = Strides()) -> None:
        super().__init__(num_steps, grid)

    def solver(self, variance: Variance) -> Callable[..., tf.Tensor]:
        return functools.partial(ancestral, variance=variance)


class DDIM(Sampler):
    """Few large steps, `ddim`.

    Args:
        num_steps: number of steps, with `Strides()` at most the schedule's T; None for T.
        eta: 0 for the deterministic map, 1 for the posterior's noise.
        grid: which noise levels they go to.
    Raises:
        ValueError: `num_steps` is no positive int, or eta is outside [0, 1].
    """

    def __init__(
        self, num_steps: int | None = 50, eta: float = 0.0, grid: Grid = Strides()
    ) -> None:
        super().__init__(num_steps, grid)
        if check_not_negative(eta, "eta") > 1:
            raise ValueError(f"expected eta in [0, 1]. Received: {eta!r}")
        self.eta = eta

    def solver(self, variance: Variance) -> Callable[..., tf.Tensor]:
        return functools.partial(ddim, eta=self.eta)


class Heun(Sampler):
    """Second order, two evaluations a step but for the last, `heun`.

    Args:
        num_steps: number of steps; None for the schedule's T.
        grid: which noise levels they go to.
    Raises:
        ValueError: `num_steps` is no positive int.
    """

    def __init__(self, num_steps: int | None = 18, grid: Grid = EqualRatios()) -> None:
        super().__init__(num_steps, grid)

    def num_evaluations(self, schedule: Schedule) -> int:
        """How often the denoiser is asked."""
        return 2 * super().num_evaluations(schedule) - 1

    def solver(self, variance: Variance) -> Callable[..., tf.Tensor]:
        return heun


class DPMSolver(Sampler):
    """Second order at one evaluation a step, DPM-Solver++(2M), `dpm_solver_pp_2m`.

    Args:
        num_steps: number of steps; None for the schedule's T.
        grid: which noise levels they go to.
    Raises:
        ValueError: `num_steps` is no positive int.
    """

    def __init__(self, num_steps: int | None = 20, grid: Grid = EqualRatios()) -> None:
        super().__init__(num_steps, grid)

    def solver(self, variance: Variance) -> Callable[..., tf.Tensor]:
        return dpm_solver_pp_2m
