"""Generative adversarial networks: a generator against a discriminator."""

import keras
import tensorflow as tf

from tfgen.adversarial.losses import NonSaturating
from tfgen.adversarial.model import AdversarialModel
from tfgen.distributions import StandardNormal
from tfgen.networks import mlp


class GAN(AdversarialModel):
    """Generative adversarial network: x = G(z), z ~ p(z), judged by D(x).

    Goodfellow et al. (2014), Algorithm 1 with one discriminator step (k = 1).

    Args:
        generator: Keras model, `[batch, latent_dim]` to `[batch, *event_shape]`; images in [0, 1].
        discriminator: Keras model, `[batch, *event_shape]` to one logit per example.
        prior: p(z), whose `dim` is latent_dim.
        loss_pair: what the two minimise, such as `NonSaturating()`.
    Raises:
        ValueError: the networks or the prior do not fit together.
    """

    term_names = ("discriminator_loss", "real_logits", "fake_logits", "generator_loss")

    paper = "Goodfellow et al. 2014"

    def __init__(self, *, generator, discriminator, prior, loss_pair, **kwargs):
        super().__init__(**kwargs)
        _check_fit(generator, discriminator, prior)
        self.generator = generator
        self.discriminator = discriminator
        self.prior = prior
        self.loss_pair = loss_pair

    @classmethod
    def default(
        cls, event_shape, latent_dim=100, hidden=(256, 512), dropout=0.3, loss_pair=NonSaturating()
    ):
        """Multilayer perceptrons, as in section 5 of the paper.

        As there, the generator ends in a sigmoid on images and the discriminator has dropout.
        Unlike there, the units are leaky rectifiers, the discriminator sees images rescaled to
        [-1, 1], and the prior is a standard normal. Without the first two the generator collapses
        onto one image on MNIST.

        Args:
            event_shape: `(d,)`, of any finite values, or `(height, width, channels)` in [0, 1].
            latent_dim: size of z.
            hidden: widths of the generator's hidden layers; the discriminator has the same in
                reverse.
            dropout: rate of dropout in the discriminator, in [0, 1).
            loss_pair: what the two minimise.
        Returns:
            A built `GAN`.
        """
        event_shape, hidden = tuple(event_shape), tuple(hidden)
        of_images = len(event_shape) == 3
        generator = mlp(
            (latent_dim,),
            hidden,
            event_shape,
            activation="leaky_relu",
            output_activation="sigmoid" if of_images else None,
            name="generator",
        )
        discriminator = mlp(
            event_shape,
            hidden[::-1],
            (),
            activation="leaky_relu",
            dropout=dropout,
            name="discriminator",
        )
        if of_images:
            discriminator = keras.Sequential(
                [keras.Input(event_shape), keras.layers.Rescaling(2.0, -1.0), discriminator]
            )
        return cls(
            generator=generator,
            discriminator=discriminator,
            prior=StandardNormal(latent_dim),
            loss_pair=loss_pair,
        )

    def default_optimizers(self):
        """Adam as in section 4 of Radford et al. (2016), in place of this paper's momentum."""
        return {
            "discriminator": keras.optimizers.Adam(2e-4, beta_1=0.5),
            "generator": keras.optimizers.Adam(2e-4, beta_1=0.5),
        }

    def generate(self, num_samples, seed, training=False):
        """x = G(z), z ~ p(z)."""
        z = self.prior().sample(num_samples, seed=seed)
        return tf.cast(self.generator(z, training=training), tf.float32)

    def discriminator_loss(self, x, training):
        """The pair's discriminator loss of data and of as many generated examples."""
        fake = self.generate(tf.shape(x)[0], self.next_seed(), training)
        # Apart, not as one batch: BatchNorm then normalises data by data, fakes by fakes.
        real_logits = self(x, training=training)
        fake_logits = self(fake, training=training)
        return {
            "discriminator_loss": self.loss_pair.discriminator(real_logits, fake_logits),
            "real_logits": tf.reduce_mean(real_logits),
            "fake_logits": tf.reduce_mean(fake_logits),
        }

    def generator_loss(self, x, training):
        """The pair's generator loss of fresh generated examples."""
        fake = self.generate(tf.shape(x)[0], self.next_seed(), training)
        return {"generator_loss": self.loss_pair.generator(self(fake, training=training))}


def _check_fit(generator, discriminator, prior):
    event_shape = tuple(discriminator.input_shape[1:])
    if tuple(generator.output_shape[1:]) != event_shape:
        raise ValueError(
            f"expected a generator of {event_shape}, which the discriminator reads. "
            f"Received: a generator of {tuple(generator.output_shape[1:])}"
        )
    if tuple(generator.input_shape[1:]) != (prior.dim,):
        raise ValueError(
            f"expected a generator that reads z of shape ({prior.dim},), as the prior has it. "
            f"Received: a generator that reads {tuple(generator.input_shape[1:])}"
        )
    if tuple(discriminator.output_shape[1:]) not in ((), (1,)):
        raise ValueError(
            "expected a discriminator with one logit per example. "
            f"Received: a discriminator with outputs {tuple(discriminator.output_shape[1:])}"
        )
