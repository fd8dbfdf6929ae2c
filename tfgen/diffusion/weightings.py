"""How much each noise level counts in training: weights of |x_0 - its prediction|^2."""

import abc

import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_positive


class Weighting(Configured, abc.ABC):
    """w(sigma) of the loss w(sigma) |x_0 - prediction of x_0|^2, x = x_0 + sigma noise."""

    @abc.abstractmethod
    def __call__(self, sigma: tf.Tensor) -> tf.Tensor:
        """w for positive sigma of any shape, in sigma's shape and dtype."""


class Simple(Weighting):
    """1 / sigma^2: |noise - its prediction|^2, unweighted, L_simple of Ho et al. (2020), Eq. 14."""

    def __call__(self, sigma: tf.Tensor) -> tf.Tensor:
        return 1 / tf.square(sigma)


class MinSNR(Weighting):
    """min(1 / sigma^2, gamma), the ratio of signal to noise but no more than gamma.

    Hang et al. (2023), section 3.4.

    Args:
        gamma: positive.
    Raises:
        ValueError: `gamma` is not positive.
    """

    def __init__(self, gamma: float = 5.0) -> None:
        self.gamma = check_positive(gamma, "gamma")

    def __call__(self, sigma: tf.Tensor) -> tf.Tensor:
        return tf.minimum(1 / tf.square(sigma), self.gamma)


class EDMWeighting(Weighting):
    """(sigma^2 + sigma_data^2) / (sigma sigma_data)^2  (Karras et al. 2022, Table 1).

    What `Preconditioned(sigma_data)` predicts then counts alike at all levels, and with a
    `sigma_data` of 1 what `Velocity()` does.

    Args:
        sigma_data: standard deviation of the data, positive.
    Raises:
        ValueError: `sigma_data` is not positive.
    """

    def __init__(self, sigma_data: float = 0.5) -> None:
        self.sigma_data = check_positive(sigma_data, "sigma_data")

    def __call__(self, sigma: tf.Tensor) -> tf.Tensor:
        return 1 / tf.square(sigma) + 1 / self.sigma_data**2
