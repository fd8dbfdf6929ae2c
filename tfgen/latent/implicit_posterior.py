"""A posterior of any shape: the encoder's features and noise, through a network."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_size_list, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Posterior, Pushforward
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.networks import over_leading_axes


class ImplicitPosterior(ConfiguredLayer, Posterior):
    """q(z | x) of z = f(x, noise), noise standard normal: one for each x, and of any shape.

    The universal approximator posterior of Makhzani et al. (2016), section 2.1. The encoder gives
    features of x, dense layers of rectifiers read them beside as much noise as z has dimensions. It
    has no density: for an `AAE`, which asks for none.

    Args:
        dim: size of z.
        num_features: of x.
        hidden: widths of the hidden layers; `()` for a normal whose mean alone depends on x.
    Raises:
        ValueError: wrong sizes.
    """

    has_density = scores_any_z = False

    def __init__(
        self, dim: int, num_features: int = 100, hidden: ShapeLike = (100,), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_sizes(dim=dim, num_features=num_features)
        self.dim = dim
        self.num_features = num_features
        self.hidden = check_size_list(hidden, "hidden")
        self.network = self._network()
        self.built = True

    def _network(self):
        dtype = self.dtype_policy
        noise, features = keras.Input((self.dim,)), keras.Input((self.num_features,))
        h = keras.layers.Concatenate(dtype=dtype)([noise, features])
        for width in self.hidden:
            h = keras.layers.Dense(width, "relu", dtype=dtype)(h)
        z = keras.layers.Dense(self.dim, dtype=dtype)(h)
        return keras.Model([noise, features], z, name="posterior")

    def params_size(self, dim: int) -> int:
        if dim != self.dim:
            raise ValueError(f"expected z of size {self.dim}. Received: {dim}")
        return self.num_features

    def __call__(self, params: tf.Tensor) -> Pushforward:
        f = lambda noise: tf.cast(over_leading_axes(self.network, noise, params), tf.float32)
        return Pushforward(f, tf.shape(params)[:-1], self.dim)
