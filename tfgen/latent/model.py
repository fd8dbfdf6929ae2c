"""The wing's contract: z from x, x from z, and the joint distribution of both."""

import abc

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import GenerativeModel, check_array, check_count
from tfgen.core.arrays import in_batches

tfd = tfp.distributions


class LatentModel(GenerativeModel):
    """A model of x by way of z: a prior p(z), a decoder p(x | z), an encoder q(z | x).

    A family supplies `q(x, training)`, `p(z, training)`, `prior` and its objective.
    """

    @abc.abstractmethod
    def q(self, x, training=False):
        """The encoder's distribution q(z | x), batch shape `[batch]`, event shape `[dim]`."""

    @abc.abstractmethod
    def p(self, z, training=False):
        """The decoder's distribution p(x | z) for z of `[..., dim]`, batch shape `[...]`."""

    def encode(self, x, batch_size=None):
        """The mean of q(z | x): the features of x.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch, dim]`, float32.
        Raises:
            ValueError: x is no batch of examples (see `check_array`).
        """
        return in_batches(self._encode, batch_size, self.check(x))

    def decode(self, z, batch_size=None):
        """The mean of p(x | z).

        Args:
            z: `[batch, dim]`, float32.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: z is no batch of codes.
        """
        return in_batches(self._decode, batch_size, check_array(z, (self.prior.dim,), name="z"))

    def reconstruct(self, x, batch_size=None):
        """The mean of p(x | z) at the mean z of q(z | x).

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: x is no batch of examples (see `check_array`).
        """
        return in_batches(self._reconstruct, batch_size, self.check(x))

    def call(self, x, training=False):
        """The reconstruction: the mean of p(x | z) at the mean z of q(z | x), `[batch, ...]`."""
        return self._in_range(self.p(self.q(x, training).mean(), training).mean())

    @tf.function(reduce_retracing=True, autograph=False)
    def _encode(self, x):
        return self.q(x).mean()

    @tf.function(reduce_retracing=True, autograph=False)
    def _decode(self, z):
        return self._in_range(self.p(z).mean())

    @tf.function(reduce_retracing=True, autograph=False)
    def _reconstruct(self, x):
        return self(x)

    def sample(self, num_samples, *, seed=None):
        """Draws z ~ p(z), then x ~ p(x | z).

        Args:
            num_samples: int or int32 scalar, at least 1.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
        Returns:
            `[num_samples, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: `num_samples` is below 1, or `seed` is no seed.
        """
        check_count(num_samples, "num_samples")
        return self._sample(tf.cast(num_samples, tf.int32), self.seed_or_next(seed))

    @tf.function(reduce_retracing=True, autograph=False)
    def _sample(self, num_samples, seed):
        seeds = tfp.random.split_seed(seed, n=2)
        z = self.prior().sample(num_samples, seed=seeds[0])
        return self._in_range(self.p(z).sample(seed=seeds[1]))

    def _in_range(self, x):
        """Images of a continuous likelihood, which knows no bounds, clipped to [0, 1]."""
        if self.levels is None and len(self.event_shape) == 3:
            return tf.clip_by_value(x, 0.0, 1.0)
        return x

    def joint(self):
        """p(z, x) = p(z) p(x | z), a `tfd.JointDistributionNamed` over "z" and "x"."""
        return tfd.JointDistributionNamed(
            {"z": self.prior(), "x": lambda z: self.p(z)}, batch_ndims=0
        )

    def signatures(self):
        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        z = tf.TensorSpec((None, self.prior.dim), tf.float32, name="z")
        draw = [
            tf.TensorSpec((), tf.int32, name="num_samples"),
            tf.TensorSpec((2,), tf.int32, name="seed"),
        ]
        return {
            "sample": (
                lambda num_samples, seed: {"samples": self._sample(num_samples, seed)},
                draw,
            ),
            "encode": (lambda x: {"z": self._encode(x)}, [x]),
            "decode": (lambda z: {"x": self._decode(z)}, [z]),
            "reconstruct": (lambda x: {"x": self._reconstruct(x)}, [x]),
        }
