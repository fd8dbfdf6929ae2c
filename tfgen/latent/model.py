"""The wing's contract: z from x, x from z, and the joint distribution of both."""

import abc
import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import check_count, example_seeds, normal_by_example
from tfgen.core.arrays import in_batches
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.distributions import kl_estimate, reparameterize, sample_and_log_prob
from tfgen.latent.prior_sampling import PriorSamplingModel

tfd = tfp.distributions

# Importance samples of one step of the loop in `iwae_bound`: bounds its memory.
_SAMPLES_A_STEP = 100


class LatentModel(PriorSamplingModel):
    """A model of x by way of z: a prior p(z), a decoder p(x | z), an encoder q(z | x).

    A family supplies `q(x, given, training)`, stores `prior`, `decoder` and `likelihood`, and has
    phases. Its density is bounded: log p(x) >= ELBO(x).
    """

    density = "bound"

    @abc.abstractmethod
    def q(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """The encoder's distribution q(z | x), batch shape `[batch]`, event shape `[dim]`."""

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

    def draw_prior(
        self, num_samples: int | tf.Tensor, seed: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        """z ~ p(z), whatever the conditions: `[num_samples, dim]`."""
        return self.prior_distribution().sample(num_samples, seed=seed)

    def joint(self, *, condition: ArrayLike | None = None) -> tfd.JointDistributionNamed:
        """p(z, x) = p(z) p(x | z), a `tfd.JointDistributionNamed` over "z" and "x".

        Args:
            condition: for a model that has one: one condition y, and the joint is p(z, x | y).
        """
        given = self.read_condition(condition, 1)
        return tfd.JointDistributionNamed(
            {"z": self.prior_distribution(), "x": lambda z: self.p(z, given)}, batch_ndims=0
        )

    def elbo(
        self,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """A lower bound of log p(x): E_q[log p(x | z)] - KL(q || p), by one sample of z (Eq. 3).

        The objective plays no part: this is the bound, whatever was trained. Each example has draws
        of its own, so that `batch_size` changes nothing.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            condition: for a model that has one: one for each example, or one for all.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch]`, in nats, summed over dimensions; an unbiased estimate of the bound.
        Raises:
            ValueError: x is no batch of examples (see `check_array`), or a bad condition.
        """
        return self._bound(self._elbo, x, condition, seed, batch_size)

    @tf.function(reduce_retracing=True, autograph=False)
    def _elbo(self, x, seeds, given):
        q = self.q(x, given)
        z, log_q = sample_and_log_prob(q, normal_by_example(seeds, (self.latent_dim,)))
        rate = kl_estimate(q, self.prior_distribution(), z, log_q)
        return self.p(z, given).log_prob(x) - rate

    def iwae_bound(
        self,
        x: ArrayLike,
        num_samples: int,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """A tighter bound: log (1/k) sum_i p(x, z_i) / q(z_i | x), z_i ~ q (Burda et al. 2016).

        Its mean grows with k = num_samples, from the ELBO to log p(x) (their Eq. 8, Theorem 1).

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            num_samples: k, at least 1.
            condition: for a model that has one: one for each example, or one for all.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch]`, in nats, summed over dimensions.
        Raises:
            ValueError: x is no batch of examples (see `check_array`), num_samples below 1, or a
                bad condition.
        """
        check_count(num_samples, "num_samples")
        bound = lambda x, seeds, given: self._iwae_bound(x, num_samples, seeds, given)
        return self._bound(bound, x, condition, seed, batch_size)

    @tf.function(reduce_retracing=True, autograph=False)
    def _iwae_bound(self, x, num_samples, seeds, given):
        q = self.q(x, given)
        size = min(num_samples, _SAMPLES_A_STEP)

        def log_weights(step):
            draws = normal_by_example(seeds, (size, self.latent_dim), step)
            z, log_q = sample_and_log_prob(q, tf.transpose(draws, (1, 0, 2)))
            log_weight = self.log_joint(z, x, given) - log_q
            # The last step may draw more than is left; the surplus gets no weight.
            drawn = (step * size + tf.range(size))[:, tf.newaxis] < num_samples
            return tf.where(drawn, log_weight, -math.inf)

        def body(step, total):
            latest = tf.reduce_logsumexp(log_weights(step), axis=0)
            return step + 1, tf.reduce_logsumexp(tf.stack((total, latest)), axis=0)

        steps = -(-num_samples // size)
        # A tensor, as in the loop: what draws is compiled once for both.
        start = (1, tf.reduce_logsumexp(log_weights(tf.constant(0)), axis=0))
        _, total = tf.while_loop(lambda step, _: step < steps, body, start, parallel_iterations=1)
        return total - math.log(num_samples)

    def _bound(self, function, x, condition, seed, batch_size):
        """`function(x, seeds, given)` by batches, each example with a seed of its own."""
        x = self.check(x)
        given = self.read_condition(condition, tf.shape(x)[0])
        seeds = example_seeds(self.seed_or_next(seed), tf.shape(x)[0])
        return in_batches(function, batch_size, x, seeds, given)

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        def elbo(x, seed, condition=None):
            return {"elbo": self.elbo(x, seed=seed, condition=condition)}

        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        seed = tf.TensorSpec((2,), tf.int32, name="seed")
        return {**super().signatures(), "elbo": (elbo, [x, seed, *self.condition_specs()])}
