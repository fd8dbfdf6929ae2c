"""A mixture of discretized logistics for whole pixels, their channels coupled."""

import math

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured
from tfgen.core.typing import ShapeLike
from tfgen.distributions.levels import level_values
from tfgen.distributions.logistic_mixture import LogisticMixture

tfd = tfp.distributions

# Where the components begin: in the middle of [0, 1], with softplus(raw) = 0.2.
_LOC, _RAW = 0.5, math.log(math.expm1(0.2))


class CoupledLogisticMixture(Configured):
    """Mixture of discretized logistics over the channels of a pixel (Salimans et al. 2017, Eq. 3).

    p(x) = sum_i softmax(logits)_i prod_c P(x_c; loc_ic + sum_{c' < c} a_icc' (x_c' - 1/2), s_ic),
    one component for all the channels of a pixel, P and s as in `LogisticMixture`. So a channel,
    given those before it, has a mixture again, whose weights are proportional to
    softmax(logits)_i prod_{c' < c} P_i(x_c').
    params of a pixel: for K components and C channels K logits, then C K locs less 1/2, C K raws
    and C (C - 1) / 2 K numbers whose tanh is a, the pairs (c, c') ordered by c, then c'. At 0,
    softplus(raw) is 0.2.

    Args:
        num_components: number K of components, int, at least 1.
        levels: number of levels, int from 2 to 65536; level k is k / (levels - 1).
    Raises:
        ValueError: wrong numbers.
    """

    def __init__(self, num_components: int, levels: int) -> None:
        self._mixture = LogisticMixture(num_components, levels)
        self.num_components = self._mixture.num_components
        self.levels = self._mixture.levels

    def params_size(self, event_shape: ShapeLike) -> int:
        """Size of the last axis of `params`: K (1 + 2 C + C (C - 1) / 2)."""
        channels = event_shape[-1]
        return self.num_components * (1 + 2 * channels + channels * (channels - 1) // 2)

    def __call__(self, params: tf.Tensor, x: tf.Tensor) -> tfd.Independent:
        """The conditionals p(x_c | x_<c) of all channels; the pixels are independent.

        Args:
            params: `[batch, ..., params_size]`; half precision is cast to float32.
            x: `[batch, ..., C]`, on the levels.
        Returns:
            `tfd.Independent` over all axes but the first, of mixtures. Its `log_prob` of the same
            x is log p(x), in nats.
        """
        params = tf.cast(params, tf.float32)
        log_weights, values, channels = self.log_weights(params), [], []
        for value in tf.unstack(tf.cast(x, tf.float32), axis=-1):
            channels.append(self.channel(params, log_weights, values))
            log_weights += self.component_log_prob(channels[-1], value)
            values.append(value)
        return self._mixture(tf.concat(channels, axis=-1))

    def log_weights(self, params: tf.Tensor) -> tf.Tensor:
        """log softmax(logits), `[..., K]`, before any channel is known."""
        return tf.nn.log_softmax(params[..., : self.num_components])

    def channel(
        self, params: tf.Tensor, log_weights: tf.Tensor, values: list[tf.Tensor]
    ) -> tf.Tensor:
        """The `LogisticMixture` params of the next channel.

        Args:
            params: `[..., params_size]`, float32.
            log_weights: `[..., K]`, of the components given the channels so far, up to a constant.
            values: list of `[...]`, the channels so far.
        Returns:
            `[..., 3 K]`.
        """
        K, c = self.num_components, len(values)
        channels = self._num_channels(params)
        blocks = tf.split(params, params.shape[-1] // K, axis=-1)
        loc, raw = _LOC + blocks[1 + c], _RAW + blocks[1 + channels + c]
        pairs = 1 + 2 * channels + c * (c - 1) // 2
        for value, block in zip(values, blocks[pairs : pairs + c], strict=True):
            loc += tf.tanh(block) * (value[..., tf.newaxis] - 0.5)
        return tf.concat((log_weights, loc, raw), axis=-1)

    def _num_channels(self, params):
        """C, from C (C + 3) / 2 = params_size / K - 1."""
        return (math.isqrt(8 * (params.shape[-1] // self.num_components) + 1) - 3) // 2

    def component_log_prob(self, channel: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
        """log P_i of one channel by each component.

        Args:
            channel: `[..., 3 K]`, from `channel`.
            value: `[...]`.
        Returns:
            `[..., K]`, in nats; finite: a value off the levels counts as the nearest one.
        """
        value = tf.round(value * (self.levels - 1)) / (self.levels - 1)
        components = self._mixture.marginals(channel).components_distribution
        return components.log_prob(value[..., tf.newaxis])

    def level_logits(self, channel: tf.Tensor) -> tf.Tensor:
        """What `invert_levels` takes.

        Args:
            channel: `[..., 3 K]`, from `channel`.
        Returns:
            `[..., 1]`, log P(1) - log P(0), for 2 levels; otherwise the log-probabilities of the
            levels, `[..., levels]`.
        """
        mixture = self._mixture.marginals(channel[..., tf.newaxis, :])
        log_prob = mixture.log_prob(level_values(self.levels))
        return log_prob[..., 1:] - log_prob[..., :1] if self.levels == 2 else log_prob
