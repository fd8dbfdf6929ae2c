"""The variational autoencoder (Kingma & Welling, 2014)."""

import math

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Phase, check_count, fold_in
from tfgen.core.arrays import in_batches
from tfgen.distributions import Bernoulli, Normal, StandardNormal, kl_estimate
from tfgen.latent.model import LatentModel
from tfgen.networks import mlp

tfd = tfp.distributions

# Importance samples of one step of the loop in `iwae_bound`: bounds its memory.
_SAMPLES_A_STEP = 100


class VAE(LatentModel):
    """p(x) = int p(z) p(x | z) dz, trained by a bound that an encoder q(z | x) makes tight.

    log p(x) >= E_q[log p(x | z)] - KL(q(z | x) || p(z))  (Kingma & Welling 2014, Eq. 3).

    Args:
        encoder: Keras model, `[batch, *event_shape]` to `[batch, 2 * dim]`, the mean and raw scale
            of each latent dimension side by side (see `tfgen.distributions.Normal`).
        decoder: Keras model, `[batch, dim]` to the parameters of the likelihood.
        prior: p(z): `StandardNormal(dim)`, or any other.
        likelihood: the head of p(x | z): `Bernoulli()`, or any other.
        beta: weight of the rate in the objective, 1 for the bound (Higgins et al. 2017, Eq. 4).
    Raises:
        ValueError: networks, prior and likelihood do not fit together, or beta is negative.
    """

    term_names = ("negative_elbo", "distortion", "rate")
    density = "bound"
    paper = "Kingma & Welling 2014"

    def __init__(self, *, encoder, decoder, prior, likelihood, beta=1.0, **kwargs):
        super().__init__(**kwargs)
        event_shape = tuple(encoder.input_shape[1:])
        _check_network("encoder", encoder, event_shape, (2 * prior.dim,))
        params = (*event_shape[:-1], likelihood.params_size(event_shape))
        _check_network("decoder", decoder, (prior.dim,), params)
        if not beta >= 0:
            raise ValueError(f"expected beta to be at least 0. Received: {beta}")
        self.encoder = encoder
        self.decoder = decoder
        self.prior = prior
        self.likelihood = likelihood
        self.beta = beta
        self.event_shape = event_shape
        self.levels = likelihood.levels
        self.posterior = Normal()

    @classmethod
    def default(cls, event_shape, latent_dim=20, hidden=(400,), likelihood=Bernoulli(), beta=1.0):
        """The paper's networks: perceptrons with one hidden layer.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            latent_dim: size of z.
            hidden: widths of the encoder's hidden layers; the decoder has them in reverse.
            likelihood: head of p(x | z).
            beta: weight of the rate.
        """
        event_shape = tuple(event_shape)
        params = (*event_shape[:-1], likelihood.params_size(event_shape))
        return cls(
            encoder=mlp(event_shape, hidden, (2 * latent_dim,), name="encoder"),
            decoder=mlp((latent_dim,), tuple(hidden)[::-1], params, name="decoder"),
            prior=StandardNormal(latent_dim),
            likelihood=likelihood,
            beta=beta,
        )

    def default_optimizers(self):
        return {"elbo": keras.optimizers.Adam(1e-3)}

    def phases(self):
        return (Phase("elbo", self.negative_elbo, (self.encoder, self.decoder)),)

    def q(self, x, training=False):
        """q(z | x), a diagonal normal (Eq. 9).

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
        Returns:
            `tfd.Independent` normal, batch shape `[batch]`, event shape `[dim]`.
        """
        return self.posterior(self.encoder(x, training=training))

    def p(self, z, training=False):
        """p(x | z).

        Args:
            z: `[..., dim]`, float32.
        Returns:
            The likelihood's distribution, batch shape `[...]`, event shape `event_shape`.
        """
        leading = tf.shape(z)[:-1]
        params = self.decoder(tf.reshape(z, (-1, self.prior.dim)), training=training)
        shape = tf.concat((leading, params.shape[1:]), axis=0)
        params = tf.ensure_shape(tf.reshape(params, shape), z.shape[:-1] + params.shape[1:])
        return self.likelihood(params, len(self.event_shape))

    def negative_elbo(self, x, training):
        """-ELBO, Eq. 3, by one sample of z; the rate in closed form where TFP has one (Eq. 7)."""
        q = self.q(x, training)
        z = q.sample(seed=self.next_seed())
        distortion = -tf.reduce_mean(self.p(z, training).log_prob(x))
        rate = tf.reduce_mean(kl_estimate(q, self.prior(), z))
        return {
            "negative_elbo": distortion + self.beta * rate,
            "distortion": distortion,
            "rate": rate,
        }

    def elbo(self, x, *, seed=None, batch_size=None):
        """A lower bound of log p(x): E_q[log p(x | z)] - KL(q || p), by one sample of z (Eq. 3).

        `beta` plays no part: this is the bound, whatever was trained.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch]`, in nats, summed over dimensions; an unbiased estimate of the bound.
        Raises:
            ValueError: x is no batch of examples (see `check_array`).
        """
        return self._seeded_batches(self._elbo, self.check(x), seed, batch_size)

    @tf.function(reduce_retracing=True, autograph=False)
    def _elbo(self, x, seed):
        q = self.q(x)
        z = q.sample(seed=seed)
        return self.p(z).log_prob(x) - kl_estimate(q, self.prior(), z)

    def iwae_bound(self, x, num_samples, *, seed=None, batch_size=None):
        """A tighter bound: log (1/k) sum_i p(x, z_i) / q(z_i | x), z_i ~ q (Burda et al. 2016).

        Its mean grows with k = num_samples, from the ELBO to log p(x) (their Eq. 8, Theorem 1).

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            num_samples: k, at least 1.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch]`, in nats, summed over dimensions.
        Raises:
            ValueError: x is no batch of examples (see `check_array`), or num_samples below 1.
        """
        check_count(num_samples, "num_samples")
        bound = lambda x, seed: self._iwae_bound(x, num_samples, seed)
        return self._seeded_batches(bound, self.check(x), seed, batch_size)

    @tf.function(reduce_retracing=True, autograph=False)
    def _iwae_bound(self, x, num_samples, seed):
        q = self.q(x)
        size = min(num_samples, _SAMPLES_A_STEP)

        def log_weights(step):
            z = q.sample(size, seed=fold_in(seed, step))
            log_weight = self.p(z).log_prob(x) + self.prior().log_prob(z) - q.log_prob(z)
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

    def _seeded_batches(self, function, x, seed, batch_size):
        """`function(x, seed)` by batches, each with a seed of its own."""
        seed = self.seed_or_next(seed)
        if batch_size is None:
            return function(x, seed)
        counter = iter(range(len(x)))
        return in_batches(lambda x: function(x, fold_in(seed, next(counter))), batch_size, x)

    def signatures(self):
        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        seed = tf.TensorSpec((2,), tf.int32, name="seed")
        elbo = (lambda x, seed: {"elbo": self._elbo(x, seed)}, [x, seed])
        return {**super().signatures(), "elbo": elbo}


def _check_network(name, network, input_shape, output_shape):
    shapes = tuple(network.input_shape[1:]), tuple(network.output_shape[1:])
    if shapes != (tuple(input_shape), tuple(output_shape)):
        raise ValueError(
            f"expected the {name} to map {tuple(input_shape)} to {tuple(output_shape)}."
            f" Received: {shapes[0]} to {shapes[1]}"
        )
