"""Images from words (Reed et al. 2016)."""

from typing import Any, ClassVar, Self

import keras
import tensorflow as tf

from tfgen.adversarial.contrastive_text import ContrastiveText
from tfgen.adversarial.game import Game
from tfgen.adversarial.wrong_captions import NearestCaption, OtherCaption, WrongCaptions
from tfgen.conditions import Vector
from tfgen.core import Adam, Condition, Phase, first_pairs, fold_in
from tfgen.core.condition import check_is_condition
from tfgen.core.size_checks import check_not_negative
from tfgen.core.typing import ArrayLike, ShapeLike
from tfgen.distributions import Prior
from tfgen.distributions.priors import standard_normal_unless
from tfgen.losses import LossPair, ModeSeeking, NonSaturating
from tfgen.networks import (
    check_network,
    network_inputs,
    text_encoder,
    text_to_image_discriminator,
    text_to_image_generator,
)

# Apart from the numbers of the phases.
_OF_TEXT = 0x7E87


class TextToImageGAN(Game):
    """x = G(z, phi(t)), an image from a text t, judged by D(x, phi(t)): does the image show it?

    Reed et al. (2016), Algorithm 1 (GAN-CLS): D says 1 of a real image and its text (s_r), and 0 of
    a real image and a wrong text (s_w) and of a generated image and its text (s_f),

        L_D = log s_r + (log(1 - s_w) + log(1 - s_f)) / 2,     L_G = log s_f,

    both to be maximised; and Eq. 5 (GAN-INT): G also minimises midpoint_weight times its loss of
    images from texts of which there is no image, the midpoints (phi(t1) + phi(t2)) / 2 of two
    embeddings. An example of a batch whose captions are all the same has no wrong text: s_f stands
    in for s_w.

    phi is trained by `text_training` first, before the first step of the first `fit`, and then
    stays as it is. Without it phi moves with D.

    Args:
        generator: Keras model, `[batch, latent_dim]` and `[batch, text_dim]` to
            `[batch, *event_shape]`; images in [0, 1].
        discriminator: Keras model, `[batch, *event_shape]` and `[batch, text_dim]` to one output
            per example; and, for `text_training`, as a second output to embeddings of the images,
            `[batch, text_dim]`.
        text_encoder: phi, a Keras model of what networks read of the condition, for `Captions` the
            numbers of words `[batch, length]`, to `[batch, text_dim]`.
        prior: p(z), whose `dim` is latent_dim.
        loss_pair: what the two minimise.
        condition: what t is, such as `Captions.from_corpus(texts)`.
        text_training: how phi is trained, such as `ContrastiveText()`; None for by D's loss.
        wrong_captions: which text is a wrong one: `OtherCaption()`, the published one, or
            `NearestCaption()`.
        midpoint_weight: of the midpoints' term, at least 0.
        mode_seeking: what the generator minimises beside, such as `ModeSeeking(0.1)`, of half of a
            batch's texts, each with two draws of z; None for nothing.
        penalty, augmentation, average_decay: as `GAN` has them.
    Raises:
        ValueError: networks, prior and condition do not fit together, or a negative weight.

    Example:
        >>> from tfgen.conditions import Captions
        >>> captions = Captions.from_corpus(["a red seven on blue", "a blue one on red"])
        >>> model = TextToImageGAN.default((8, 8, 3), captions, base_filters=2)
        >>> model.sample(2, condition="a blue seven on red").shape
        TensorShape([2, 8, 8, 3])
    """

    term_names = (
        *("discriminator_loss", "real_outputs", "wrong_outputs", "fake_outputs"),
        "generator_loss",
    )
    needs_condition = True
    paper = "Reed et al. 2016"
    default_batch_size = 64
    # Arguments of `default`: the published objective alone.
    published: ClassVar[dict[str, Any]] = {
        "text_training": None,
        "wrong_captions": OtherCaption(),
        "midpoint_weight": 1.0,
        "mode_seeking": None,
    }

    def __init__(
        self,
        *,
        generator: keras.Model,
        discriminator: keras.Model,
        text_encoder: keras.Model,
        prior: Prior,
        loss_pair: LossPair,
        condition: Condition | None = None,
        text_training: ContrastiveText | None = ContrastiveText(),
        wrong_captions: WrongCaptions = NearestCaption(),
        midpoint_weight: float = 0.0,
        mode_seeking: ModeSeeking | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            generator=generator, prior=prior, condition=check_is_condition(condition), **kwargs
        )
        given_shape, text_shape = condition.given_spec.shape[1:], generator.inputs[1].shape[1:]
        check_network("text encoder", text_encoder, given_shape, text_shape)
        self.text_encoder = text_encoder
        self.text_training = text_training
        self.discriminator = self.check_judge("discriminator", discriminator)
        self.loss_pair = loss_pair
        self.wrong_captions = wrong_captions
        self.midpoint_weight = check_not_negative(midpoint_weight, "midpoint_weight")
        self.mode_seeking = mode_seeking
        self.text_steps = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="text_steps"
        )

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        condition: Condition | None = None,
        latent_dim: int | None = None,
        text_dim: int = 64,
        base_filters: int = 32,
        loss_pair: LossPair = NonSaturating(),
        prior: Prior | None = None,
        average_decay: float | None = 0.998,
        mode_seeking: ModeSeeking | None = ModeSeeking(0.05),
        **kwargs: Any,
    ) -> Self:
        """Networks in the manner of section 4.1, and what made them read every word.

        The paper's are Algorithm 1, the compressed embeddings, where the text enters, strided
        convolutions with batch normalization, Adam, 100 numbers of noise and batches of 64. Ours
        are an encoder of words in place of characters, its contrastive training, wrong captions
        that differ in few words, batch normalization modulated by text and z, the projection term,
        the mode-seeking one, without which the images of a caption are all but the same, fewer
        filters, and the average of the generator's weights. No midpoints: a text between two
        colours of sharp borders shows nothing that data have. `**TextToImageGAN.published` in place
        of ours makes the published objective alone, on these networks.

        Args:
            event_shape: `(height, width, channels)`, each side at least 8.
            condition: what t is, of words, such as `Captions`; there has to be one.
            latent_dim: size of z; None for the prior's, or 100.
            text_dim: size of the embedding of a text.
            base_filters: filters of the largest hidden grid of both networks.
            loss_pair: what the two minimise.
            prior: p(z); None for `StandardNormal(latent_dim)`.
            average_decay, mode_seeking: as the constructor has them.
            **kwargs: the constructor's other arguments.
        Returns:
            A built `TextToImageGAN`.
        """
        prior = standard_normal_unless(prior, latent_dim, usual=100)
        return cls(
            generator=text_to_image_generator(prior.dim, event_shape, text_dim, base_filters),
            discriminator=text_to_image_discriminator(event_shape, text_dim, base_filters),
            text_encoder=text_encoder(check_is_condition(condition), text_dim),
            prior=prior,
            loss_pair=loss_pair,
            condition=condition,
            average_decay=average_decay,
            mode_seeking=mode_seeking,
            **kwargs,
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

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam as in section 5."""
        return {name: Adam(2e-4, beta_1=0.5) for name in ("discriminator", "generator")}

    def embed(self, given: tf.Tensor, training: bool = False) -> tf.Tensor:
        """phi(t), `[batch, text_dim]`, float32, of what networks read of the texts."""
        return tf.cast(self.text_encoder(given, training=training), tf.float32)

    def transform(
        self, z: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """x = G(z, phi(t)), `[batch, *event_shape]`, float32."""
        return super().transform(z, self.embed(given, training), training)

    def judge(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        return self.match(x, self.embed(given, training), training)

    def match(self, x: tf.Tensor, text: tf.Tensor, training: bool = False) -> tf.Tensor:
        """D(x, phi(t)), outputs `[batch]`, float32, of embeddings of texts."""
        outputs = self.discriminator(network_inputs(x, text), training=training)
        outputs = outputs[0] if isinstance(outputs, (list, tuple)) else outputs
        return tf.cast(tf.reshape(outputs, [-1]), tf.float32)

    def discriminator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """-L_D, lines 3 to 10 of Algorithm 1, and the penalty."""
        x, given = batch
        fake = tf.stop_gradient(self.generate(tf.shape(x)[0], seed, given, training))
        real_outputs, fake_outputs, penalty = self.play(batch, fake, seed, training)
        index, is_wrong = self.wrong_captions(given, fold_in(seed, 3))
        x = self.augment(x, fold_in(seed, 0), training)
        wrong_outputs = self.judge(x, tf.gather(given, index), training)
        wrong_outputs = tf.where(is_wrong, wrong_outputs, fake_outputs)
        losses = [
            self.loss_pair.discriminator(real_outputs, outputs)
            for outputs in (wrong_outputs, fake_outputs)
        ]
        return {
            "discriminator_loss": tf.add_n(losses) / 2 + penalty,
            "real_outputs": tf.reduce_mean(real_outputs),
            "wrong_outputs": tf.reduce_mean(wrong_outputs),
            "fake_outputs": tf.reduce_mean(fake_outputs),
        }

    def generator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """-L_G, line 12 of Algorithm 1, the term of midpoints (Eq. 5) and the mode-seeking one."""
        text, loss = self.embed(batch[1], training), 0.0
        if self.midpoint_weight:
            # The order of a batch is drawn: its neighbour is any other text.
            middle = (text + tf.roll(text, 1, axis=0)) / 2
            z = self.prior().sample(tf.shape(middle)[0], seed=fold_in(seed, 1))
            loss = self.midpoint_weight * self._told(z, middle, fold_in(seed, 2), training)[1]
        if self.mode_seeking is not None:
            # Half of the texts, each with two draws of the noise: as many images as without.
            text = tf.tile(text[: (tf.shape(text)[0] + 1) // 2], [2, 1])
        z = self.prior().sample(tf.shape(text)[0], seed=seed)
        fake, of_texts = self._told(z, text, fold_in(seed, 0), training)
        loss += of_texts
        if self.mode_seeking is not None:
            loss += self.mode_seeking(*tf.split(z, 2), *tf.split(fake, 2))
        return {"generator_loss": loss}

    def _told(self, z, text, seed, training):
        """Images of embeddings of texts, and the generator's loss of them."""
        fake = super().transform(z, text, training)
        outputs = self.match(self.augment(fake, seed, training), text, training)
        return fake, self.loss_pair.generator(outputs)

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
