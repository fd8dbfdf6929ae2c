"""Which noise levels a sampler visits on its way down a schedule."""

import abc

import numpy as np
import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_positive
from tfgen.diffusion.schedules import Schedule


class Grid(Configured, abc.ABC):
    """A choice of noise levels."""

    @abc.abstractmethod
    def __call__(self, schedule: Schedule, num_steps: int) -> np.ndarray:
        """The levels, float64 `[num_steps + 1]`, decreasing to 0.

        Raises:
            ValueError: the schedule does not have so many.
        """


class Strides(Grid):
    """The schedule's own levels in equal strides of t, at t = i T // num_steps."""

    def __call__(self, schedule: Schedule, num_steps: int) -> np.ndarray:
        """The levels, float64 `[num_steps + 1]`, decreasing to 0."""
        if num_steps > schedule.num_steps:
            raise ValueError(
                f"expected num_steps <= {schedule.num_steps}, the steps of the schedule."
                f" Received: {num_steps}"
            )
        t = np.arange(num_steps, 0, -1) * schedule.num_steps // num_steps
        return np.append(schedule.sigmas()[t - 1], 0.0)


class EqualRatios(Grid):
    """From the schedule's highest level to its lowest in equal steps of log sigma.

    Uniform in the logarithm of the ratio of signal to noise (Lu et al. 2022, section 6.1).

    Args:
        highest: where it starts if the schedule goes higher. Above 80, where the data are hardly
            seen, steps are wasted (Karras et al. 2022, Table 1).
    """

    def __init__(self, highest: float = 80.0) -> None:
        self.highest = check_positive(highest, "highest")

    def __call__(self, schedule: Schedule, num_steps: int) -> np.ndarray:
        """The levels, float64 `[num_steps + 1]`, decreasing to 0."""
        return np.append(np.geomspace(*_ends(schedule, self.highest), num_steps), 0.0)


class KarrasGrid(Grid):
    """From the highest level to the lowest in equal steps of sigma^(1 / rho).

    Karras et al. (2022), Eq. 5.

    Args:
        rho: the larger, the shorter the steps at low levels.
        highest: where it starts if the schedule goes higher.
    """

    def __init__(self, rho: float = 7.0, highest: float = 80.0) -> None:
        self.rho = check_positive(rho, "rho")
        self.highest = check_positive(highest, "highest")

    def __call__(self, schedule: Schedule, num_steps: int) -> np.ndarray:
        """The levels, float64 `[num_steps + 1]`, decreasing to 0."""
        first, last = (level ** (1 / self.rho) for level in _ends(schedule, self.highest))
        return np.append(np.linspace(first, last, num_steps) ** self.rho, 0.0)


def equal_ratios(schedule: Schedule, num_steps: int | tf.Tensor) -> tf.Tensor:
    """The levels of `EqualRatios()` in a graph that may not know their number: `[num_steps + 1]`.

    Args:
        schedule: whose levels they are.
        num_steps: at least 1; a scalar tensor is taken to be.
    """
    first, last, _ = EqualRatios()(schedule, 2)
    logarithms = tf.linspace(np.log(first), np.log(last), num_steps)
    return tf.concat([tf.exp(logarithms), tf.zeros(1, tf.float64)], axis=0)


def _ends(schedule, highest):
    """The first and the last level before 0."""
    sigmas = schedule.sigmas()
    return max(min(highest, sigmas[-1]), sigmas[0]), sigmas[0]
