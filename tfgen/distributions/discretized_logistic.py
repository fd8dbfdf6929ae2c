"""The logistic distribution, rounded to levels in [0, 1]."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core.typing import ArrayLike
from tfgen.distributions.levels import LEVEL_TOLERANCE, check_levels, level_values

tfd = tfp.distributions


class DiscretizedLogistic(tfd.Distribution):
    """Logistic variable rounded to the nearest of `levels` values in [0, 1].

    With sigma the logistic function and h = 1 / (2 (levels - 1)) half a level,
    P(x) = sigma((x + h - loc) / scale) - sigma((x - h - loc) / scale); level 0 takes the whole
    tail below it and level 1 the one above (Salimans et al. 2017, Eq. 2). Off the levels,
    P(x) = 0.

    Args:
        loc: floating tensor, in the units of x.
        scale: floating tensor, positive, in the units of x. `loc` and `scale` broadcast.
        levels: number of levels, int from 2 to 65536; level k is k / (levels - 1).
        validate_args, allow_nan_stats, name: as in every `tfd.Distribution`.
    Raises:
        ValueError: wrong number of levels.
    """

    def __init__(
        self,
        loc: ArrayLike | float,
        scale: ArrayLike | float,
        levels: int,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "DiscretizedLogistic",
    ) -> None:
        parameters = dict(locals())
        self._levels = check_levels(levels)
        self._loc = tf.convert_to_tensor(loc)
        self._scale = tf.convert_to_tensor(scale, dtype=self._loc.dtype)
        super().__init__(
            dtype=self._loc.dtype,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        positive = tfp.bijectors.Softplus
        return {
            "loc": tfp.util.ParameterProperties(),
            "scale": tfp.util.ParameterProperties(default_constraining_bijector_fn=positive),
        }

    @property
    def loc(self) -> tf.Tensor:
        """Location of the logistic variable before rounding."""
        return self._loc

    @property
    def scale(self) -> tf.Tensor:
        """Scale of the logistic variable before rounding."""
        return self._scale

    @property
    def levels(self) -> int:
        """Number of levels."""
        return self._levels

    def _event_shape(self):
        return tf.TensorShape([])

    def _event_shape_tensor(self):
        return tf.constant([], dtype=tf.int32)

    def _in_level_units(self):
        top = self._levels - 1
        return self._loc * top, self._scale * top

    def _log_prob(self, x):
        loc, scale = self._in_level_units()
        top = self._levels - 1
        level = tf.clip_by_value(tf.round(x * top), 0, top)
        # sigma(b) - sigma(a) = sigma(b) sigma(-a) (1 - exp(a - b)): three factors that neither
        # cancel nor underflow in logarithms, however far x lies in the tails.
        log_below = tf.math.log_sigmoid((level + 0.5 - loc) / scale)
        log_above = tf.math.log_sigmoid((loc - level + 0.5) / scale)
        log_width = tf.math.log(-tf.math.expm1(-1 / scale))
        not_bottom, not_top = tf.not_equal(level, 0), tf.not_equal(level, top)
        log_prob = (
            tf.where(not_top, log_below, 0.0)
            + tf.where(not_bottom, log_above, 0.0)
            + tf.where(not_bottom & not_top, log_width, 0.0)
        )
        off = tf.abs(x * top - level) > LEVEL_TOLERANCE
        return tf.where(off, tf.constant(-float("inf"), self.dtype), log_prob)

    def _sample_n(self, n, seed=None):
        x = tfd.Logistic(*self._in_level_units()).sample(n, seed=seed)
        level = tf.clip_by_value(tf.round(x), 0, self._levels - 1)
        # A table: compiled graphs turn a division by a constant into a product, a bit off.
        values = level_values(self._levels, self.dtype.as_numpy_dtype)
        return tf.gather(values, tf.cast(level, tf.int32))

    def _mean(self):
        """E[k] = sum_{k >= 1} P(level >= k), one k at a time: the memory is that of the mean."""
        loc, scale = self._in_level_units()

        def add(k, total):
            return [k + 1, total + tf.sigmoid((loc - k + 0.5) / scale)]

        _, total = tf.while_loop(
            lambda k, total: k < self._levels,
            add,
            [tf.ones([], self.dtype), tf.zeros(self.batch_shape_tensor(), self.dtype)],
            shape_invariants=[tf.TensorShape([]), self.batch_shape],
            maximum_iterations=self._levels - 1,
        )
        return total / (self._levels - 1)
