"""The wing's contract: an exact log p(x), and samples drawn one dimension after the other."""

import abc
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive.distribution import AutoregressiveDistribution
from tfgen.autoregressive.masks import read_mask, without_late
from tfgen.core import Phase, SamplingModel, check_spec
from tfgen.core.arrays import in_batches
from tfgen.core.checks import are_valid, check_mask, is_bounded, where_example
from tfgen.core.typing import ArrayLike, SeedLike

tfd = tfp.distributions


class AutoregressiveModel(SamplingModel):
    """p(x) = prod_d p(x_d | x_<d), the dimensions in raster order: row, column, channel.

    A family supplies `conditionals(x, given, training)` for all dimensions at once, and
    `draw(uniforms, x, mask, given)`, its sampler, which `compiled_draw` decorates.

    Attributes:
        num_uniforms: numbers in [0, 1) that the draw of one dimension takes.
    """

    term_names = ("negative_log_prob",)
    density = "exact"
    num_uniforms = 1
    _order_name = "raster order"

    @property
    def num_free_parameters(self) -> int:
        """Size of the trainable weights, less those that can never act, as a mask hides them."""
        return super().num_free_parameters - self._num_idle_weights()

    def _num_idle_weights(self):
        """The entries of the trainable weights that act on no density, whatever x is."""
        masked = (each for each in self._flatten_layers() if hasattr(each, "num_idle_weights"))
        return sum(layer.num_idle_weights for layer in masked if layer.trainable)

    @abc.abstractmethod
    def conditionals(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """The distributions p(x_d | x_<d) of all the dimensions at once.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the head's levels.
            given: what networks read of the conditions; None for a model without any.
            training: whether layers run as in training.
        Returns:
            `tfd.Independent` over the event, batch shape `[batch]`; its `log_prob(x)` is log p(x),
            its base distribution holds the conditionals, one by one.
        """

    @abc.abstractmethod
    def draw(
        self,
        uniforms: tf.Tensor,
        x: tf.Tensor,
        mask: tf.Tensor,
        given: tf.Tensor | None = None,
        *,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """Draws the dimensions in order by inversion of their distribution functions.

        Args:
            uniforms: `[batch, D]`, float32 in [0, 1), one number for each dimension; or, with
                more of them, `[batch, D, num_uniforms]`.
            x: `[batch, D]`, values to keep, flattened.
            mask: `[batch, D]`, 1 where x is kept and 0 where a value is drawn.
            given: what networks read of the conditions; None for a model without any.
            batch_size: the most examples of one call, which `compiled_draw` reads.
        Returns:
            `[batch, D]`, float32.
        """

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("likelihood", self.negative_log_likelihood, (self,)),)

    def negative_log_likelihood(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """-log p(x), in nats, the mean over the batch."""
        x, *given = batch
        log_prob = self.conditionals(x, *given, training=training).log_prob(x)
        return {"negative_log_prob": -tf.reduce_mean(log_prob)}

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """The exact log-likelihood, as `log_prob` gives it.

        Args:
            inputs: x, `[batch, *event_shape]`; or `(x, condition)` for a model that has one.
            training: whether layers run as in training.
        Returns:
            `[batch]`, in nats.
        """
        x, given = self.read_inputs(inputs)
        return self.conditionals(x, given, training).log_prob(x)

    def log_prob(
        self, x: ArrayLike, *, condition: ArrayLike | None = None, batch_size: int | None = 256
    ) -> tf.Tensor:
        """Log-likelihood, log p(x) = sum_d log p(x_d | x_<d), exact.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the head's levels. In a graph, whose
                values cannot be refused, log p of any others is -inf, and NaN of NaN.
            condition: for a model that has one: one for each example, or one for all.
            batch_size: examples evaluated at a time, which bounds the memory; None for all of
                them at once, as a graph takes them always.
        Returns:
            `[batch]`, in nats, summed over dimensions.
        Raises:
            ValueError: x is no batch of examples (see `check_array`), or a bad condition.
        """
        x = self.check(x)
        given = self.read_condition(condition, tf.shape(x)[0])
        if not tf.executing_eagerly():
            return self.log_prob_anywhere(x, given)
        return in_batches(self._log_prob, batch_size, x, given)

    def log_prob_anywhere(self, x: tf.Tensor, given: tf.Tensor | None = None) -> tf.Tensor:
        """`log_prob` without checks: -inf off the support, and NaN where x has NaN.

        Args:
            x: `[batch, *event_shape]`, any float32.
            given: what networks read of the conditions; None for a model without any.
        Returns:
            `[batch]`, in nats.
        """
        valid = are_valid(x, self.levels, is_bounded(self.event_shape, self.levels))
        inside = self._log_prob(where_example(valid, x, 0.0), given)
        unknown = tf.reduce_any(tf.math.is_nan(x), axis=range(1, x.shape.rank))
        return tf.where(valid, inside, tf.where(unknown, math.nan, -math.inf))

    @tf.function(reduce_retracing=True, autograph=False)
    def _log_prob(self, x, given):
        return self.conditionals(x, given).log_prob(x)

    def _blocks_of(self, generate, num_samples, seed, given, batch_size):
        """The numbers are drawn all at once, so that blocks change no sample."""
        return generate(num_samples, seed, given, batch_size)

    def generate(
        self,
        num_samples: int | tf.Tensor,
        seed: tf.Tensor,
        given: tf.Tensor | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        zeros = tf.zeros((num_samples, math.prod(self.event_shape)))
        uniforms = self._uniforms(num_samples, seed)
        drawn = self.draw(uniforms, zeros, zeros, given, batch_size=batch_size)
        return tf.reshape(drawn, (num_samples, *self.event_shape))

    def _uniforms(self, num_samples, seed):
        numbers = () if self.num_uniforms == 1 else (self.num_uniforms,)
        shape = (num_samples, math.prod(self.event_shape), *numbers)
        return tf.random.stateless_uniform(shape, seed)

    def complete(
        self,
        x: ArrayLike,
        mask: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """Draws the masked-out dimensions of x from p(x_masked | x_kept), exactly.

        Exact means: every dimension that is kept comes before every one that is drawn.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the head's levels; whatever stands
                where the mask is 0 is not looked at.
            mask: 1 where x is kept and 0 where it is drawn, `[batch, *event_shape]` or
                `event_shape`.
            condition: for a model that has one: one for each example, or one for all.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
        Returns:
            `[batch, *event_shape]`, x where the mask is 1. Under an outer XLA function, whose
            values cannot be refused, NaN where the mask is bad.
        Raises:
            ValueError: a mask with a kept dimension after a drawn one or with other values than 0
                and 1, or a bad x or condition. In a graph that does not know the mask,
                `tf.errors.InvalidArgumentError` where it runs.
        """
        size = math.prod(self.event_shape)
        x = tf.convert_to_tensor(x)
        check_spec(tf.TensorSpec(x.shape, x.dtype), self.event_shape)
        if x.shape[0] == 0:
            x = self.check(x)
        expected = (
            f"expected a mask that keeps only dimensions before every drawn one in"
            f" {self._order_name}: {type(self).__name__} has no exact conditional otherwise"
        )
        kept, allowed = read_mask(mask, x.shape, self._mask_orders(), expected)
        kept = tf.broadcast_to(kept, tf.shape(x))
        x = self.check(tf.where(kept, x, tf.zeros_like(x)))
        num_examples = tf.shape(x)[0]
        given = self.read_condition(condition, num_examples)
        drawn = self._draw_rest(
            self._uniforms(num_examples, self.seed_or_next(seed)),
            tf.reshape(x, (-1, size)),
            tf.reshape(tf.cast(kept, tf.float32), (-1, size)),
            given,
        )
        drawn = tf.reshape(drawn, tf.shape(x))
        return drawn if allowed is None else tf.where(allowed, drawn, math.nan)

    def completable(self, mask: ArrayLike) -> np.ndarray:
        """A mask that `complete` takes: as given, and what has to be drawn after it drawn, too.

        Args:
            mask: 1 where x is kept and 0 where it is drawn, `event_shape`.
        Returns:
            float32 `event_shape`, 0 where the mask is 0 and at every dimension that comes after one
            of these in an order of the model.
        Raises:
            ValueError: another shape, or values other than 0 and 1.
        """
        kept = check_mask(mask, tf.TensorShape((1, *self.event_shape)))
        kept = np.reshape(kept, self.event_shape)
        return without_late(kept, self._mask_orders()).astype("float32")

    def _draw_rest(self, uniforms, x, mask, given):
        """What `draw` does, with any mask that `_mask_orders` lets through."""
        return self.draw(uniforms, x, mask, given)

    def _mask_orders(self):
        """The orders in each of which a mask keeps the first dimensions, `[K, D]`."""
        return np.arange(math.prod(self.event_shape))[np.newaxis]

    def distribution(self, condition: ArrayLike | None = None) -> AutoregressiveDistribution:
        """p(x), or p(x | y) of one condition y, as a `tfd.Distribution` with this model's weights.

        Args:
            condition: for a model that has one: one for all x.
        Raises:
            ValueError: a bad condition.
        """
        return AutoregressiveDistribution(self, condition)

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        def log_prob(x, condition=None):
            given = self.read_condition(condition, tf.shape(x)[0])
            return {"log_prob": self._log_prob(x, given)}

        def complete(x, mask, seed, condition=None):
            return {"completed": self.complete(x, mask, seed=seed, condition=condition)}

        x, mask = (
            tf.TensorSpec((None, *self.event_shape), tf.float32, name=name)
            for name in ("x", "mask")
        )
        seed, condition = tf.TensorSpec((2,), tf.int32, name="seed"), self.condition_specs()
        return {
            **super().signatures(),
            "log_prob": (log_prob, [x, *condition]),
            "complete": (complete, [x, mask, seed, *condition]),
        }
