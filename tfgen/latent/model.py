"""The wing's contract: z from x, x from z, and the joint distribution of both."""

import abc
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import SamplingModel, split_seed
from tfgen.core.typing import ArrayLike
from tfgen.distributions import reparameterize
from tfgen.latent.encoding_model import EncodingModel

tfd = tfp.distributions


class LatentModel(EncodingModel, SamplingModel):
    """A model of x by way of z: a prior p(z), a decoder p(x | z), an encoder q(z | x).

    A family supplies `q(x, given, training)`, `p(z, given, training)`, `prior` and its phases.
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

    @property
    def latent_dim(self) -> int:
        return self.prior.dim

    def prior_distribution(self, training: bool = False) -> tfd.Distribution:
        """p(z), event shape `[dim]`.

        Args:
            training: whether networks that it is made of run as in training.
        """
        return self.prior(lambda x: self.q(x, training=training))

    def log_joint(self, z: tf.Tensor, x: tf.Tensor, given: tf.Tensor | None = None) -> tf.Tensor:
        """log p(z) + log p(x | z).

        Args:
            z: `[..., batch, dim]`, float32.
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            given: what the networks read of the conditions, `[batch, ...]`.
        Returns:
            `[..., batch]`, in nats.
        """
        return self.prior_distribution().log_prob(z) + self.p(z, given).log_prob(x)

    def encode_mean(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The centre of q(z | x), its mean where q is normal (see `reparameterize`)."""
        q = self.q(x, given, training)
        return reparameterize(q, tf.zeros((tf.shape(x)[0], self.latent_dim)))

    def decode_mean(
        self, z: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The mean of p(x | z), continuous images clipped to [0, 1]."""
        return self.in_range(self.p(z, given, training).mean())

    def generate(
        self, num_samples: int | tf.Tensor, seed: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Draws z ~ p(z), then x ~ p(x | z)."""
        return self._generate(tf.cast(num_samples, tf.int32), seed, given)

    @tf.function(reduce_retracing=True, autograph=False)
    def _generate(self, num_samples, seed, given):
        z_seed, x_seed = split_seed(seed, 2)
        z = self.prior_distribution().sample(num_samples, seed=z_seed)
        return self.in_range(self.p(z, given).sample(seed=x_seed))

    def joint(self, *, condition: ArrayLike | None = None) -> tfd.JointDistributionNamed:
        """p(z, x) = p(z) p(x | z), a `tfd.JointDistributionNamed` over "z" and "x".

        Args:
            condition: for a model that has one: one condition y, and the joint is p(z, x | y).
        """
        given = self.read_condition(condition, 1)
        return tfd.JointDistributionNamed(
            {"z": self.prior_distribution(), "x": lambda z: self.p(z, given)}, batch_ndims=0
        )

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        return {**SamplingModel.signatures(self), **EncodingModel.signatures(self)}
