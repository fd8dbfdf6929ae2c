"""Heads with one simple distribution for each scalar dimension."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core.size_checks import check_positive
from tfgen.distributions.head import Head
from tfgen.distributions.levels import LEVEL_TOLERANCE, check_levels, level_values
from tfgen.distributions.logit_bernoulli import LogitBernoulli

tfd = tfp.distributions


class Bernoulli(Head):
    """Binary values, log p(x) = x log sigma(logit) + (1 - x) log(1 - sigma(logit)).

    params: the logit. `mean()` is the probability of 1.
    """

    levels = 2

    def marginals(self, params: tf.Tensor) -> tfd.Distribution:
        return LogitBernoulli(logits=tf.squeeze(params, axis=-1), dtype=params.dtype)


class Categorical(Head):
    """Levels without an order, p(level k) = softmax(logits)_k.

    params: `levels` logits.

    Args:
        levels: number of levels, int from 2 to 65536.
    Raises:
        ValueError: wrong number of levels.
    """

    def __init__(self, levels: int) -> None:
        self.levels = check_levels(levels)

    @property
    def num_params(self) -> int:
        return self.levels

    def marginals(self, params: tf.Tensor) -> tfd.Distribution:
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

    def __init__(self, scale: float | None = None, min_scale: float = 1e-3) -> None:
        self.scale = None if scale is None else check_positive(scale, "scale")
        self.min_scale = check_positive(min_scale, "min_scale")

    @property
    def num_params(self) -> int:
        return 2 if self.scale is None else 1

    def marginals(self, params: tf.Tensor) -> tfd.Distribution:
        loc = params[..., 0]
        if self.scale is not None:
            return tfd.Normal(loc, tf.constant(self.scale, params.dtype))
        return tfd.Normal(loc, tf.nn.softplus(params[..., 1]) + self.min_scale)


def levels_head(levels: int) -> Head:
    """The head of values on equally spaced levels: `Bernoulli` for two, else `Categorical`.

    Args:
        levels: number of levels.
    Raises:
        ValueError: fewer than two levels.
    """
    return Bernoulli() if levels == 2 else Categorical(levels)
