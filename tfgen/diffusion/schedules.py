"""Noise schedules: how much noise there is after t of T steps."""

import abc

import numpy as np
import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_positive, check_sizes

# Nichol & Dhariwal (2021), below Eq. 17: keeps the last step away from a singularity.
MAX_BETA = 0.999


class Schedule(Configured, abc.ABC):
    """Variances beta_1, ..., beta_T of a forward process, from which the rest follows.

    A subclass gives `betas()`. Nothing is stored: the table is computed in float64 where it is
    needed and becomes a constant of the graph.

    Beside the paper's x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) noise there is the scale
    of all else in this folder, x = x_0 + sigma noise = x_t / sqrt(alpha_bar_t).

    Args:
        num_steps: T, at least 2.
    Raises:
        ValueError: `num_steps` is not an int of at least 2.
    """

    def __init__(self, num_steps: int) -> None:
        check_sizes(num_steps=num_steps)
        if num_steps < 2:
            raise ValueError(f"expected num_steps to be at least 2. Received: {num_steps!r}")
        self.num_steps = int(num_steps)

    @abc.abstractmethod
    def betas(self) -> np.ndarray:
        """beta_1, ..., beta_T: NumPy float64, `[num_steps]`."""

    def beta(self, t: int | tf.Tensor) -> tf.Tensor:
        """Variance of one step, beta_t, for integer t in 1..T: float64, the shape of t."""
        return tf.gather(tf.constant(self.betas()), t - 1)

    def alpha_bar(self, t: int | tf.Tensor) -> tf.Tensor:
        """Signal left, alpha_bar_t = prod_{s <= t} (1 - beta_s)  (Ho et al. 2020, below Eq. 4).

        Float64, because 1 - alpha_bar_1 is about 1e-4 and float32 keeps three digits of it.

        Args:
            t: integer tensor of any shape, in 0..T; alpha_bar_0 = 1.
        Returns:
            float64, the shape of t.
        """
        table = np.concatenate([[1.0], np.cumprod(1.0 - self.betas())])
        return tf.gather(tf.constant(table), t)

    def sigmas(self) -> np.ndarray:
        """Noise levels sigma_1 < ... < sigma_T: NumPy float64, `[num_steps]`.

        sigma_t = sqrt(1 / alpha_bar_t - 1), by sums alone, so that small ones keep their digits.
        """
        return np.sqrt(np.expm1(-np.cumsum(np.log1p(-self.betas()))))

    def sigma(self, t: int | tf.Tensor) -> tf.Tensor:
        """Noise level sigma_t of x_0 + sigma_t noise.

        Args:
            t: integer tensor of any shape, in 0..T; sigma_0 = 0.
        Returns:
            float64, the shape of t.
        """
        return tf.gather(tf.constant(np.concatenate([[0.0], self.sigmas()])), t)

    def time(self, sigma: float | tf.Tensor) -> tf.Tensor:
        """What a denoiser reads of a noise level: t / T at sigma_t, linear in log sigma between.

        Args:
            sigma: tensor of any shape, not negative; outside of sigma_1..sigma_T it reads as the
                nearer of them.
        Returns:
            float32 in [1 / T, 1], the shape of sigma.
        """
        sigma = tf.cast(sigma, tf.float64)
        table = tf.constant(np.log(self.sigmas()))
        level = tf.clip_by_value(tf.math.log(sigma), table[0], table[-1])
        above = tf.searchsorted(table, tf.reshape(level, [-1]))
        above = tf.clip_by_value(tf.reshape(above, tf.shape(sigma)), 1, self.num_steps - 1)
        low, high = tf.gather(table, above - 1), tf.gather(table, above)
        steps = tf.cast(above, tf.float64) + (level - low) / (high - low)
        return tf.cast(steps / self.num_steps, tf.float32)


class LinearSchedule(Schedule):
    """Betas in equal steps from `beta_1` to `beta_T`  (Ho et al. 2020, section 4).

    The two ends are those of the paper's T = 1000. For another T every beta is scaled by 1000 / T,
    so that alpha_bar_T stays close to 0 (Nichol & Dhariwal 2021 do the same), and none exceeds
    0.999.

    Args:
        num_steps: T.
        beta_1, beta_T: variances of the first and the last step at T = 1000, in (0, 1).
    Raises:
        ValueError: `num_steps` below 2, or a beta outside (0, 1).
    """

    def __init__(self, num_steps: int, beta_1: float = 1e-4, beta_T: float = 0.02) -> None:
        super().__init__(num_steps)
        betas = check_positive(beta_1, "beta_1"), check_positive(beta_T, "beta_T")
        if max(betas) >= 1:
            raise ValueError(
                f"expected beta_1 and beta_T in (0, 1). Received: {beta_1!r}, {beta_T!r}"
            )
        self.beta_1, self.beta_T = betas

    def betas(self) -> np.ndarray:
        """beta_1, ..., beta_T: NumPy float64, `[num_steps]`."""
        betas = np.linspace(self.beta_1, self.beta_T, self.num_steps) * 1000 / self.num_steps
        return np.minimum(betas, MAX_BETA)


class CosineSchedule(Schedule):
    """alpha_bar_t = f(t) / f(0), f(t) = cos^2((t/T + s) / (1 + s) * pi/2).

    Nichol & Dhariwal (2021), Eq. 17, with betas of at most 0.999.

    Args:
        num_steps: T.
        offset: s > 0, keeps the first steps from adding too little noise.
    Raises:
        ValueError: `num_steps` below 2, or `offset` not positive.
    """

    def __init__(self, num_steps: int, offset: float = 0.008) -> None:
        super().__init__(num_steps)
        self.offset = check_positive(offset, "offset")

    def betas(self) -> np.ndarray:
        """beta_1, ..., beta_T: NumPy float64, `[num_steps]`."""
        fraction = np.arange(self.num_steps + 1) / self.num_steps
        f = np.cos((fraction + self.offset) / (1 + self.offset) * np.pi / 2) ** 2
        return np.minimum(1 - f[1:] / f[:-1], MAX_BETA)


class KarrasSchedule(Schedule):
    """Noise levels in equal steps of their rho-th root  (Karras et al. 2022, Eq. 5).

    Args:
        num_steps: T.
        sigma_min, sigma_max: sigma_1 and sigma_T, positive.
        rho: 1 for equal steps; larger ones spend more of them on little noise.
    Raises:
        ValueError: `num_steps` below 2, a number that is not positive, or `sigma_max` not above
            `sigma_min`.
    """

    def __init__(
        self,
        num_steps: int,
        sigma_min: float = 0.002,
        sigma_max: float = 80.0,
        rho: float = 7.0,
    ) -> None:
        super().__init__(num_steps)
        self.sigma_min = check_positive(sigma_min, "sigma_min")
        self.sigma_max = check_positive(sigma_max, "sigma_max")
        self.rho = check_positive(rho, "rho")
        if sigma_max <= sigma_min:
            raise ValueError(
                f"expected sigma_max to be above sigma_min. Received: {sigma_max!r}, {sigma_min!r}"
            )

    def betas(self) -> np.ndarray:
        """beta_1, ..., beta_T: NumPy float64, `[num_steps]`."""
        ends = self.sigma_min ** (1 / self.rho), self.sigma_max ** (1 / self.rho)
        squares = np.linspace(*ends, self.num_steps) ** (2 * self.rho)
        return np.diff(squares, prepend=0.0) / (1 + squares)
