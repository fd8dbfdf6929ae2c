"""What GANs have in common: a generator of draws of a prior, in play against a judge."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.adversarial.augmentation import Augmentation
from tfgen.adversarial.model import AdversarialModel
from tfgen.core import Condition, fold_in
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Prior
from tfgen.losses import Penalty
from tfgen.losses.precision import float32_for_float16
from tfgen.networks import check_network, network_inputs


class Game(AdversarialModel):
    """x = G(z), z ~ p(z), and what a training step of its two players is made of.

    A family stores the network that judges, checked by `check_judge`, and the `loss_pair`, and
    makes the terms of its `discriminator_loss` from `play`.

    Args:
        generator: Keras model, `[batch, latent_dim]` to `[batch, *event_shape]`.
        prior: p(z), whose `dim` is latent_dim.
        penalty: what the judge minimises beside; None for nothing.
        augmentation: what all examples go through before they are judged in training; None for
            nothing.
        average_decay: of the running average of the generator's weights, in [0, 1), which all but
            training uses; None for the weights as they are.
        condition: what y is; None for p(x).
    Raises:
        ValueError: the networks, the prior or the condition do not fit together.
    """

    takes_condition = True

    def __init__(
        self,
        *,
        generator: keras.Model,
        prior: Prior,
        penalty: Penalty | None = None,
        augmentation: Augmentation | None = None,
        average_decay: float | None = None,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition=condition, **kwargs)
        event_shape = tuple(generator.output_shape[1:])
        self.check_player("generator", generator, (prior.dim,), event_shape)
        if augmentation is not None and len(event_shape) != 3:
            raise ValueError(
                f"expected augmentation of images alone. Received: {augmentation!r} for examples of"
                f" shape {event_shape}"
            )
        self.generator = generator
        self.prior = prior
        self.penalty = penalty
        self.augmentation = augmentation
        self.average_generator(average_decay)

    def check_player(
        self, name: str, network: keras.Model, input_shape: ShapeLike, output_shape: ShapeLike
    ) -> None:
        """Checks that a network maps one shape, and what players read of y, to another.

        Args:
            name: its role, for the message.
            network: Keras model.
            input_shape, output_shape: without the batch.
        Raises:
            ValueError: it does not.
        """
        check_network(name, network, input_shape, output_shape, self.condition)

    def check_judge(self, name: str, network: keras.Model) -> keras.Model:
        """Checks the network that judges, and gives it.

        Args:
            name: its role, for the message.
            network: Keras model, `[batch, *event_shape]` to one output per example.
        Raises:
            ValueError: it does not fit the generator, the condition or the penalty.
        """
        outputs = (1,) if network.output_shape[1:] == (1,) else ()
        self.check_player(name, network, self.event_shape, outputs)
        if self.penalty is not None:
            self.penalty.check(network)
        return network

    def generate(
        self,
        num_samples: int | tf.Tensor,
        seed: tf.Tensor,
        given: tf.Tensor | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """x = G(z), z ~ p(z)."""
        return self.transform(self.prior().sample(num_samples, seed=seed), given, training)

    def transform(
        self, z: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """x = G(z), `[batch, *event_shape]`, float32: with averaged weights, but in training."""
        x = self.generator_in(training)(network_inputs(z, given), training=training)
        return tf.cast(x, tf.float32)

    def augment(self, x: tf.Tensor, seed: tf.Tensor, training: bool) -> tf.Tensor:
        """What is judged of x: the augmented x in training, where there is an augmentation."""
        return self.augmentation(x, seed) if self.augmentation is not None and training else x

    def play(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """What the judge makes of data and of as many generated examples.

        Args:
            batch: `(x,)` or `(x, given)`.
            seed: int32 `(2,)`.
            training: whether networks run as in training.
        Returns:
            The outputs `[batch]` of data and those of examples generated under the same `given`,
            and the penalty, a scalar.
        """
        x, *given = batch
        fake = self.generate(tf.shape(x)[0], seed, *given, training=training)
        # Apart, not as one batch: BatchNorm then normalises data by data, fakes by fakes.
        real, fake = (self.augment(e, fold_in(seed, i), training) for i, e in enumerate((x, fake)))
        judge = lambda examples: self.judge(examples, *given, training=training)
        outputs = judge(real), judge(fake)
        if self.penalty is None:
            return (*outputs, tf.zeros(()))
        with float32_for_float16(self.discriminator):
            return (*outputs, self.penalty(judge, real, fake, fold_in(seed, 2)))

    def generator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The pair's generator loss of fresh generated examples."""
        x, *given = batch
        fake = self.generate(tf.shape(x)[0], seed, *given, training=training)
        fake = self.augment(fake, fold_in(seed, 0), training)
        outputs = self.judge(fake, *given, training=training)
        return {"generator_loss": self.loss_pair.generator(outputs)}
