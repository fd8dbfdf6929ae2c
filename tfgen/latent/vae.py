"""The variational autoencoder (Kingma & Welling, 2014)."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import (
    Adam,
    Condition,
    Phase,
    check_count,
    example_seeds,
    normal_by_example,
)
from tfgen.core.arrays import in_batches
from tfgen.core.size_checks import check_not_negative, check_sizes
from tfgen.core.typing import ArrayLike, SeedLike, ShapeLike
from tfgen.distributions import (
    Bernoulli,
    Head,
    Normal,
    Prior,
    StandardNormal,
    kl_estimate,
    reparameterize,
)
from tfgen.latent.model import LatentModel
from tfgen.networks import check_network, mlp, network_inputs

tfd = tfp.distributions

# Importance samples of one step of the loop in `iwae_bound`: bounds its memory.
_SAMPLES_A_STEP = 100


class VAE(LatentModel):
    """p(x) = int p(z) p(x | z) dz, trained by a bound that an encoder q(z | x) makes tight.

    log p(x) >= E_q[log p(x | z)] - KL(q(z | x) || p(z))  (Kingma & Welling 2014, Eq. 3). With a
    condition y, both networks read it beside x or z, and all of this is given y: p(x | y) =
    int p(z) p(x | z, y) dz (Sohn et al. 2015, with a prior that does not depend on y).

    Args:
        encoder: Keras model, `[batch, *event_shape]` to `[batch, 2 * dim]`, the mean and raw scale
            of each latent dimension side by side (see `tfgen.distributions.Normal`).
        decoder: Keras model, `[batch, dim]` to the parameters of the likelihood.
        prior: p(z): `StandardNormal(dim)`, or any other.
        likelihood: the head of p(x | z): `Bernoulli()`, or any other.
        beta: weight of the rate in the objective, 1 for the bound (Higgins et al. 2017, Eq. 4).
        condition: what y is; both networks then have it as their second input. None for p(x).
    Raises:
        ValueError: networks, prior, likelihood and condition do not fit together, or beta is
            negative.

    Example:
        >>> model = VAE.default((4, 4, 1), latent_dim=2, hidden=(8,))
        >>> model.sample(3, seed=0).shape
        TensorShape([3, 4, 4, 1])
        >>> x = tf.round(model.sample(5, seed=1))
        >>> np.allclose(model.elbo(x, seed=0), model.elbo(x, seed=0, batch_size=2))
        True
    """

    term_names = ("negative_elbo", "distortion", "rate")
    density = "bound"
    takes_condition = True
    paper = "Kingma & Welling 2014"

    def __init__(
        self,
        *,
        encoder: keras.Model,
        decoder: keras.Model,
        prior: Prior,
        likelihood: Head,
        beta: float = 1.0,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition=condition, **kwargs)
        event_shape = tuple(encoder.inputs[0].shape[1:])
        check_network("encoder", encoder, event_shape, (2 * prior.dim,), condition)
        params = (*event_shape[:-1], likelihood.params_size(event_shape))
        check_network("decoder", decoder, (prior.dim,), params, condition)
        self.encoder = encoder
        self.decoder = decoder
        self.prior = prior
        self.likelihood = likelihood
        self.beta = check_not_negative(beta, "beta")
        self.event_shape = event_shape
        self.levels = likelihood.levels
        self.posterior = Normal()

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        latent_dim: int = 20,
        hidden: Sequence[int] = (400,),
        likelihood: Head = Bernoulli(),
        beta: float = 1.0,
        prior: Prior | None = None,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> Self:
        """The paper's networks: perceptrons with one hidden layer.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            latent_dim: size of z, where the prior does not say it.
            hidden: widths of the encoder's hidden layers; the decoder has them in reverse.
            likelihood: head of p(x | z).
            beta: weight of the rate.
            prior: p(z); None for `StandardNormal(latent_dim)`.
            condition: what y is; None for p(x).
            **kwargs: the constructor's other arguments.
        """
        check_sizes(latent_dim=latent_dim)
        event_shape = tuple(event_shape)
        prior = StandardNormal(latent_dim) if prior is None else prior
        params = (*event_shape[:-1], likelihood.params_size(event_shape))
        return cls(
            encoder=mlp(event_shape, hidden, (2 * prior.dim,), name="encoder", condition=condition),
            decoder=mlp((prior.dim,), hidden[::-1], params, name="decoder", condition=condition),
            prior=prior,
            likelihood=likelihood,
            beta=beta,
            condition=condition,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        return {"elbo": Adam(1e-3)}

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("elbo", self.negative_elbo, (self.encoder, self.decoder)),)

    def q(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Independent:
        """q(z | x), a diagonal normal (Eq. 9).

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            given: what the networks read of the conditions, `[batch, ...]`.
            training: whether the network runs as in training.
        Returns:
            `tfd.Independent` normal, batch shape `[batch]`, event shape `[dim]`.
        """
        return self.posterior(self.encoder(network_inputs(x, given), training=training))

    def p(
        self, z: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """p(x | z).

        Args:
            z: `[..., dim]`, float32.
            given: what the networks read of the conditions, `[batch, ...]`, where batch is the
                last axis of z before dim, or 1.
            training: whether the network runs as in training.
        Returns:
            The likelihood's distribution, batch shape `[...]`, event shape `event_shape`.
        """
        leading = tf.shape(z)[:-1]
        if given is not None:
            shape = given.shape[1:]
            # A lone z, as a joint distribution draws it, has no batch axis.
            given = given[0] if z.shape.rank == 1 else given
            given = tf.broadcast_to(given, tf.concat((leading, shape), axis=0))
            given = tf.reshape(given, (-1, *shape))
        flat = tf.reshape(z, (-1, self.prior.dim))
        params = self.decoder(network_inputs(flat, given), training=training)
        shape = tf.concat((leading, params.shape[1:]), axis=0)
        params = tf.ensure_shape(tf.reshape(params, shape), z.shape[:-1] + params.shape[1:])
        return self.likelihood(params, len(self.event_shape))

    def negative_elbo(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """-ELBO, Eq. 3, by one sample of z; the rate in closed form where TFP has one (Eq. 7)."""
        x, *given = batch
        q = self.q(x, *given, training=training)
        z = q.sample(seed=seed)
        distortion = -tf.reduce_mean(self.p(z, *given, training=training).log_prob(x))
        rate = tf.reduce_mean(kl_estimate(q, self.prior(), z))
        return {
            "negative_elbo": distortion + self.beta * rate,
            "distortion": distortion,
            "rate": rate,
        }

    def elbo(
        self,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """A lower bound of log p(x): E_q[log p(x | z)] - KL(q || p), by one sample of z (Eq. 3).

        `beta` plays no part: this is the bound, whatever was trained. Each example has draws of
        its own, so that `batch_size` changes nothing.

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
        z = reparameterize(q, normal_by_example(seeds, (self.prior.dim,)))
        return self.p(z, given).log_prob(x) - kl_estimate(q, self.prior(), z)

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
            draws = normal_by_example(seeds, (size, self.prior.dim), step)
            z = reparameterize(q, tf.transpose(draws, (1, 0, 2)))
            log_weight = self.p(z, given).log_prob(x) + self.prior().log_prob(z) - q.log_prob(z)
            # The last step may draw more than is left; the surplus gets no weight.
            drawn = (step * size + tf.range(size))[:, tf.newaxis] < num_samples
            return tf.where(drawn, log_weight, -math.inf)

        def body(step, total):
            latest = tf.reduce_logsumexp(log_weights(step), axis=0)
            return step + 1, tf.reduce_logsumexp(tf.stack((total, latest)), axis=0)

        steps = -(-num_samples // size)
        start = (1, tf.reduce_logsumexp(log_weights(0), axis=0))
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
