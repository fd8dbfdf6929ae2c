"""The wing's contract: z from x, x from z, and the joint distribution of both."""

import abc
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import SamplingModel, check_array, split_seed
from tfgen.core.arrays import in_batches
from tfgen.core.typing import ArrayLike

tfd = tfp.distributions


class LatentModel(SamplingModel):
    """A model of x by way of z: a prior p(z), a decoder p(x | z), an encoder q(z | x).

    A family supplies `q(x, given, training)`, `p(z, given, training)`, `prior` and its objective.
    """

    @abc.abstractmethod
    def q(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """The encoder's distribution q(z | x), batch shape `[batch]`, event shape `[dim]`."""

    @abc.abstractmethod
    def p(
        self, z: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """The decoder's distribution p(x | z) for z of `[..., dim]`, batch shape `[...]`."""

    def encode(
        self, x: ArrayLike, *, condition: ArrayLike | None = None, batch_size: int | None = None
    ) -> tf.Tensor:
        """The mean of q(z | x): the features of x.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            condition: for a model that has one: one for each example, or one for all.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch, dim]`, float32.
        Raises:
            ValueError: x is no batch of examples (see `check_array`), or a bad condition.
        """
        x = self.check(x)
        return in_batches(
            self._encode, batch_size, x, self.read_condition(condition, tf.shape(x)[0])
        )

    def decode(
        self, z: ArrayLike, *, condition: ArrayLike | None = None, batch_size: int | None = None
    ) -> tf.Tensor:
        """The mean of p(x | z).

        Args:
            z: `[batch, dim]`, float32.
            condition: for a model that has one: one for each example, or one for all.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: z is no batch of codes, or a bad condition.
        """
        z = check_array(z, (self.prior.dim,), name="z")
        return in_batches(
            self._decode, batch_size, z, self.read_condition(condition, tf.shape(z)[0])
        )

    def reconstruct(
        self, x: ArrayLike, *, condition: ArrayLike | None = None, batch_size: int | None = None
    ) -> tf.Tensor:
        """The mean of p(x | z) at the mean z of q(z | x).

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            condition: for a model that has one: one for each example, or one for all.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: x is no batch of examples (see `check_array`), or a bad condition.
        """
        x = self.check(x)
        return in_batches(
            self._reconstruct, batch_size, x, self.read_condition(condition, tf.shape(x)[0])
        )

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """The reconstruction: the mean of p(x | z) at the mean z of q(z | x).

        Args:
            inputs: x, `[batch, *event_shape]`; or `(x, condition)` for a model that has one.
            training: whether the networks run as in training.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        """
        x, given = self.read_inputs(inputs)
        return self._reconstruction(x, given, training)

    def _reconstruction(self, x, given, training=False):
        z = self.q(x, given, training).mean()
        return self._in_range(self.p(z, given, training).mean())

    @tf.function(reduce_retracing=True, autograph=False)
    def _encode(self, x, given):
        return self.q(x, given).mean()

    @tf.function(reduce_retracing=True, autograph=False)
    def _decode(self, z, given):
        return self._in_range(self.p(z, given).mean())

    @tf.function(reduce_retracing=True, autograph=False)
    def _reconstruct(self, x, given):
        return self._reconstruction(x, given)

    def generate(
        self, num_samples: int | tf.Tensor, seed: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Draws z ~ p(z), then x ~ p(x | z)."""
        return self._generate(tf.cast(num_samples, tf.int32), seed, given)

    @tf.function(reduce_retracing=True, autograph=False)
    def _generate(self, num_samples, seed, given):
        z_seed, x_seed = split_seed(seed, 2)
        z = self.prior().sample(num_samples, seed=z_seed)
        return self._in_range(self.p(z, given).sample(seed=x_seed))

    def _in_range(self, x):
        """Images of a continuous likelihood, which knows no bounds, clipped to [0, 1]."""
        if self.levels is None and len(self.event_shape) == 3:
            return tf.clip_by_value(x, 0.0, 1.0)
        return x

    def joint(self, *, condition: ArrayLike | None = None) -> tfd.JointDistributionNamed:
        """p(z, x) = p(z) p(x | z), a `tfd.JointDistributionNamed` over "z" and "x".

        Args:
            condition: for a model that has one: one condition y, and the joint is p(z, x | y).
        """
        given = self.read_condition(condition, 1)
        return tfd.JointDistributionNamed(
            {"z": self.prior(), "x": lambda z: self.p(z, given)}, batch_ndims=0
        )

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        z = tf.TensorSpec((None, self.prior.dim), tf.float32, name="z")
        condition = self.condition_specs()

        def encode(x, condition=None):
            return {"z": self.encode(x, condition=condition)}

        def decode(z, condition=None):
            return {"x": self.decode(z, condition=condition)}

        def reconstruct(x, condition=None):
            return {"x": self.reconstruct(x, condition=condition)}

        return {
            **super().signatures(),
            "encode": (encode, [x, *condition]),
            "decode": (decode, [z, *condition]),
            "reconstruct": (reconstruct, [x, *condition]),
        }
