"""Prior and posterior of a latent vector in layers, each given those above it."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core.size_checks import check_size_list, check_sizes
from tfgen.distributions import DiagonalNormal, Posterior, Prior, TopDown
from tfgen.layers import GatedDense
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.networks import over_leading_axes

tfd = tfp.distributions


class TopDownPosterior(ConfiguredLayer, Posterior):
    """q(z | x) = q(z_1 | x) prod_l q(z_l | x, z_1, ..., z_{l-1}), each a diagonal normal.

    Tomczak & Welling (2018), Eq. 13, where the top layer, here z_1, is called z_2. An encoder gives
    the parameters of z_1, and features of x; a network for each further layer reads the features
    beside a gated layer of what is above, through another gated layer.

    Args:
        dims: size of each layer, the top one first; two or more.
        num_features: features of x for each further layer.
        hidden: units of the gated layers.
    Raises:
        ValueError: wrong sizes.
    """

    def __init__(
        self, dims: Sequence[int], num_features: int = 300, hidden: int = 300, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_sizes(num_features=num_features, hidden=hidden)
        self.dims = _check_dims(dims)
        self.num_features = num_features
        self.hidden = hidden
        self.networks = _below_the_top(self.dims, self._network)
        self.built = True

    def _network(self, index, num_above, dim):
        dtype = self.dtype_policy
        above, features = keras.Input((num_above,)), keras.Input((self.num_features,))
        h = GatedDense(self.hidden, dtype=dtype)(above)
        h = keras.layers.Concatenate(dtype=dtype)([features, h])
        h = GatedDense(self.hidden, dtype=dtype)(h)
        outputs = keras.layers.Dense(2 * dim, dtype=dtype)(h)
        return keras.Model([above, features], outputs, name=f"posterior_{index}")

    def params_size(self, dim: int) -> int:
        if dim != sum(self.dims):
            raise ValueError(
                f"expected z of size {sum(self.dims)}, of the layers {self.dims}. Received: {dim}"
            )
        return 2 * self.dims[0] + len(self.networks) * self.num_features

    def top(self, params: tf.Tensor) -> tfd.Independent:
        """q(z_1 | x), of the first of the parameters: `[..., 2 * dims[0]]`, or more."""
        return DiagonalNormal()(params[..., : 2 * self.dims[0]])

    def __call__(self, params: tf.Tensor) -> TopDown:
        sizes = [2 * self.dims[0]] + len(self.networks) * [self.num_features]
        top, *features = tf.split(params, sizes, axis=-1)
        conditionals = list(map(_conditional, self.networks, features))
        return TopDown(self.dims, self.top(top), conditionals)


class TopDownPrior(ConfiguredLayer, Prior):
    """p(z) = p(z_1) prod_l p(z_l | z_1, ..., z_{l-1}), below the top diagonal normals.

    Tomczak & Welling (2018), Eq. 12, where the top layer, here z_1, is called z_2. A network of two
    gated layers gives the parameters of each layer below the top.

    Args:
        dims: size of each layer, the top one first; two or more.
        top: p(z_1), of size `dims[0]`; one that is made of the encoder gets q(z_1 | x).
        hidden: units of the gated layers.
    Raises:
        ValueError: wrong sizes, or a top that cannot be evaluated.
    """

    def __init__(self, dims: Sequence[int], top: Prior, hidden: int = 300, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(hidden=hidden)
        self.dims = _check_dims(dims)
        if not isinstance(top, Prior) or top.dim != self.dims[0] or not top.has_density:
            raise ValueError(
                f"expected top to be a prior of size {self.dims[0]} that can be evaluated."
                f" Received: {top!r}"
            )
        self.top = top
        self.hidden = hidden
        self.networks = _below_the_top(self.dims, self._network)
        self.built = True

    def _network(self, index, num_above, dim):
        dtype = self.dtype_policy
        h = above = keras.Input((num_above,))
        for _ in range(2):
            h = GatedDense(self.hidden, dtype=dtype)(h)
        outputs = keras.layers.Dense(2 * dim, dtype=dtype)(h)
        return keras.Model(above, outputs, name=f"prior_{index}")

    @property
    def dim(self) -> int:
        return sum(self.dims)

    @property
    def encodes(self) -> tuple[int, ...] | None:
        return self.top.encodes

    def check_posterior(self, posterior: Posterior) -> None:
        if self.encodes is not None and getattr(posterior, "dims", None) != self.dims:
            raise ValueError(
                f"expected a TopDownPosterior of the layers {self.dims}, whose top layer is what"
                f" {type(self.top).__name__} is made of. Received: {type(posterior).__name__}"
            )

    def adapt(self, x: np.ndarray, seed: int) -> None:
        self.top.adapt(x, seed)

    def __call__(self, encode: Callable[[tf.Tensor], tfd.Distribution] | None = None) -> TopDown:
        """The distribution: event shape `[dim]`, float32.

        Args:
            encode: `x -> q(z | x)` of the model, a `TopDown`; for a top that is made of it.
        """
        encode_top = None if encode is None else lambda x: encode(x).top
        return TopDown(self.dims, self.top(encode_top), list(map(_conditional, self.networks)))


def _below_the_top(dims, build):
    """A network for each further layer: `build(index, size of all above it, size)`."""
    return [build(index, sum(dims[:index]), dim) for index, dim in enumerate(dims[1:], start=1)]


def _conditional(network, features=None):
    """`above -> p(z_l | above)`, of a network of what is above, and of features."""
    return lambda above: DiagonalNormal()(over_leading_axes(network, above, features))


def _check_dims(dims):
    dims = check_size_list(dims, "dims", least=1)
    if len(dims) < 2:
        raise ValueError(f"expected two layers or more. Received: dims={dims}")
    return dims
