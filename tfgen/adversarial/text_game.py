"""A game whose players read texts by the embedding that a text encoder makes of them."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.adversarial.contrastive_text import ContrastiveText
from tfgen.adversarial.game import Game
from tfgen.conditions import Vector
from tfgen.core import Condition, Phase, first_pairs
from tfgen.core.condition import check_is_condition
from tfgen.core.typing import ArrayLike, ShapeLike
from tfgen.networks import check_network, network_inputs

# Apart from the numbers of the phases.
_OF_TEXT = 0x7E87


class TextGame(Game):
    """x = G(z, phi(t)) of a text t, judged by D(x, phi(t)).

    phi is trained by `text_training` first, before the first step of the first `fit`, and then
    stays as it is. Without it phi moves with D. A family supplies the losses.

    Args:
        generator: Keras model, `[batch, latent_dim]` and `[batch, text_dim]` to
            `[batch, *event_shape]`.
        discriminator: Keras model, `[batch, *event_shape]` and `[batch, text_dim]` to one output
            per example; and, for `text_training`, as a second output to embeddings of the images,
            `[batch, text_dim]`.
        text_encoder: phi, a Keras model of what networks read of the condition to
            `[batch, text_dim]`.
        condition: what t is.
        text_training: how phi is trained; None for by D's loss.
        **kwargs: the other arguments of `Game`.
    Raises:
        ValueError: networks and condition do not fit together.
    """

    needs_condition = True

    def __init__(
        self,
        *,
        generator: keras.Model,
        discriminator: keras.Model,
        text_encoder: keras.Model,
        condition: Condition | None = None,
        text_training: ContrastiveText | None = ContrastiveText(),
        **kwargs: Any,
    ) -> None:
        super().__init__(generator=generator, condition=check_is_condition(condition), **kwargs)
        given_shape, text_shape = condition.given_spec.shape[1:], generator.inputs[1].shape[1:]
        check_network("text encoder", text_encoder, given_shape, text_shape)
        self.text_encoder = text_encoder
        self.text_training = text_training
        self.discriminator = self.check_judge("discriminator", discriminator)
        self.text_steps = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="text_steps"
        )

    def check_player(
        self, name: str, network: keras.Model, input_shape: ShapeLike, output_shape: ShapeLike
    ) -> None:
        """Players read embeddings of texts, of the size that the generator reads."""
        reader = network if name == "generator" else self.generator
        check_network(name, network, input_shape, output_shape, Vector(reader.inputs[-1].shape[-1]))

    def check_judge(self, name: str, network: keras.Model) -> keras.Model:
        """Of two outputs the first one judges, the second one is an embedding of images."""
        super().check_judge(name, keras.Model(network.inputs, network.outputs[0]))
        found = [tuple(each.shape[1:]) for each in network.outputs[1:]]
        wanted = [tuple(self.generator.inputs[1].shape[1:])]
        if found != wanted and (found or self.text_training is not None):
            raise ValueError(
                f"expected the {name} to have a second output, embeddings of images of the shape"
                f" {wanted[0]}. Received: {found}"
            )
        return network

    def phases(self) -> tuple[Phase, ...]:
        judge, generate = super().phases()
        if self.text_training is None:
            judge = judge._replace(networks=(self.discriminator, self.text_encoder))
        return judge, generate

    def embed(self, given: tf.Tensor, training: bool = False) -> tf.Tensor:
        """phi(t), `[batch, text_dim]`, float32, of what networks read of the texts."""
        return tf.cast(self.text_encoder(given, training=training), tf.float32)

    def transform(
        self, z: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """x = G(z, phi(t)), `[batch, *event_shape]`, float32."""
        return self.depict(z, self.embed(given, training), training)

    def depict(self, z: tf.Tensor, text: tf.Tensor, training: bool = False) -> tf.Tensor:
        """x = G(z, phi(t)) of embeddings of texts, `[batch, text_dim]`."""
        return super().transform(z, text, training)

    def judge(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        return self.look(x, self.embed(given, training), training)[0]

    def look(
        self, x: tf.Tensor, text: tf.Tensor, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """What D makes of images and embeddings of texts.

        Args:
            x: `[batch, *event_shape]`, float32.
            text: `[batch, text_dim]`, float32.
            training: whether the network runs as in training.
        Returns:
            Outputs `[batch]`, float32, and embeddings of the images, `[batch, text_dim]`, of a
            discriminator that has them.
        """
        outputs = self.discriminator(network_inputs(x, text), training=training)
        outputs, image = outputs if isinstance(outputs, (list, tuple)) else (outputs, None)
        return tf.cast(tf.reshape(outputs, [-1]), tf.float32), image

    def train_text(self, x: ArrayLike, condition: ArrayLike) -> None:
        """Trains phi by `text_training`; the first `fit` does it where it was not done.

        Args:
            x: `[num_examples, *event_shape]`, float32, in [0, 1].
            condition: one for each example.
        Raises:
            ValueError: no `text_training`, no examples, or bad conditions.
        """
        if self.text_training is None:
            raise ValueError("expected a text_training, such as ContrastiveText(). Received: None")
        x, tokens = self.check_data(x, condition)
        seed = tf.constant([_OF_TEXT, self.order_seed])
        self.text_training.train(
            self.text_encoder, self.discriminator, x, self.condition.encode(tokens), seed
        )
        self.text_steps.assign(self.text_training.steps)

    def prepare(self, x: Any, tokens: tf.Tensor | None = None) -> None:
        """Trains phi, once (see `train_text`)."""
        super().prepare(x, tokens)
        if self.text_training is None or self.text_steps.numpy() or self.steps_seen.numpy():
            return
        pairs = first_pairs(x) if tokens is None else (x, tokens)
        if pairs is None:
            raise ValueError(
                "expected arrays or a data set, of which the text encoder learns first; or"
                f" train_text(x, condition) before fit. Received: {type(x).__name__}"
            )
        self.train_text(*pairs)
