"""What a latent-variable model minimises: bounds of -log p(x), as values."""

import abc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured, check_count
from tfgen.core.size_checks import check_not_negative, check_sizes
from tfgen.distributions import kl_terms, reparameterize, sample_and_log_prob

if TYPE_CHECKING:
    from tfgen.latent.vae import VAE


class Objective(Configured, abc.ABC):
    """What is minimised, and what is reported beside it.

    An objective does not change: training is compiled with what it says. Another one is
    `model.objective = ...`.

    Attributes:
        term_names: names of the terms, in order; the first tells how good the model is.
    """

    term_names: tuple[str, ...] = ("negative_elbo", "distortion", "rate")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in vars(self):
            raise AttributeError(
                f"expected a new {type(self).__name__}, as an objective does not change."
                f" Received: {name}={value!r}"
            )
        super().__setattr__(name, value)

    def check_model(self, model: "VAE") -> None:
        """Checks that a model can be trained by it.

        Raises:
            ValueError: it cannot.
        """

    @abc.abstractmethod
    def __call__(
        self,
        model: "VAE",
        x: tf.Tensor,
        given: tf.Tensor | None,
        seed: tf.Tensor,
        training: bool,
    ) -> dict[str, tf.Tensor]:
        """What a phase's loss returns (see `Phase`).

        Args:
            model: gives q(z | x), p(z) and p(x | z).
            x: `[batch, *event_shape]`.
            given: what the networks read of the conditions, `[batch, ...]`, or None.
            seed: of the draws, int32 `(2,)`.
            training: whether the networks run as in training.
        """


class LinearWarmUp(Configured):
    """A weight that grows evenly, from `start` to `end` in `num_steps` training steps.

    The warm-up of the rate in Sonderby et al. (2016), section 2.3.

    Args:
        num_steps: at least 1.
        start, end: weights, not negative.
    Raises:
        ValueError: wrong arguments.
    """

    def __init__(self, num_steps: int, start: float = 0.0, end: float = 1.0) -> None:
        self.num_steps = check_count(num_steps, "num_steps")
        self.start = check_not_negative(start, "start")
        self.end = check_not_negative(end, "end")

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The weight after `step` training steps, a float32 scalar."""
        fraction = tf.minimum(1.0, tf.cast(step, tf.float32) / self.num_steps)
        return self.start + (self.end - self.start) * fraction


class ELBO(Objective):
    """distortion + beta * rate: -E_q[log p(x | z)] + beta KL(q(z | x) || p(z)).

    One sample of z; with beta = 1 it is the negative evidence lower bound, Kingma & Welling (2014),
    Eq. 3. Another beta is that of Higgins et al. (2017), Eq. 4. `negative_elbo` is the bound,
    distortion + rate, whatever beta is.

    Args:
        beta: weight of the rate: a number, or a schedule of it, such as `LinearWarmUp(10_000)` or
            one of Keras's for learning rates. A schedule reads the model's `steps_seen`, which is
            saved with it: a resumed training goes on where it was.
        free_bits: nats of each part of the rate that cost no more than they would cost at most:
            max(free_bits, mean of the part over the batch), Kingma et al. (2016), Eq. 15. The parts
            are those of `kl_terms`: latent dimensions, or layers.
    Raises:
        ValueError: a number that is negative or not finite.
    """

    def __init__(
        self,
        beta: float
        | LinearWarmUp
        | keras.optimizers.schedules.LearningRateSchedule
        | Callable[[tf.Tensor], tf.Tensor] = 1.0,
        free_bits: float = 0.0,
    ) -> None:
        self.beta = beta if callable(beta) else check_not_negative(beta, "beta")
        self.free_bits = check_not_negative(free_bits, "free_bits")

    def __call__(
        self,
        model: "VAE",
        x: tf.Tensor,
        given: tf.Tensor | None,
        seed: tf.Tensor,
        training: bool,
    ) -> dict[str, tf.Tensor]:
        q = model.q(x, given, training)
        z, log_q = sample_and_log_prob(q, model.latent_draws(x, seed))
        distortion = -tf.reduce_mean(model.p(z, given, training).log_prob(x))
        rates = tf.reduce_mean(kl_terms(q, model.prior_distribution(training), z, log_q), axis=0)
        rate = tf.reduce_sum(rates)
        paid = tf.reduce_sum(tf.maximum(rates, self.free_bits)) if self.free_bits else rate
        beta = self.beta(model.steps_seen.value) if callable(self.beta) else self.beta
        return {
            "loss": distortion + beta * paid,
            "negative_elbo": distortion + rate,
            "distortion": distortion,
            "rate": rate,
        }


class IWAE(Objective):
    """-E[log (1/k) sum_i w_i], w_i = p(x, z_i) / q(z_i | x), z_i ~ q: Burda et al. (2016), Eq. 8.

    The terms `negative_elbo`, `distortion` and `rate` are means over the k samples.

    Args:
        num_samples: k, at least 1.
    Raises:
        ValueError: `num_samples` below 1.
    """

    term_names = ("negative_iwae_bound", "negative_elbo", "distortion", "rate")

    def __init__(self, num_samples: int) -> None:
        check_sizes(num_samples=num_samples)
        self.num_samples = num_samples

    def __call__(
        self,
        model: "VAE",
        x: tf.Tensor,
        given: tf.Tensor | None,
        seed: tf.Tensor,
        training: bool,
    ) -> dict[str, tf.Tensor]:
        q = model.q(x, given, training)
        z, log_q = sample_and_log_prob(q, model.latent_draws(x, seed, self.num_samples))
        log_likelihood = model.p(z, given, training).log_prob(x)
        log_ratio = log_q - model.prior_distribution(training).log_prob(z)
        return _terms(log_likelihood, log_ratio)


class DReG(IWAE):
    """The bound of `IWAE`, and for the encoder a gradient of less variance.

    With w_i normalised to sum to one, the encoder's parameters phi get
    sum_i w_i^2 (d log w_i / d z_i) (d z_i / d phi), the others sum_i w_i d log w_i: the doubly
    reparameterised gradient, Tucker et al. (2019), Eq. 8. It has the mean of the bound's own.

    Args:
        num_samples: k, at least 1.
    Raises:
        ValueError: `num_samples` below 1.
    """

    def check_model(self, model: "VAE") -> None:
        """Checks that log q(z) of any z is known while the parameters of q stand still."""
        posterior = model.posterior
        if isinstance(posterior, keras.layers.Layer) or not posterior.scores_any_z:
            raise ValueError(
                "expected a posterior without weights of its own, whose density of any z is known,"
                f" such as DiagonalNormal(). Received: {type(posterior).__name__}"
            )

    def __call__(
        self,
        model: "VAE",
        x: tf.Tensor,
        given: tf.Tensor | None,
        seed: tf.Tensor,
        training: bool,
    ) -> dict[str, tf.Tensor]:
        params = model.posterior_params(x, given, training)
        draws = model.latent_draws(x, seed, self.num_samples)
        z = reparameterize(model.posterior(params), draws)
        fixed_q = model.posterior(tf.stop_gradient(params))

        # log w_i as a function of z_i alone: phi acts through z.
        with tf.GradientTape() as tape:
            fixed_z = tf.stop_gradient(z)
            tape.watch(fixed_z)
            log_likelihood = model.p(fixed_z, given, training).log_prob(x)
            log_prior = model.prior_distribution(training).log_prob(fixed_z)
            log_ratio = fixed_q.log_prob(fixed_z) - log_prior
            log_weights = log_likelihood - log_ratio
        slopes = tape.gradient(log_weights, fixed_z)

        # What has the two gradients, each of which a step that descends takes with a minus.
        weights = tf.stop_gradient(tf.nn.softmax(log_weights, axis=0))
        of_encoder = tf.stop_gradient(weights[..., tf.newaxis] ** 2 * slopes) * z
        of_others = weights * log_weights
        ascent = tf.reduce_sum(of_encoder, axis=(0, 2)) + tf.reduce_sum(of_others, axis=0)
        ascent = tf.reduce_mean(ascent)
        terms = tf.nest.map_structure(tf.stop_gradient, _terms(log_likelihood, log_ratio))
        bound = terms["negative_iwae_bound"]
        return {**terms, "negative_iwae_bound": bound - (ascent - tf.stop_gradient(ascent))}


def _terms(log_likelihood, log_ratio):
    """Of log p(x | z_i) and log q(z_i | x) - log p(z_i), `[k, batch]`."""
    log_weights = log_likelihood - log_ratio
    bound = tfp.math.reduce_logmeanexp(log_weights, axis=0)
    return {
        "negative_iwae_bound": -tf.reduce_mean(bound),
        "negative_elbo": -tf.reduce_mean(log_weights),
        "distortion": -tf.reduce_mean(log_likelihood),
        "rate": tf.reduce_mean(log_ratio),
    }
