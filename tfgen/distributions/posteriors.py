"""Posteriors q(z | x): the output of an encoder as a distribution of latent vectors."""

import abc

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured
from tfgen.core.size_checks import check_positive
from tfgen.distributions.heads import Normal

tfd = tfp.distributions


class Posterior(Configured, abc.ABC):
    """A family of distributions q(z | x), one for each vector of parameters.

    What it gives can be drawn by `tfgen.distributions.sample_and_log_prob`. One with weights is a
    Keras layer, too: they are then the model's, and move with its networks.

    Attributes:
        has_density: whether log q(z) is known, if only of its own draws.
        scores_any_z: whether log q(z) is known of every z, not only of its own draws.
    """

    has_density = True
    scores_any_z = True

    @abc.abstractmethod
    def params_size(self, dim: int) -> int:
        """The number of parameters of one z of size `dim`: the outputs of an encoder."""

    @abc.abstractmethod
    def __call__(self, params: tf.Tensor) -> tfd.Distribution:
        """The distribution that `params` describe.

        Args:
            params: `[..., params_size(dim)]`; half precision is cast to float32.
        Returns:
            Batch shape `[...]`, event shape `[dim]`.
        """


class DiagonalNormal(Posterior):
    """Normal(mean, diag(scale^2)), scale = softplus(raw) + min_scale.

    Kingma & Welling (2014), Eq. 9, where the encoder gives log scale^2. Parameters: mean and raw
    scale of each dimension, side by side.

    Args:
        min_scale: least standard deviation, positive.
    Raises:
        ValueError: a `min_scale` that is not positive and finite.
    """

    def __init__(self, min_scale: float = 1e-3) -> None:
        self.min_scale = check_positive(min_scale, "min_scale")

    def params_size(self, dim: int) -> int:
        return 2 * dim

    def __call__(self, params: tf.Tensor) -> tfd.Independent:
        return Normal(min_scale=self.min_scale)(params, event_ndims=1)


class FullCovarianceNormal(Posterior):
    """Normal(mean, L L^T), L lower triangular with the diagonal softplus(raw) + min_scale.

    Kingma & Welling (2019), section 2.5.1. Parameters: the mean, then L as `tfp.math.
    fill_triangular` places it, dim (dim + 3) / 2 numbers. Below the diagonal L_ij is the parameter
    times 1 / sqrt(dim), so that a fresh encoder's covariances stay near a diagonal one's.

    Args:
        min_scale: least element of the diagonal, positive.
    Raises:
        ValueError: a `min_scale` that is not positive and finite.
    """

    def __init__(self, min_scale: float = 1e-3) -> None:
        self.min_scale = check_positive(min_scale, "min_scale")

    def params_size(self, dim: int) -> int:
        return dim * (dim + 3) // 2

    def __call__(self, params: tf.Tensor) -> tfd.MultivariateNormalTriL:
        params = tf.cast(params, tf.float32)
        dim = _dim(params.shape[-1])
        mean, raw = tf.split(params, [dim, dim * (dim + 1) // 2], axis=-1)
        raw = tfp.math.fill_triangular(raw)
        diagonal = tf.nn.softplus(tf.linalg.diag_part(raw)) + self.min_scale
        return tfd.MultivariateNormalTriL(mean, tf.linalg.set_diag(raw / dim**0.5, diagonal))


def _dim(num_params):
    """The size of z of so many parameters, the inverse of `params_size`."""
    dim = round(((9 + 8 * num_params) ** 0.5 - 3) / 2)
    if dim * (dim + 3) // 2 != num_params:
        raise ValueError(
            "expected dim (dim + 3) / 2 parameters of a full-covariance normal."
            f" Received: {num_params}"
        )
    return dim
