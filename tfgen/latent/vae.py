"""The variational autoencoder (Kingma & Welling, 2014)."""

from typing import Any, Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import (
    Adam,
    Condition,
    Phase,
    first_examples,
)
from tfgen.core.typing import ShapeLike
from tfgen.distributions import (
    Bernoulli,
    DiagonalNormal,
    Head,
    Posterior,
    Prior,
)
from tfgen.distributions.priors import standard_normal_unless
from tfgen.latent.model import LatentModel
from tfgen.latent.objectives import ELBO, Objective
from tfgen.networks import (
    Architecture,
    DenseNetworks,
    check_network,
    network_inputs,
)

tfd = tfp.distributions


class VAE(LatentModel):
    """p(x) = int p(z) p(x | z) dz, trained by a bound that an encoder q(z | x) makes tight.

    log p(x) >= E_q[log p(x | z)] - KL(q(z | x) || p(z))  (Kingma & Welling 2014, Eq. 3). With a
    condition y, both networks read it beside x or z, and all of this is given y: p(x | y) =
    int p(z) p(x | z, y) dz (Sohn et al. 2015, with a prior that does not depend on y).

    Args:
        encoder: Keras model, `[batch, *event_shape]` to the parameters of the posterior.
        decoder: Keras model, `[batch, dim]` to the parameters of the likelihood.
        prior: p(z): `StandardNormal(dim)`, or any other that can be evaluated, such as `VampPrior`.
        likelihood: the head of p(x | z): `Bernoulli()`, or any other.
        posterior: the family of q(z | x): `DiagonalNormal()`, or any other.
        objective: what is minimised: `ELBO()`, or another bound. A new one can be set at any time.
        condition: what y is; both networks then have it as their second input. None for p(x).
    Raises:
        ValueError: networks, prior, likelihood, posterior, objective and condition do not fit
            together.

    Example:
        >>> from tfgen.networks import DenseNetworks
        >>> model = VAE.default((4, 4, 1), latent_dim=2, architecture=DenseNetworks((8,)))
        >>> model.sample(3, seed=0).shape
        TensorShape([3, 4, 4, 1])
        >>> x = tf.round(model.sample(5, seed=1))
        >>> np.allclose(model.elbo(x, seed=0), model.elbo(x, seed=0, batch_size=2))
        True
    """

    term_names = ELBO.term_names
    takes_condition = True
    paper = "Kingma & Welling 2014"

    def __init__(
        self,
        *,
        encoder: keras.Model,
        decoder: keras.Model,
        prior: Prior,
        likelihood: Head,
        posterior: Posterior = DiagonalNormal(),
        objective: Objective = ELBO(),
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition=condition, **kwargs)
        event_shape = tuple(encoder.inputs[0].shape[1:])
        _check_densities(prior, posterior)
        _check_pseudo_inputs(prior, event_shape, condition)
        prior.check_posterior(posterior)
        outputs = (posterior.params_size(prior.dim),)
        check_network("encoder", encoder, event_shape, outputs, condition)
        params = (*event_shape[:-1], likelihood.params_size(event_shape))
        check_network("decoder", decoder, (prior.dim,), params, condition)
        self.encoder = encoder
        self.decoder = decoder
        self.prior = prior
        self.likelihood = likelihood
        self.posterior = posterior
        self.event_shape = event_shape
        self.levels = likelihood.levels
        self.objective = objective

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        latent_dim: int | None = None,
        architecture: Architecture = DenseNetworks((400,)),
        likelihood: Head = Bernoulli(),
        prior: Prior | None = None,
        posterior: Posterior = DiagonalNormal(),
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> Self:
        """The paper's networks: perceptrons with one hidden layer.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            latent_dim: size of z; None for the prior's, or 20.
            architecture: of the two networks.
            likelihood: head of p(x | z).
            prior: p(z); None for `StandardNormal(latent_dim)`.
            posterior: family of q(z | x).
            condition: what y is; None for p(x).
            **kwargs: the constructor's other arguments.
        """
        event_shape = tuple(event_shape)
        prior = standard_normal_unless(prior, latent_dim, usual=20)
        params = (*event_shape[:-1], likelihood.params_size(event_shape))
        num_outputs = posterior.params_size(prior.dim)
        return cls(
            encoder=architecture.encoder(event_shape, num_outputs, condition),
            decoder=architecture.decoder(prior.dim, params, condition),
            prior=prior,
            likelihood=likelihood,
            posterior=posterior,
            condition=condition,
            **kwargs,
        )

    @property
    def objective(self) -> Objective:
        """What is minimised; a new one takes effect at once, and the optimizer goes on."""
        return self._objective

    @objective.setter
    def objective(self, objective: Objective) -> None:
        objective.check_model(self)
        self._objective = objective
        self.term_names = objective.term_names
        self.renew_steps()

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        return {"bound": Adam(1e-3)}

    def phases(self) -> tuple[Phase, ...]:
        values = (self.prior, self.posterior)
        layers = tuple(value for value in values if isinstance(value, keras.layers.Layer))
        return (Phase("bound", self.bound_loss, (self.encoder, self.decoder, *layers)),)

    def prepare(self, x: Any, tokens: tf.Tensor | None = None) -> None:
        """Starts the prior from the training examples, before the first step."""
        super().prepare(x, tokens)
        if self.prior.encodes is not None and not int(self.steps_seen.numpy()):
            examples = first_examples(x)
            if examples is not None:
                self.prior.adapt(self.check(examples).numpy(), self.order_seed)

    def posterior_params(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The parameters of q(z | x): what the encoder gives, `[batch, ...]`."""
        return self.encoder(network_inputs(x, given), training=training)

    def q(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """q(z | x), by default a diagonal normal (Eq. 9).

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            given: what the networks read of the conditions, `[batch, ...]`.
            training: whether the network runs as in training.
        Returns:
            The posterior's distribution, batch shape `[batch]`, event shape `[dim]`.
        """
        return self.posterior(self.posterior_params(x, given, training))

    def bound_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """What the objective minimises and reports."""
        x, given = batch if len(batch) == 2 else (*batch, None)
        return self.objective(self, x, given, seed, training)

    def latent_draws(
        self, x: tf.Tensor, seed: tf.Tensor, num_samples: int | None = None
    ) -> tf.Tensor:
        """Standard normal draws for z, `[batch, dim]`, or `[num_samples, batch, dim]`."""
        leading = () if num_samples is None else (num_samples,)
        return tf.random.stateless_normal((*leading, tf.shape(x)[0], self.latent_dim), seed)


def _check_densities(prior, posterior):
    for name, value, log_density in (
        ("prior", prior, "log p(z)"),
        ("posterior", posterior, "log q(z | x)"),
    ):
        if not value.has_density:
            raise ValueError(
                f"expected a {name} that can be evaluated: a bound needs {log_density}."
                f" Received: {type(value).__name__}"
            )


def _check_pseudo_inputs(prior, event_shape, condition):
    if prior.encodes is None:
        return
    if tuple(prior.encodes) != event_shape:
        raise ValueError(
            f"expected a prior whose pseudo-inputs have the shape {event_shape}."
            f" Received: {tuple(prior.encodes)}"
        )
    if condition is not None:
        raise ValueError(
            "expected no condition beside a prior that is made of the encoder: its pseudo-inputs"
            f" have none. Received: condition={condition!r}"
        )
