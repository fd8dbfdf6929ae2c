"""The uniform prior of the first convolutional GANs."""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core.size_checks import check_sizes
from tfgen.distributions.priors import Prior

tfd = tfp.distributions


class Uniform(Prior):
    """z uniform in the cube [-1, 1]^dim, as Radford et al. (2016) have it.

    Args:
        dim: size of z, int, at least 1.
    Raises:
        ValueError: wrong `dim`.
    """

    def __init__(self, dim: int) -> None:
        check_sizes(dim=dim)
        self.dim = int(dim)

    def __call__(
        self, encode: Callable[[tf.Tensor], tfd.Distribution] | None = None
    ) -> tfd.Independent:
        """The distribution: event shape `[dim]`, float32."""
        return tfd.Independent(
            tfd.Uniform(-tf.ones([self.dim]), tf.ones([self.dim])), reinterpreted_batch_ndims=1
        )
