"""The wing's contract: an exact log p(x), and samples drawn one dimension after the other."""

import abc
import math

import numpy as np
import tensorflow as tf

from tfgen.autoregressive.distribution import AutoregressiveDistribution
from tfgen.core import GenerativeModel, Phase, check_count
from tfgen.core.arrays import in_batches


class AutoregressiveModel(GenerativeModel):
    """p(x) = prod_d p(x_d | x_<d), the dimensions in raster order: row, column, channel.

    A family supplies `conditionals(x, training)` for all dimensions at once, and
    `draw(uniforms, x, mask)`, its sampler. One that models p(x | h) reads h in `check_conditions`,
    and takes it as a keyword argument of both.

    Attributes:
        num_uniforms: numbers in [0, 1) that the draw of one dimension takes.
    """

    term_names = ("negative_log_prob",)
    density = "exact"
    num_uniforms = 1

    @abc.abstractmethod
    def conditionals(self, x, training=False):
        """The distributions p(x_d | x_<d) of all the dimensions at once.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the head's levels.
        Returns:
            `tfd.Independent` over the event, batch shape `[batch]`; its `log_prob(x)` is log p(x),
            its base distribution holds the conditionals, one by one.
        """

    @abc.abstractmethod
    def draw(self, uniforms, x, mask):
        """Draws the dimensions in order by inversion of their distribution functions.

        Args:
            uniforms: `[batch, D]`, float32 in [0, 1), one number for each dimension; or, with
                more of them, `[batch, D, num_uniforms]`.
            x: `[batch, D]`, values to keep, flattened.
            mask: `[batch, D]`, 1 where x is kept and 0 where a value is drawn.
        Returns:
            `[batch, D]`, float32.
        """

    def phases(self):
        return (Phase("likelihood", self.negative_log_likelihood, (self,)),)

    def negative_log_likelihood(self, x, training):
        """-log p(x), in nats, the mean over the batch."""
        log_prob = self.conditionals(x, training).log_prob(x)
        return {"negative_log_prob": -tf.reduce_mean(log_prob)}

    def call(self, x, training=False):
        """log p(x), `[batch]`, in nats."""
        return self.conditionals(x, training).log_prob(x)

    def check_conditions(self, num_examples, **conditions):
        """Checks what the methods get beside x: here nothing.

        Args:
            num_examples: int or int32 scalar.
            **conditions: what a method was given.
        Returns:
            `{name: tensor [num_examples, ...]}`.
        Raises:
            ValueError: conditions that the model does not have.
        """
        if conditions:
            raise ValueError(
                f"expected no conditions: {type(self).__name__} models p(x) alone."
                f" Received: {', '.join(conditions)}"
            )
        return {}

    def log_prob(self, x, batch_size=None, **conditions):
        """Log-likelihood, log p(x) = sum_d log p(x_d | x_<d), exact.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the head's levels.
            batch_size: examples of one call; None for all of them at once.
            **conditions: for a model that has them, see its `check_conditions`.
        Returns:
            `[batch]`, in nats, summed over dimensions.
        Raises:
            ValueError: x is no batch of examples (see `check_array`), or a bad condition.
        """
        x = self.check(x)
        conditions = self.check_conditions(tf.shape(x)[0], **conditions)
        return in_batches(
            lambda x, *values: self._log_prob(x, **dict(zip(conditions, values, strict=True))),
            batch_size,
            x,
            *conditions.values(),
        )

    @tf.function(reduce_retracing=True, autograph=False)
    def _log_prob(self, x, **conditions):
        return self.conditionals(x, **conditions).log_prob(x)

    def sample(self, num_samples, *, seed=None, **conditions):
        """Draws x ~ p(x), one dimension after the other.

        Args:
            num_samples: int or int32 scalar, at least 1.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
            **conditions: for a model that has them, see its `check_conditions`.
        Returns:
            `[num_samples, *event_shape]`, float32 in [0, 1], on the head's levels.
        Raises:
            ValueError: `num_samples` is below 1, `seed` is no seed, or a bad condition.
        """
        zeros = tf.zeros((check_count(num_samples, "num_samples"), math.prod(self.event_shape)))
        conditions = self.check_conditions(num_samples, **conditions)
        drawn = self.draw(self._uniforms(num_samples, seed), zeros, zeros, **conditions)
        return tf.reshape(drawn, (-1, *self.event_shape))

    def _uniforms(self, num_samples, seed):
        numbers = () if self.num_uniforms == 1 else (self.num_uniforms,)
        shape = (num_samples, math.prod(self.event_shape), *numbers)
        return tf.random.stateless_uniform(shape, self.seed_or_next(seed))

    def complete(self, x, mask, *, seed=None, **conditions):
        """Draws the masked-out dimensions of x from p(x_masked | x_kept), exactly.

        Exact means: every dimension that is kept comes before every one that is drawn.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the head's levels; whatever stands
                where the mask is 0 is not looked at.
            mask: 1 where x is kept and 0 where it is drawn, `[batch, *event_shape]` or
                `event_shape`.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
            **conditions: for a model that has them, see its `check_conditions`.
        Returns:
            `[batch, *event_shape]`, x where the mask is 1.
        Raises:
            ValueError: a mask with a kept dimension after a drawn one, or a bad x.
        """
        mask = np.asarray(mask).astype(bool)
        shape = np.shape(x)
        if mask.shape not in (shape, tuple(self.event_shape)):
            raise ValueError(
                f"expected mask of shape {tuple(self.event_shape)} or that of x."
                f" Received: shape {mask.shape}"
            )
        mask = np.broadcast_to(mask, shape)
        x = self.check(np.where(mask, x, np.float32(0)))
        self._check_order(mask.reshape(len(mask), -1))
        size = math.prod(self.event_shape)
        kept = tf.constant(mask.reshape(-1, size), tf.float32)
        uniforms = self._uniforms(len(mask), seed)
        conditions = self.check_conditions(len(mask), **conditions)
        drawn = self._draw_rest(uniforms, tf.reshape(x, (-1, size)), kept, **conditions)
        return tf.reshape(drawn, tf.shape(x))

    def _draw_rest(self, uniforms, x, mask, **conditions):
        """What `draw` does, given whatever `_check_order` lets through."""
        return self.draw(uniforms, x, mask, **conditions)

    def _check_order(self, mask):
        late = mask[:, 1:] & ~np.logical_and.accumulate(mask, axis=1)[:, :-1]
        if late.any():
            example, dimension = np.argwhere(late)[0]
            raise ValueError(
                f"expected a mask that keeps only dimensions before the first one drawn: "
                f"{type(self).__name__} generates in raster order, and has no exact conditional"
                f" otherwise. Received: example {example} keeps dimension {dimension + 1} after a"
                " drawn one"
            )

    def distribution(self, **conditions):
        """p(x), or p(x | h) of one condition h, as a `tfd.Distribution` with this model's weights.

        Args:
            **conditions: for a model that has them, see its `check_conditions`.
        """
        return AutoregressiveDistribution(self, **conditions)

    def signatures(self):
        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        draw = [
            tf.TensorSpec((), tf.int32, name="num_samples"),
            tf.TensorSpec((2,), tf.int32, name="seed"),
        ]
        return {
            "sample": (
                lambda num_samples, seed: {"samples": self.sample(num_samples, seed=seed)},
                draw,
            ),
            "log_prob": (lambda x: {"log_prob": self._log_prob(x)}, [x]),
        }
