"""Heads: what turns the output of a network into a distribution.

A network emits `params`, `[batch, *event_shape[:-1], event_shape[-1] * K]`, as a dense layer or a
convolution does: K numbers, side by side, for each scalar dimension of the event. The dimensions
are independent given `params`.
"""

import abc

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured
from tfgen.distributions.checks import check_count, check_scale
from tfgen.distributions.discretized_logistic import DiscretizedLogistic
from tfgen.distributions.levels import LEVEL_TOLERANCE, check_levels, level_values

tfd = tfp.distributions


class Head(Configured, abc.ABC):
    """A family of distributions, one parameter vector for each scalar dimension of an event.

    Attributes:
        levels: number of levels of a discrete head, whose level k is k / (levels - 1); None for a
            continuous head.
        num_params: the number K of parameters of one scalar dimension.
    """

    levels = None
    num_params = 1

    @abc.abstractmethod
    def marginals(self, params):
        """The distribution of each scalar dimension.

        Args:
            params: `[..., num_params]`, float32 or float64.
        Returns:
            `tfd.Distribution` with batch shape `[...]` and scalar events.
        """

    def params_size(self, event_shape):
        """Size of the last axis of `params`: event_shape[-1] * num_params.

        Args:
            event_shape: shape of one example, at least one axis.
        Returns:
            int, the number of units of the last dense layer or of filters of the last convolution.
        Raises:
            ValueError: `event_shape` is empty or not known.
        """
        event_shape = tuple(event_shape)
        if not event_shape or None in event_shape:
            raise ValueError(
                f"expected event_shape to have one known axis or more. Received: {event_shape}"
            )
        return event_shape[-1] * self.num_params

    def __call__(self, params, event_ndims=None):
        """The distribution that `params` describe.

        Args:
            params: `[..., *event_shape[:-1], params_size(event_shape)]`. Half precision is cast to
                float32; float64 stays.
            event_ndims: rank of the events, by default the rank of `params` - 1. The axes before
                are batch axes.
        Returns:
            `tfd.Independent` over events of `event_shape`, in the dtype of `params`. `log_prob` is
            in nats, summed over the event.
        Raises:
            ValueError: wrong dtype, rank, or size of the last axis.
        """
        params = _floating(params)
        rank = params.shape.rank
        if not rank or params.shape[-1] is None or params.shape[-1] % self.num_params:
            raise ValueError(
                f"expected the last axis of params to be a multiple of {self.num_params} for"
                f" {self}. Received: shape {params.shape}"
            )
        if event_ndims is None:
            event_ndims = rank - 1
        if not 0 <= event_ndims <= rank:
            raise ValueError(f"expected event_ndims from 0 to {rank}. Received: {event_ndims}")
        static, dynamic = params.shape, tf.shape(params)
        axes = [dynamic[i] if static[i] is None else static[i] for i in range(rank - 1)]
        params = tf.reshape(params, [*axes, static[-1] // self.num_params, self.num_params])
        return tfd.Independent(self.marginals(params), reinterpreted_batch_ndims=event_ndims)


class Bernoulli(Head):
    """Binary values, log p(x) = x log sigma(logit) + (1 - x) log(1 - sigma(logit)).

    params: the logit. `mean()` is the probability of 1.
    """

    levels = 2

    def marginals(self, params):
        return tfd.Bernoulli(logits=tf.squeeze(params, axis=-1), dtype=params.dtype)


class Categorical(Head):
    """Levels without an order, p(level k) = softmax(logits)_k.

    params: `levels` logits.

    Args:
        levels: number of levels, int from 2 to 65536.
    Raises:
        ValueError: wrong number of levels.
    """

    def __init__(self, levels):
        self.levels = check_levels(levels)

    @property
    def num_params(self):
        return self.levels

    def marginals(self, params):
        return tfd.FiniteDiscrete(
            level_values(self.levels, params.dtype.as_numpy_dtype),
            logits=params,
            rtol=0.0,
            atol=LEVEL_TOLERANCE / (self.levels - 1),
        )


class Normal(Head):
    """Normal(loc, scale) in the units of the data, with scale = softplus(raw) + min_scale.

    params: loc, raw; or, with a fixed `scale`, loc alone.

    Args:
        scale: None to learn the scale, or the positive standard deviation of every dimension.
        min_scale: least learned scale, positive. A density of constant data has no upper bound
            without it. The default is about the standard deviation of the rounding error of 8-bit
            data in [0, 1], 1 / (255 sqrt(12)): finer detail is not in such data.
    Raises:
        ValueError: a scale that is not positive and finite.
    """

    def __init__(self, scale=None, min_scale=1e-3):
        self.scale = None if scale is None else check_scale("scale", scale)
        self.min_scale = check_scale("min_scale", min_scale)

    @property
    def num_params(self):
        return 2 if self.scale is None else 1

    def marginals(self, params):
        loc = params[..., 0]
        if self.scale is not None:
            return tfd.Normal(loc, tf.constant(self.scale, params.dtype))
        return tfd.Normal(loc, tf.nn.softplus(params[..., 1]) + self.min_scale)


class LogisticMixture(Head):
    """Mixture of discretized logistics for each scalar dimension (Salimans et al. 2017, Eq. 2).

    P(x) = sum_i softmax(logits)_i [sigma((x + h - loc_i) / s_i) - sigma((x - h - loc_i) / s_i)],
    h half a level; levels 0 and 1 take the whole tails. `loc_i` and s_i = softplus(raw_i) + 0.05
    levels are in the units of x, [0, 1]. Channels are independent given `params`.
    params: the logits of all components, their locs, their raws.

    Args:
        num_components: number of components, int, at least 1.
        levels: number of levels, int from 2 to 65536.
    Raises:
        ValueError: wrong numbers.
    """

    def __init__(self, num_components, levels):
        self.num_components = check_count("num_components", num_components)
        self.levels = check_levels(levels)

    @property
    def num_params(self):
        return 3 * self.num_components

    def marginals(self, params):
        logits, loc, raw = tf.split(params, 3, axis=-1)
        # At this scale a component can give 0.9999 of its mass to one level: no need of a smaller.
        scale = tf.nn.softplus(raw) + 0.05 / (self.levels - 1)
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=logits), DiscretizedLogistic(loc, scale, self.levels)
        )


def _floating(params):
    params = tf.convert_to_tensor(params)
    if not params.dtype.is_floating:
        raise ValueError(
            f"expected params to be floating point. Received: dtype {params.dtype.name}"
        )
    return params if params.dtype == tf.float64 else tf.cast(params, tf.float32)


def levels_head(levels):
    """The head of values on equally spaced levels: `Bernoulli` for two, else `Categorical`.

    Args:
        levels: number of levels.
    Raises:
        ValueError: fewer than two levels.
    """
    return Bernoulli() if levels == 2 else Categorical(levels)
