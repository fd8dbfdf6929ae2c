"""Images from words (Reed et al. 2016)."""

from typing import Any, ClassVar, Self

import keras
import tensorflow as tf

from tfgen.adversarial.text_game import TextGame
from tfgen.adversarial.wrong_captions import NearestCaption, OtherCaption, WrongCaptions
from tfgen.core import Adam, Condition, fold_in
from tfgen.core.condition import check_is_condition
from tfgen.core.size_checks import check_not_negative
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Prior
from tfgen.distributions.priors import standard_normal_unless
from tfgen.losses import LossPair, ModeSeeking, NonSaturating
from tfgen.losses.precision import float32_for_float16
from tfgen.networks import text_encoder, text_to_image_discriminator, text_to_image_generator


class TextToImageGAN(TextGame):
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
        contrast_weight: of the loss of `text_training`, which then both players minimise beside: D
            of real images, G of its own, as Zhang et al. (2021) have it; at least 0.
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
    paper = "Reed et al. 2016"
    default_batch_size = 64
    # Arguments of `default`: the published objective alone.
    published: ClassVar[dict[str, Any]] = {
        "text_training": None,
        "wrong_captions": OtherCaption(),
        "midpoint_weight": 1.0,
        "contrast_weight": 0.0,
        "mode_seeking": None,
    }

    def __init__(
        self,
        *,
        loss_pair: LossPair,
        wrong_captions: WrongCaptions = NearestCaption(),
        midpoint_weight: float = 0.0,
        contrast_weight: float = 0.0,
        mode_seeking: ModeSeeking | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.loss_pair = loss_pair
        self.wrong_captions = wrong_captions
        self.midpoint_weight = check_not_negative(midpoint_weight, "midpoint_weight")
        self.contrast_weight = check_not_negative(contrast_weight, "contrast_weight")
        if contrast_weight and self.text_training is None:
            raise ValueError(
                "expected no contrast_weight without a text_training, whose loss it weighs."
                f" Received: {contrast_weight!r}"
            )
        self.mode_seeking = mode_seeking

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
        contrast_weight: float = 1.0,
        mode_seeking: ModeSeeking | None = ModeSeeking(0.1),
        **kwargs: Any,
    ) -> Self:
        """Networks in the manner of section 4.1, and what made them read every word.

        The paper's are Algorithm 1, the compressed embeddings, where the text enters, strided
        convolutions with batch normalization, Adam, 100 numbers of noise and batches of 64. Ours
        are an encoder of words in place of characters, its contrastive training, wrong captions
        that differ in few words, batch normalization modulated by text and z, the projection term,
        the contrastive term, by which digits are told at less cost to diversity, the mode-seeking
        one, without which the images of a caption are all but the same, fewer filters, the average
        of the generator's weights, and no midpoints. `default(..., **TextToImageGAN.published)`
        has the published objective alone, on these networks.

        Args:
            event_shape: `(height, width, channels)`, each side at least 8.
            condition: what t is, of words, such as `Captions`; there has to be one.
            latent_dim: size of z; None for the prior's, or 100.
            text_dim: size of the embedding of a text.
            base_filters: filters of the largest hidden grid of both networks.
            loss_pair: what the two minimise.
            prior: p(z); None for `StandardNormal(latent_dim)`.
            average_decay, contrast_weight, mode_seeking: as the constructor has them.
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
            contrast_weight=contrast_weight,
            mode_seeking=mode_seeking,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam as in section 5."""
        return {name: Adam(2e-4, beta_1=0.5) for name in ("discriminator", "generator")}

    def discriminator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """-L_D, lines 3 to 10 of Algorithm 1, the penalty and the contrastive term."""
        x, given = batch
        text = self.embed(given, training)
        fake = self.depict(self.prior().sample(tf.shape(x)[0], seed=seed), text, training)
        x, fake = (self.augment(e, fold_in(seed, i), training) for i, e in enumerate((x, fake)))
        # phi learns by what is judged, not by what it makes G do.
        fake = tf.stop_gradient(fake)
        index, is_wrong = self.wrong_captions(given, fold_in(seed, 3))
        real_outputs, image = self.look(x, text, training)
        wrong_outputs, _ = self.look(x, tf.gather(text, index), training)
        fake_outputs, _ = self.look(fake, text, training)
        wrong_outputs = tf.where(is_wrong, wrong_outputs, fake_outputs)
        of_wrong, of_fake = (
            self.loss_pair.discriminator(real_outputs, outputs)
            for outputs in (wrong_outputs, fake_outputs)
        )
        loss = (of_wrong + of_fake) / 2 + self._contrast(text, image, given)
        if self.penalty is not None:
            judge = lambda x: self.look(x, text, training)[0]
            with float32_for_float16(self.discriminator):
                loss += self.penalty(judge, x, fake, fold_in(seed, 2))
        return {
            "discriminator_loss": loss,
            "real_outputs": tf.reduce_mean(real_outputs),
            "wrong_outputs": tf.reduce_mean(wrong_outputs),
            "fake_outputs": tf.reduce_mean(fake_outputs),
        }

    def generator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """-L_G, line 12 of Algorithm 1, the midpoints' term (Eq. 5), and what is beside."""
        given = batch[1]
        text, loss = self.embed(given, training), 0.0
        if self.midpoint_weight:
            # The order of a batch is drawn: its neighbour is any other text.
            middle = (text + tf.roll(text, 1, axis=0)) / 2
            z = self.prior().sample(tf.shape(middle)[0], seed=fold_in(seed, 1))
            outputs = self._told(z, middle, fold_in(seed, 2), training)[1]
            loss = self.midpoint_weight * self.loss_pair.generator(outputs)
        if self.mode_seeking is not None:
            # Half of the texts, each with two draws of the noise: as many images as without.
            half = (tf.shape(text)[0] + 1) // 2
            text, given = (tf.tile(each[:half], [2, 1]) for each in (text, given))
        z = self.prior().sample(tf.shape(text)[0], seed=seed)
        fake, outputs, image = self._told(z, text, fold_in(seed, 0), training)
        loss += self.loss_pair.generator(outputs) + self._contrast(text, image, given)
        if self.mode_seeking is not None:
            loss += self.mode_seeking(*tf.split(z, 2), *tf.split(fake, 2))
        return {"generator_loss": loss}

    def _told(self, z, text, seed, training):
        """Images of embeddings of texts, and what D makes of them."""
        fake = self.depict(z, text, training)
        return fake, *self.look(self.augment(fake, seed, training), text, training)

    def _contrast(self, text, image, given):
        if not self.contrast_weight:
            return 0.0
        return self.contrast_weight * self.text_training.loss(text, image, given)
