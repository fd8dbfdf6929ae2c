"""A mixture of normals that is learned with the model."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core.size_checks import check_positive, check_sizes
from tfgen.distributions import Prior
from tfgen.layers.configured_layer import ConfiguredLayer

tfd = tfp.distributions


class LearnedMixture(ConfiguredLayer, Prior):
    """p(z) = sum_k pi_k Normal(z; mean_k, diag(scale_k^2)), with weights pi, mean and scale.

    The mixture of Gaussians of Tomczak & Welling (2018), section 2, whose pi_k are all 1 / K; here
    they are learned, too. It starts at means from a standard normal, scales of 1 and equal weights.

    Args:
        dim: size of z.
        num_components: K, at least 1.
        min_scale: least standard deviation, positive.
    Raises:
        ValueError: wrong arguments.
    """

    gains_by_xla = True

    def __init__(
        self, dim: int, num_components: int, min_scale: float = 1e-3, **kwargs: Any
    ) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        check_sizes(dim=dim, num_components=num_components)
        self.dim = dim
        self.num_components = num_components
        self.min_scale = check_positive(min_scale, "min_scale")
        shape = (num_components, dim)
        start = keras.initializers.Constant(tfp.math.softplus_inverse(1.0 - min_scale).numpy())
        self.logits = self.add_weight((num_components,), "zeros", name="logits")
        self.means = self.add_weight(shape, keras.initializers.RandomNormal(1.0), name="means")
        self.raw_scales = self.add_weight(shape, start, name="raw_scales")
        self.built = True

    def __call__(self, encode: Callable | None = None) -> tfd.MixtureSameFamily:
        """The distribution: event shape `[dim]`, float32."""
        scales = tf.nn.softplus(self.raw_scales) + self.min_scale
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=tf.convert_to_tensor(self.logits)),
            tfd.Independent(tfd.Normal(tf.convert_to_tensor(self.means), scales), 1),
        )
