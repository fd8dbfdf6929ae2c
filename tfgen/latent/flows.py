"""Posteriors through a chain of invertible maps: normalizing flows."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core.size_checks import check_parts, check_sizes
from tfgen.distributions import DiagonalNormal, Posterior
from tfgen.layers import MaskedDense
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.networks import over_leading_axes

tfb, tfd = tfp.bijectors, tfp.distributions


class PlanarFlow(Posterior):
    """z_K = f_K(... f_1(z_0)), f(z) = z + u tanh(w . z + b), z_0 from a diagonal normal.

    Rezende & Mohamed (2015), Eq. 10; u, w and b of each map are parameters that the encoder gives,
    as there, so the family has no weights of its own. u is moved along w so that the map can be
    inverted (their appendix A.1). It has no inverse in closed form: log q(z) is known of its own
    draws alone.

    Args:
        num_flows: K, at least 1.
    Raises:
        ValueError: `num_flows` below 1.
    """

    scores_any_z = False

    def __init__(self, num_flows: int = 8) -> None:
        check_parts(num_flows=num_flows)
        self.num_flows = num_flows

    def params_size(self, dim: int) -> int:
        return 2 * dim + self.num_flows * (2 * dim + 1)

    def __call__(self, params: tf.Tensor) -> tfd.TransformedDistribution:
        params = tf.cast(params, tf.float32)
        dim = (params.shape[-1] - self.num_flows) // (2 * self.num_flows + 2)
        start, *maps = tf.split(params, [2 * dim] + self.num_flows * [2 * dim + 1], axis=-1)
        planes = [_Plane(*tf.split(each, [dim, dim, 1], axis=-1)) for each in maps]
        return tfd.TransformedDistribution(DiagonalNormal()(start), tfb.Chain(planes[::-1]))


class _Plane(tfb.Bijector):
    """f(z) = z + u^ tanh(w . z + b), with w . u^ = softplus(w . u) - 1 >= -1."""

    def __init__(self, u, w, b):
        parameters = dict(locals())
        self.w, self.b = w, b
        along = tf.reduce_sum(w * u, axis=-1, keepdims=True)
        squared = tf.reduce_sum(w**2, axis=-1, keepdims=True)
        self.u = u + (tf.nn.softplus(along) - 1 - along) * w / (squared + 1e-12)
        super().__init__(
            forward_min_event_ndims=1, dtype=u.dtype, parameters=parameters, name="plane"
        )

    @classmethod
    def _parameter_properties(cls, dtype):
        return {name: tfp.util.ParameterProperties(event_ndims=1) for name in ("u", "w", "b")}

    def _angle(self, z):
        return tf.reduce_sum(self.w * z, axis=-1, keepdims=True) + self.b

    def _forward(self, z):
        return z + self.u * tf.tanh(self._angle(z))

    def _forward_log_det_jacobian(self, z):
        """log |1 + u^ . w (1 - tanh^2)|, Eq. 11 and 12."""
        slope = 1 - tf.tanh(self._angle(z)) ** 2
        along = tf.reduce_sum(self.u * self.w, axis=-1, keepdims=True)
        return tf.math.log(tf.squeeze(1 + slope * along, axis=-1))


class InverseAutoregressiveFlow(ConfiguredLayer, Posterior):
    """z_t = s_t * z_{t-1} + (1 - s_t) * m_t, s_t = sigmoid(.), z_0 from a diagonal normal.

    Kingma et al. (2016), Algorithm 1 with Eq. 13 and 14: m_t and the logits of s_t are what a
    masked network of one hidden layer makes of z_{t-1}, of whose dimensions each output sees those
    before it, and of a context h, which the encoder gives beside the parameters of z_0. The
    dimensions are reversed from one map to the next. Drawing takes one pass of every network, log
    q(z) of another's draw one pass for each dimension.

    Args:
        dim: size of z.
        num_flows: number of maps, at least 1.
        hidden: units of each network's hidden layer.
        num_context: size of h, at least 1.
    Raises:
        ValueError: wrong arguments.
    """

    def __init__(
        self,
        dim: int,
        num_flows: int = 2,
        hidden: int = 100,
        num_context: int = 20,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_sizes(dim=dim, hidden=hidden, num_context=num_context)
        check_parts(num_flows=num_flows)
        self.dim = dim
        self.num_flows = num_flows
        self.hidden = hidden
        self.num_context = num_context
        self.maps = [
            _autoregressive_network(dim, hidden, num_context, self.dtype_policy, f"map_{index}")
            for index in range(num_flows)
        ]
        self.built = True

    def params_size(self, dim: int) -> int:
        if dim != self.dim:
            raise ValueError(f"expected z of size {self.dim}, as the flow has it. Received: {dim}")
        return 2 * dim + self.num_context

    def __call__(self, params: tf.Tensor) -> tfd.TransformedDistribution:
        start, context = tf.split(params, [2 * self.dim, self.num_context], axis=-1)
        bijectors = []
        for index, network in enumerate(self.maps):
            if index:
                bijectors.append(tfb.Permute(np.arange(self.dim)[::-1].astype("int32")))
            bijectors.append(tfb.Invert(_autoregressive_map(network, context)))
        return tfd.TransformedDistribution(DiagonalNormal()(start), tfb.Chain(bijectors[::-1]))


def _autoregressive_map(network, context):
    """The inverse of z -> s z + (1 - s) m, in the form that TFP gives it.

    TFP's map is y -> y exp(log_scale) + shift of what it has made so far; z -> (z - shift)
    exp(-log_scale) is its inverse. So log_scale = -log s and shift = -m (1 - s) / s.
    """

    def shift_and_log_scale(z):
        m, logits = tf.unstack(tf.cast(over_leading_axes(network, z, context), tf.float32), axis=-1)
        return -m * tf.exp(-logits), tf.nn.softplus(-logits)

    return tfb.MaskedAutoregressiveFlow(shift_and_log_scale)


def _autoregressive_network(dim, hidden, num_context, dtype, name):
    """[z, h] to m and the logits of s, `[batch, dim, 2]`; output d sees z_1, ..., z_{d-1} and h."""
    z, context = keras.Input((dim,)), keras.Input((num_context,))
    # A hidden unit of degree m sees z_1, ..., z_m; those of degree 0 the context alone.
    degrees = np.arange(hidden) % dim
    seen_by_hidden = np.arange(1, dim + 1)[:, np.newaxis] <= degrees
    always = np.ones((num_context, hidden), bool)
    seen_by_output = degrees[:, np.newaxis] < np.repeat(np.arange(1, dim + 1), 2)
    inputs = keras.layers.Concatenate(dtype=dtype)([z, context])
    h = MaskedDense(hidden, "elu", dtype=dtype, name="hidden")(
        inputs, np.concatenate((seen_by_hidden, always))
    )
    output = MaskedDense(2 * dim, dtype=dtype, name="output")
    h = keras.layers.Reshape((dim, 2), dtype=dtype)(output(h, seen_by_output))
    # s starts at sigmoid(2), near the identity, as section 4 of the paper advises.
    output.bias.assign(np.tile([0.0, 2.0], dim))
    return keras.Model([z, context], h, name=name)
