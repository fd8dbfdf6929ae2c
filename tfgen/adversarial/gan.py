"""Generative adversarial networks: a generator against a discriminator."""

from collections.abc import Sequence
from typing import Any, Self

import keras
import tensorflow as tf

from tfgen.adversarial.augmentation import Augmentation
from tfgen.adversarial.game import Game
from tfgen.core import Adam, Condition, fold_in
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Prior
from tfgen.distributions.priors import standard_normal_unless
from tfgen.losses import LossPair, ModeSeeking, NonSaturating, Penalty
from tfgen.networks import mlp


class GAN(Game):
    """Generative adversarial network: x = G(z), z ~ p(z), judged by D(x).

    Goodfellow et al. (2014), Algorithm 1 with one discriminator step (k = 1). With a condition y
    both networks read it, x = G(z, y) and D(x, y): Mirza & Osindero (2014), Eq. 2.

    Args:
        generator: Keras model, `[batch, latent_dim]` to `[batch, *event_shape]`; images in [0, 1].
        discriminator: Keras model, `[batch, *event_shape]` to one output per example.
        prior: p(z), whose `dim` is latent_dim.
        loss_pair: what the two minimise, such as `NonSaturating()`.
        penalty: what the discriminator minimises beside, such as `R1()`, as a part of
            "discriminator_loss"; None for nothing.
        augmentation: what data and generated images go through before they are judged in
            training, such as `DiffAugment()`; None for nothing.
        mode_seeking: what the generator minimises beside, such as `ModeSeeking(0.1)`, of half of a
            batch's conditions with two draws of the noise each; None for nothing.
        average_decay: of the running average of the generator's weights, in [0, 1), which all but
            training uses; None for the weights as they are.
        condition: what y is; both networks then have it as their second input. None for p(x).
    Raises:
        ValueError: the networks, the prior, the penalty or the condition do not fit together.

    Example:
        >>> model = GAN.default((2,), latent_dim=3, hidden=(8,))
        >>> model.discriminate(model.sample(5, seed=0)).shape
        TensorShape([5])
    """

    term_names = ("discriminator_loss", "real_outputs", "fake_outputs", "generator_loss")
    paper = "Goodfellow et al. 2014"

    def __init__(
        self,
        *,
        generator: keras.Model,
        discriminator: keras.Model,
        prior: Prior,
        loss_pair: LossPair,
        penalty: Penalty | None = None,
        augmentation: Augmentation | None = None,
        mode_seeking: ModeSeeking | None = None,
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
        self.discriminator = self.check_judge("discriminator", discriminator)
        self.loss_pair = loss_pair
        self.mode_seeking = mode_seeking

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        latent_dim: int | None = None,
        hidden: Sequence[int] = (256, 512),
        dropout: float = 0.3,
        loss_pair: LossPair = NonSaturating(),
        prior: Prior | None = None,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> Self:
        """Multilayer perceptrons, as in section 5 of the paper.

        As there, the generator ends in a sigmoid on images and the discriminator has dropout.
        Unlike there, the units are leaky rectifiers, the discriminator sees images rescaled to
        [-1, 1], and the prior is a standard normal. Without the first two the generator collapses
        onto one image on MNIST.

        Args:
            event_shape: `(d,)`, of any finite values, or `(height, width, channels)` in [0, 1].
            latent_dim: size of z; None for the prior's, or 100.
            hidden: widths of the generator's hidden layers; the discriminator has the same in
                reverse.
            dropout: rate of dropout in the discriminator, in [0, 1).
            loss_pair: what the two minimise.
            prior: p(z); None for `StandardNormal(latent_dim)`.
            condition: what y is; None for p(x).
            **kwargs: the constructor's other arguments.
        Returns:
            A built `GAN`.
        """
        event_shape = tuple(event_shape)
        of_images = len(event_shape) == 3
        prior = standard_normal_unless(prior, latent_dim, usual=100)
        generator = mlp(
            (prior.dim,),
            hidden,
            event_shape,
            activation="leaky_relu",
            output_activation="sigmoid" if of_images else None,
            name="generator",
            condition=condition,
        )
        discriminator = mlp(
            event_shape,
            hidden[::-1],
            (),
            activation="leaky_relu",
            dropout=dropout,
            name="discriminator",
            condition=condition,
        )
        if of_images:
            x, *given = [
                keras.Input(each.shape[1:], dtype=each.dtype) for each in discriminator.inputs
            ]
            rescaled = keras.layers.Rescaling(2.0, -1.0)(x)
            inputs = [x, *given] if given else x
            outputs = discriminator([rescaled, *given] if given else rescaled)
            discriminator = keras.Model(inputs, outputs)
        return cls(
            generator=generator,
            discriminator=discriminator,
            prior=prior,
            loss_pair=loss_pair,
            condition=condition,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam as in section 4 of Radford et al. (2016), in place of this paper's momentum."""
        return {
            "discriminator": Adam(2e-4, beta_1=0.5),
            "generator": Adam(2e-4, beta_1=0.5),
        }

    def discriminator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The pair's loss of data and of as many generated examples, and the penalty."""
        real_outputs, fake_outputs, penalty = self.play(batch, seed, training)
        return {
            "discriminator_loss": self.loss_pair.discriminator(real_outputs, fake_outputs)
            + penalty,
            "real_outputs": tf.reduce_mean(real_outputs),
            "fake_outputs": tf.reduce_mean(fake_outputs),
        }

    def generator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The pair's generator loss of fresh generated examples, and mode seeking."""
        if self.mode_seeking is None:
            return super().generator_loss(batch, seed, training)
        # Half of the conditions, each with two draws of the noise: as many examples as without.
        half = (tf.shape(batch[0])[0] + 1) // 2
        given = [tf.concat([each[:half]] * 2, axis=0) for each in batch[1:]]
        z = self.prior().sample(2 * half, seed=seed)
        fake = self.transform(z, *given, training=training)
        judged = self.augment(fake, fold_in(seed, 0), training)
        loss = self.loss_pair.generator(self.judge(judged, *given, training=training))
        return {"generator_loss": loss + self.mode_seeking(*tf.split(z, 2), *tf.split(fake, 2))}
