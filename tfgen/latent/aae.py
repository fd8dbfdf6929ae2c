"""The adversarial autoencoder (Makhzani et al., 2016)."""

from typing import Any, Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.conditions import Classes
from tfgen.core import Adam, Condition, Phase, fold_in, split_seed
from tfgen.core.size_checks import check_size_list
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Bernoulli, Head, Posterior, Prior, PriorInParts, reparameterize
from tfgen.distributions.priors import standard_normal_unless
from tfgen.latent.corruptions import Corruption
from tfgen.latent.prior_sampling import PriorSamplingModel
from tfgen.losses import LossPair, NonSaturating, Penalty
from tfgen.losses.precision import float32_for_float16
from tfgen.networks import Architecture, DenseNetworks, check_network, mlp, network_inputs

tfd = tfp.distributions


class AAE(PriorSamplingModel):
    """An autoencoder whose codes a discriminator holds to a prior: q(z) = E_x[q(z | x)] to p(z).

    Each step has a reconstruction phase, where encoder and decoder minimise -log p(x | z), and a
    regularization phase, where the discriminator learns to tell draws of the prior from codes,
    then the encoder to mislead it (Makhzani et al. 2016, section 2). The prior needs no density.

    With `condition=Classes(n)` the discriminator reads the class, and judges codes of class k
    beside draws of the prior's part k alone (section 2.3, Figure 3): a component, or a stretch of
    the `SwissRoll`. Encoder and decoder never read it, so that `encode`, `decode` and `reconstruct`
    take no condition; `sample(condition=k)` decodes draws of part k. A prior without parts is
    refused: what it draws would not depend on the class.

    Args:
        encoder: Keras model, `[batch, *event_shape]` to codes `[batch, dim]`, or to the
            posterior's parameters.
        decoder: Keras model, `[batch, dim]` to the parameters of the likelihood.
        discriminator: Keras model, `[batch, dim]`, and the class if there is one, to one output
            for each z; the higher, the more z looks like the prior's.
        prior: p(z), without weights: `StandardNormal(dim)`, or any other.
        likelihood: the head of p(x | z): `Bernoulli()`, or any other.
        posterior: family of q(z | x), such as `DiagonalNormal()`, or `ImplicitPosterior(dim)`, the
            paper's universal approximator; None for a code that is a function of x, the paper's
            choice in its experiments.
        loss_pair: what discriminator and encoder minimise.
        penalty: what the discriminator minimises beside, at draws of the prior: `R1(1.0)`; None for
            nothing. It is part of "discriminator_loss". For a narrow prior see the
            settings of `benchmarks/swiss_roll.py`.
        instance_noise: what every z goes through before it is judged, such as
            `GaussianNoise(0.1)` (Sønderby et al. 2017); None for nothing.
        condition: `Classes(prior.num_parts)`; None without.
    Raises:
        ValueError: networks, prior, likelihood, posterior and condition do not fit together.

    Example:
        >>> from tfgen.distributions import SwissRoll
        >>> from tfgen.networks import DenseNetworks
        >>> small = DenseNetworks((8,))
        >>> model = AAE.default((4, 4, 1), architecture=small, prior=SwissRoll())
        >>> model.encode(model.sample(3, seed=0)).shape
        TensorShape([3, 2])
    """

    term_names = (
        "distortion",
        "discriminator_loss",
        "prior_outputs",
        "code_outputs",
        "encoder_loss",
    )
    density = "implicit"
    takes_condition = True
    codes_take_condition = False
    paper = "Makhzani et al. 2016"

    def __init__(
        self,
        *,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        prior: Prior,
        likelihood: Head,
        posterior: Posterior | None = None,
        loss_pair: LossPair = NonSaturating(),
        penalty: Penalty | None = None,
        instance_noise: Corruption | None = None,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition=condition, **kwargs)
        event_shape = tuple(encoder.inputs[0].shape[1:])
        _check_prior(prior, condition)
        check_network("encoder", encoder, event_shape, (_num_outputs(prior, posterior),))
        params = (*event_shape[:-1], likelihood.params_size(event_shape))
        check_network("decoder", decoder, (prior.dim,), params)
        outputs = (1,) if discriminator.output_shape[1:] == (1,) else ()
        check_network("discriminator", discriminator, (prior.dim,), outputs, condition)
        if penalty is not None:
            penalty.check(discriminator)
        self.encoder = encoder
        self.decoder = decoder
        self.discriminator = discriminator
        self.prior = prior
        self.likelihood = likelihood
        self.posterior = posterior
        self.loss_pair = loss_pair
        self.penalty = penalty
        self.instance_noise = instance_noise
        self.event_shape = event_shape
        self.levels = likelihood.levels

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        latent_dim: int | None = None,
        architecture: Architecture = DenseNetworks((1000, 1000)),
        likelihood: Head = Bernoulli(),
        prior: Prior | None = None,
        posterior: Posterior | None = None,
        discriminator_hidden: ShapeLike = (1000, 1000),
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> Self:
        """The paper's networks: two hidden layers of 1000 rectifiers each (Appendix A.1).

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            latent_dim: size of z; None for the prior's, or 8.
            architecture: of encoder and decoder.
            likelihood: head of p(x | z).
            prior: p(z); None for `StandardNormal(latent_dim)`; the paper's has a scale of 5.
            posterior: family of q(z | x); None for a code that is a function of x.
            discriminator_hidden: widths of the discriminator's hidden layers.
            condition: `Classes(prior.num_parts)`; None without.
            **kwargs: the constructor's other arguments.
        """
        event_shape = tuple(event_shape)
        prior = standard_normal_unless(prior, latent_dim, usual=8)
        check_size_list(discriminator_hidden, "discriminator_hidden")
        params = (*event_shape[:-1], likelihood.params_size(event_shape))
        return cls(
            encoder=architecture.encoder(event_shape, _num_outputs(prior, posterior)),
            decoder=architecture.decoder(prior.dim, params),
            discriminator=mlp(
                (prior.dim,), discriminator_hidden, (), name="discriminator", condition=condition
            ),
            prior=prior,
            likelihood=likelihood,
            posterior=posterior,
            condition=condition,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam, in place of the paper's gradient descent with momentum."""
        return {
            "reconstruction": Adam(1e-3),
            "discriminator": Adam(2e-4, beta_1=0.5),
            "encoder": Adam(2e-4, beta_1=0.5),
        }

    def phases(self) -> tuple[Phase, ...]:
        flows = isinstance(self.posterior, keras.layers.Layer)
        encoder = (self.encoder, self.posterior) if flows else (self.encoder,)
        return (
            Phase("reconstruction", self.distortion, (*encoder, self.decoder)),
            Phase("discriminator", self.discriminator_loss, (self.discriminator,)),
            Phase("encoder", self.encoder_loss, encoder),
        )

    def code(self, x: tf.Tensor, seed: tf.Tensor, training: bool = False) -> tf.Tensor:
        """z ~ q(z | x), or the code itself where there is no posterior: `[batch, dim]`."""
        draws = tf.random.stateless_normal((tf.shape(x)[0], self.latent_dim), seed)
        return self._code_of(x, draws, training)

    def _code_of(self, x, draws, training):
        outputs = tf.cast(self.encoder(x, training=training), tf.float32)
        return outputs if self.posterior is None else reparameterize(self.posterior(outputs), draws)

    def encode_mean(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The code, or the centre of q(z | x), its mean where q is normal."""
        return self._code_of(x, tf.zeros((tf.shape(x)[0], self.latent_dim)), training)

    def draw_prior(
        self, num_samples: int | tf.Tensor, seed: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        """z ~ p(z), or z ~ p(z | k) of the part that a class is: `[num_samples, dim]`."""
        if given is None:
            return self.prior().sample(num_samples, seed=seed)
        return self.prior.sample_parts(tf.argmax(given, axis=-1), seed)

    def judge(
        self,
        z: tf.Tensor,
        seed: tf.Tensor,
        given: tf.Tensor | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """The discriminator's outputs for z under the instance noise, `[batch]`."""
        z = z if self.instance_noise is None else self.instance_noise(z, seed)
        outputs = self.discriminator(network_inputs(z, given), training=training)
        return tf.cast(tf.reshape(outputs, [-1]), tf.float32)

    def distortion(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """-log p(x | z), z ~ q(z | x), in nats, the mean over the batch."""
        x = batch[0]
        z = self.code(x, seed, training)
        return {"distortion": -tf.reduce_mean(self.p(z, training=training).log_prob(x))}

    def discriminator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The pair's loss of draws of the prior and of as many codes, and the penalty."""
        x, *given = batch
        of_prior, of_code, *of_noise = split_seed(seed, 4)
        drawn = self.draw_prior(tf.shape(x)[0], of_prior, *given)
        code = self.code(x, of_code, training)
        judge_drawn = lambda z: self.judge(z, of_noise[0], *given, training=training)
        prior_outputs = judge_drawn(drawn)
        code_outputs = self.judge(code, of_noise[1], *given, training=training)
        loss = self.loss_pair.discriminator(prior_outputs, code_outputs)
        if self.penalty is not None:
            with float32_for_float16(self.discriminator):
                loss += self.penalty(judge_drawn, drawn, code, fold_in(seed, 0))
        return {
            "discriminator_loss": loss,
            "prior_outputs": tf.reduce_mean(prior_outputs),
            "code_outputs": tf.reduce_mean(code_outputs),
        }

    def encoder_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The pair's generator loss of codes."""
        x, *given = batch
        of_code, of_noise = split_seed(seed, 2)
        outputs = self.judge(self.code(x, of_code, training), of_noise, *given, training=training)
        return {"encoder_loss": self.loss_pair.generator(outputs)}


def _num_outputs(prior, posterior):
    return prior.dim if posterior is None else posterior.params_size(prior.dim)


def _check_prior(prior, condition):
    if isinstance(prior, keras.layers.Layer):
        raise ValueError(
            "expected a prior without weights: codes are to match it, not it the codes."
            f" Received: {prior!r}"
        )
    if condition is None:
        return
    if not isinstance(condition, Classes):
        raise ValueError(f"expected condition to be Classes or None. Received: {condition!r}")
    num_parts = prior.num_parts if isinstance(prior, PriorInParts) else None
    if num_parts != condition.num_classes:
        raise ValueError(
            f"expected a prior of {condition.num_classes} parts, one for each class, such as"
            f" SwissRoll({condition.num_classes}): draws of any other would not depend on the"
            f" class. Received: {prior!r}"
        )
