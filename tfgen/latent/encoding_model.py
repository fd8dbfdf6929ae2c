"""Models with an encoder and a decoder: z from x, x from z."""

import abc
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import GenerativeModel, check_array
from tfgen.core.arrays import in_batches
from tfgen.core.typing import ArrayLike
from tfgen.networks import over_leading_axes

tfd = tfp.distributions


class EncodingModel(GenerativeModel):
    """A code z for every x, and an x for every code.

    A family supplies `encode_mean(x, given, training)` and `latent_dim`, and stores the network
    `decoder` and the `likelihood` whose parameters it gives.

    Attributes:
        codes_take_condition: whether encoder and decoder read the condition of a model that has
            one; if not, `encode`, `decode` and `reconstruct` take none.
    """

    codes_take_condition = True

    @property
    @abc.abstractmethod
    def latent_dim(self) -> int:
        """Size of z."""

    @abc.abstractmethod
    def encode_mean(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The code of x; its mean, where the encoder gives a distribution.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            given: what the networks read of the conditions, `[batch, ...]`.
            training: whether the networks run as in training.
        Returns:
            `[batch, latent_dim]`, float32.
        """

    def p(
        self, z: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """p(x | z).

        Args:
            z: `[..., latent_dim]`, float32.
            given: what the decoder reads of the conditions, `[batch, ...]`, where batch is the
                last axis of z before latent_dim, or 1.
            training: whether the network runs as in training.
        Returns:
            The likelihood's distribution, batch shape `[...]`, event shape `event_shape`.
        """
        params = over_leading_axes(self.decoder, z, given, training)
        return self.likelihood(params, len(self.event_shape))

    def decode_mean(
        self, z: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The mean of p(x | z), continuous images clipped to [0, 1] (see `in_range`)."""
        return self.in_range(self.p(z, given, training).mean())

    def encode(
        self, x: ArrayLike, *, condition: ArrayLike | None = None, batch_size: int | None = None
    ) -> tf.Tensor:
        """The code of x, its features: the mean of q(z | x).

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            condition: for a model that has one: one for each example, or one for all.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch, latent_dim]`, float32.
        Raises:
            ValueError: x is no batch of examples (see `check_array`), or a bad condition.
        """
        x = self.check(x)
        return in_batches(self._encode, batch_size, x, self._read(condition, tf.shape(x)[0]))

    def decode(
        self, z: ArrayLike, *, condition: ArrayLike | None = None, batch_size: int | None = None
    ) -> tf.Tensor:
        """The mean of p(x | z).

        Args:
            z: `[batch, latent_dim]`, float32.
            condition: for a model that has one: one for each example, or one for all.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: z is no batch of codes, or a bad condition.
        """
        z = check_array(z, (self.latent_dim,), name="z")
        return in_batches(self._decode, batch_size, z, self._read(condition, tf.shape(z)[0]))

    def reconstruct(
        self, x: ArrayLike, *, condition: ArrayLike | None = None, batch_size: int | None = None
    ) -> tf.Tensor:
        """The mean of p(x | z) at the code z of x.

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
        return in_batches(self._reconstruct, batch_size, x, self._read(condition, tf.shape(x)[0]))

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """The reconstruction: the mean of p(x | z) at the code z of x.

        Args:
            inputs: x, `[batch, *event_shape]`; or `(x, condition)` for a model that has one, which
                need not be there where codes take none.
            training: whether the networks run as in training.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        """
        if self.codes_take_condition:
            x, given = self.read_inputs(inputs)
        else:
            x, given = inputs[0] if isinstance(inputs, (list, tuple)) else inputs, None
        return self.decode_mean(self.encode_mean(x, given, training), given, training)

    def _read(self, condition, num_examples):
        if self.codes_take_condition:
            return self.read_condition(condition, num_examples)
        if condition is not None:
            raise ValueError(
                f"expected no condition: the codes of {type(self).__name__} do not depend on it."
                f" Received: condition={condition!r}"
            )
        return None

    @tf.function(reduce_retracing=True, autograph=False)
    def _encode(self, x, given):
        return self.encode_mean(x, given)

    @tf.function(reduce_retracing=True, autograph=False)
    def _decode(self, z, given):
        return self.decode_mean(z, given)

    @tf.function(reduce_retracing=True, autograph=False)
    def _reconstruct(self, x, given):
        return self.decode_mean(self.encode_mean(x, given), given)

    def in_range(self, x: tf.Tensor) -> tf.Tensor:
        """Images of a continuous likelihood, which knows no bounds, clipped to [0, 1]."""
        if self.levels is None and len(self.event_shape) == 3:
            return tf.clip_by_value(x, 0.0, 1.0)
        return x

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        z = tf.TensorSpec((None, self.latent_dim), tf.float32, name="z")
        condition = self.condition_specs() if self.codes_take_condition else []

        def encode(x, condition=None):
            return {"z": self.encode(x, condition=condition)}

        def decode(z, condition=None):
            return {"x": self.decode(z, condition=condition)}

        def reconstruct(x, condition=None):
            return {"x": self.reconstruct(x, condition=condition)}

        return {
            "encode": (encode, [x, *condition]),
            "decode": (decode, [z, *condition]),
            "reconstruct": (reconstruct, [x, *condition]),
        }
