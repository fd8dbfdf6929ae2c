"""What a head is: it turns the output of a network into a distribution.

A network emits `params`, `[batch, *event_shape[:-1], event_shape[-1] * K]`, as a dense layer or a
convolution does: K numbers, side by side, for each scalar dimension of the event. The dimensions
are independent given `params`.
"""

import abc

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured
from tfgen.core.typing import ArrayLike, ShapeLike

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
    def marginals(self, params: tf.Tensor) -> tfd.Distribution:
        """The distribution of each scalar dimension.

        Args:
            params: `[..., num_params]`, float32 or float64.
        Returns:
            `tfd.Distribution` with batch shape `[...]` and scalar events.
        """

    def params_size(self, event_shape: ShapeLike) -> int:
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

    def __call__(self, params: ArrayLike, event_ndims: int | None = None) -> tfd.Independent:
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


def _floating(params):
    params = tf.convert_to_tensor(params)
    if not params.dtype.is_floating:
        raise ValueError(
            f"expected params to be floating point. Received: dtype {params.dtype.name}"
        )
    return params if params.dtype == tf.float64 else tf.cast(params, tf.float32)
