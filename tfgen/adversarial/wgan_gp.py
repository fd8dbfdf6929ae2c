"""Wasserstein generative adversarial networks with gradient penalty."""

from collections.abc import Sequence
from typing import Any, Self

import keras
import tensorflow as tf

from tfgen.adversarial.augmentation import Augmentation
from tfgen.adversarial.game import Game
from tfgen.core import Adam, Condition, Phase
from tfgen.core.checks import check_count
from tfgen.core.size_checks import check_size_list
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Prior
from tfgen.distributions.priors import standard_normal_unless
from tfgen.layers import GroupNormalization
from tfgen.losses import GradientPenalty, Penalty, Wasserstein
from tfgen.networks import dcgan_discriminator, dcgan_generator, mlp


class WGANGP(Game):
    """min_G max_D E[D(x)] - E[D(G(z))] - 10 E[(|grad D(x^)| - 1)^2], x^ between data and G(z).

    Gulrajani et al. (2017), Algorithm 1. The critic D, whose slope the penalty holds near 1, moves
    at every step, the generator at every fifth; each step has a batch of its own. The term
    "distance" is the critic's estimate of the Wasserstein-1 distance between data and generated
    examples, E[D(x)] - E[D(G(z))], in the units of x; too much by about distance / (2 weight) of
    it where the two lie far apart, as a penalty of this weight lets the slope exceed 1. With a
    condition y both networks read it.

    Args:
        generator: Keras model, `[batch, latent_dim]` to `[batch, *event_shape]`; images in [0, 1].
        critic: Keras model, `[batch, *event_shape]` to one output per example, without batch
            normalization.
        prior: p(z), whose `dim` is latent_dim.
        penalty: what the critic minimises beside; None where its layers bound its slope.
        critic_steps: the generator moves at every such step, at least 1.
        augmentation: what data and generated images go through before they are judged in
            training, such as `DiffAugment()`; None for nothing.
        average_decay: of the running average of the generator's weights, in [0, 1), which all but
            training uses; None for the weights as they are.
        condition: what y is; both networks then have it as their second input. None for p(x).
    Raises:
        ValueError: the networks, the prior, the penalty or the condition do not fit together, or
            `critic_steps` is below 1.

    Example:
        >>> model = WGANGP.default((2,), latent_dim=3, hidden=(8,))
        >>> model.discriminate(model.sample(5, seed=0)).shape
        TensorShape([5])
    """

    term_names = ("critic_loss", "distance", "penalty", "generator_loss")
    paper = "Gulrajani et al. 2017"
    default_batch_size = 64
    loss_pair = Wasserstein()

    def __init__(
        self,
        *,
        generator: keras.Model,
        critic: keras.Model,
        prior: Prior,
        penalty: Penalty | None = GradientPenalty(),
        critic_steps: int = 5,
        augmentation: Augmentation | None = None,
        average_decay: float | None = None,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            generator=generator,
            prior=prior,
            penalty=penalty,
            augmentation=augmentation,
            average_decay=average_decay,
            condition=condition,
            **kwargs,
        )
        self.critic = self.check_judge("critic", critic)
        check_count(critic_steps, "critic_steps")
        self.critic_steps = critic_steps

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        latent_dim: int | None = None,
        base_filters: int = 64,
        hidden: Sequence[int] = (512, 512, 512),
        prior: Prior | None = None,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> Self:
        """For images the networks of DCGAN, for vectors perceptrons, as in the paper.

        The critic of images has layer normalization where DCGAN's discriminator has batch
        normalization.

        Args:
            event_shape: `(d,)`, of any finite values, or `(height, width, channels)` in [0, 1].
            latent_dim: size of z; None for the prior's, or 128.
            base_filters: for images: filters of the largest hidden grid of both networks.
            hidden: for vectors: widths of the hidden layers of both networks.
            prior: p(z); None for `StandardNormal(latent_dim)`.
            condition: what y is; None for p(x).
            **kwargs: the constructor's other arguments.
        Returns:
            A built `WGANGP`.
        """
        event_shape = tuple(event_shape)
        check_size_list(hidden, "hidden")
        prior = standard_normal_unless(prior, latent_dim, usual=128)
        if len(event_shape) == 3:
            generator = dcgan_generator(prior.dim, event_shape, base_filters, condition=condition)
            critic = dcgan_discriminator(
                event_shape,
                base_filters,
                "critic",
                normalization=_layer_normalization,
                condition=condition,
            )
        else:
            generator = mlp(
                (prior.dim,), hidden, event_shape, name="generator", condition=condition
            )
            critic = mlp(event_shape, hidden, (), name="critic", condition=condition)
        return cls(generator=generator, critic=critic, prior=prior, condition=condition, **kwargs)

    @property
    def discriminator(self) -> keras.Model:
        """The critic, by the name that the wing has for what judges."""
        return self.critic

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("critic", self.discriminator_loss, (self.critic,)),
            Phase("generator", self.generator_loss, (self.generator,), self.critic_steps),
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam as in Algorithm 1."""
        return {
            "critic": Adam(1e-4, beta_1=0.0, beta_2=0.9),
            "generator": Adam(1e-4, beta_1=0.0, beta_2=0.9),
        }

    def discriminator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The critic's loss, lines 4 to 7 of Algorithm 1: minus its estimate, and the penalty."""
        *outputs, penalty = self.play(batch, seed, training)
        distance = -self.loss_pair.discriminator(*outputs)
        return {"critic_loss": penalty - distance, "distance": distance, "penalty": penalty}


def _layer_normalization():
    return GroupNormalization(1, epsilon=1e-5)
