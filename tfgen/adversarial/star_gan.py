"""StarGAN: translation between any of several domains by one generator (Choi et al. 2018)."""

from typing import Any, Self

import keras
import tensorflow as tf

from tfgen.adversarial.judged_model import JudgedModel
from tfgen.adversarial.translating_model import TranslatingModel
from tfgen.conditions import Attributes, Classes
from tfgen.core import Adam, Condition, Phase, fold_in
from tfgen.core.checks import check_count
from tfgen.core.size_checks import check_not_negative, check_parts, check_sizes
from tfgen.core.typing import ArrayLike, ShapeLike
from tfgen.losses import GradientPenalty, LossPair, Penalty, Wasserstein
from tfgen.losses.precision import float32_for_float16
from tfgen.networks import check_network, network_inputs, star_gan_discriminator, star_gan_generator


class StarGAN(TranslatingModel, JudgedModel):
    """One generator for all domains, G(x, c), of images x whose domain c' is known.

    Choi et al. (2018), "StarGAN: unified generative adversarial networks for multi-domain
    image-to-image translation". The discriminator tells data from translations, and the domain of
    an image. With targets c, the labels of the batch in another order (Eqs. 5 and 6):

        discriminator:  adversarial + domain_weight (-log D(c' | x)) + penalty
        generator:      adversarial + domain_weight (-log D(c | G(x, c)))
                            + reconstruction_weight |x - G(G(x, c), c')|,

    |.| the mean over pixels and channels. Of `Classes` log D(c | x) is that of a softmax; of
    `Attributes` it is summed over them, each one's that of a sigmoid. The discriminator moves at
    every step, the generator at every fifth. Differences and slopes are of images in [-1, 1], as
    the paper has them.

    Args:
        generator: Keras model of `[x, given]` to images in [0, 1].
        discriminator: Keras model of x to `[outputs, logits]`: one output per example, and one
            logit for each class or attribute.
        condition: `Classes` or `Attributes`.
        loss_pair: what the two minimise of the outputs.
        penalty: what the discriminator minimises beside; None for nothing.
        domain_weight, reconstruction_weight: 0 or more.
        discriminator_steps: the generator moves at every such step, at least 1.
        average_decay: of the running average of the generator's weights, in [0, 1), which all but
            training uses; None for the weights as they are.
    Raises:
        ValueError: the networks, the penalty or the condition do not fit together, or a number is
            out of range.

    Example:
        >>> model = StarGAN.default((8, 8, 1), Classes(3), base_filters=2, num_blocks=1)
        >>> model.translate(np.zeros((4, 8, 8, 1), "float32"), 2).shape
        TensorShape([4, 8, 8, 1])
    """

    term_names = (
        "discriminator_loss",
        "real_outputs",
        "fake_outputs",
        "penalty",
        "real_domain",
        "generator_loss",
        "adversarial",
        "fake_domain",
        "reconstruction",
    )
    paper = "Choi et al. 2018"
    default_batch_size = 16
    takes_condition = True
    needs_condition = True

    def __init__(
        self,
        *,
        generator: keras.Model,
        discriminator: keras.Model,
        condition: Condition,
        loss_pair: LossPair = Wasserstein(),
        penalty: Penalty | None = GradientPenalty(),
        domain_weight: float = 1.0,
        reconstruction_weight: float = 10.0,
        discriminator_steps: int = 5,
        average_decay: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition=condition, **kwargs)
        num_logits = _num_logits(condition)
        shape = tuple(generator.output_shape[1:])
        check_network("generator", generator, shape, shape, condition)
        found = [tuple(each.shape[1:]) for each in (*discriminator.inputs, *discriminator.outputs)]
        if found != [shape, (), (num_logits,)]:
            raise ValueError(
                f"expected the discriminator to map {shape} to () and ({num_logits},)."
                f" Received: shapes {found}"
            )
        if penalty is not None:
            penalty.check(keras.Model(discriminator.inputs, discriminator.outputs[0]))
        self.generator = generator
        self.discriminator = discriminator
        self.loss_pair = loss_pair
        self.penalty = penalty
        self.domain_weight = check_not_negative(domain_weight, "domain_weight")
        self.reconstruction_weight = check_not_negative(
            reconstruction_weight, "reconstruction_weight"
        )
        self.discriminator_steps = check_count(discriminator_steps, "discriminator_steps")
        self.average_generator(average_decay)

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        condition: Condition | None = None,
        base_filters: int = 64,
        num_blocks: int = 6,
        num_halvings: int | None = None,
        kernel_size: int = 7,
        judge_filters: int = 64,
        judge_halvings: int | None = None,
        **kwargs: Any,
    ) -> Self:
        """The paper's networks, with fewer halvings for small images; of any size from 8x8 up.

        Args:
            event_shape: `(height, width, channels)`, each side at least 8.
            condition: `Classes` or `Attributes`, of the domains; it has to be there.
            base_filters, num_blocks, kernel_size: of the generator (see `star_gan_generator`).
            num_halvings: of its sides; None for two, or one where a side is below 16.
            judge_filters, judge_halvings: of the discriminator (see `star_gan_discriminator`).
            **kwargs: the constructor's other arguments.
        Returns:
            A built `StarGAN`.
        """
        num_logits = _num_logits(condition)
        check_sizes(judge_filters=judge_filters)
        if judge_halvings is not None:
            check_parts(judge_halvings=judge_halvings)
        if num_halvings is None:
            num_halvings = 1 if min(tuple(event_shape)[:2]) < 16 else 2
        return cls(
            generator=star_gan_generator(
                event_shape, condition, base_filters, num_blocks, num_halvings, kernel_size
            ),
            discriminator=star_gan_discriminator(
                event_shape, num_logits, judge_filters, judge_halvings
            ),
            condition=condition,
            **kwargs,
        )

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("discriminator", self.discriminator_loss, (self.discriminator,)),
            Phase("generator", self.generator_loss, (self.generator,), self.discriminator_steps),
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam, as in section 5."""
        return {
            name: Adam(1e-4, beta_1=0.5, beta_2=0.999) for name in ("discriminator", "generator")
        }

    def transform(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        images = self.generator_in(training)(network_inputs(x, given), training=training)
        return tf.cast(images, tf.float32)

    def look(self, x: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """The discriminator's outputs `[batch]` and logits `[batch, num_logits]`, float32."""
        outputs, logits = self.discriminator(x, training=training)
        return tf.cast(outputs, tf.float32), tf.cast(logits, tf.float32)

    def judge(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The discriminator's outputs, whatever the domain, `[batch]`, float32."""
        return self.look(x, training)[0]

    def discriminate(self, x: ArrayLike) -> tf.Tensor:
        """The discriminator's verdict (see `JudgedModel.discriminate`), whatever the domain.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1].
        Returns:
            `[batch]`, float32.
        Raises:
            ValueError: x is no batch of images.
        """
        (verdict,) = self.loss_pair.verdict(self.judge(self.check(x))).values()
        return verdict

    def classify(self, x: ArrayLike) -> tf.Tensor:
        """The domains of images, as the discriminator tells them.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1].
        Returns:
            `[batch, num_logits]`, float32: the probability of each class, or of each attribute.
        Raises:
            ValueError: x is no batch of images.
        """
        logits = self.look(self.check(x))[1]
        return tf.nn.softmax(logits) if isinstance(self.condition, Classes) else tf.sigmoid(logits)

    def domain_loss(self, logits: tf.Tensor, given: tf.Tensor) -> tf.Tensor:
        """-log D(c | x), the mean over the batch, in nats.

        Args:
            logits: `[batch, num_logits]`, of x.
            given: what networks read of c, `[batch, num_logits]`.
        """
        if isinstance(self.condition, Classes):
            losses = tf.nn.softmax_cross_entropy_with_logits(given, logits)
        else:
            # Attributes are read as 1 and -1.
            labels = 0.5 + 0.5 * given
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
            losses = tf.reduce_sum(losses, axis=-1)
        return tf.reduce_mean(losses)

    def targets(self, given: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """What the images of a batch are to become: its labels in another order."""
        # XLA has no shuffle.
        keys = tf.random.stateless_uniform(tf.shape(given)[:1], fold_in(seed, 1))
        return tf.gather(given, tf.argsort(keys))

    def discriminator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """Eq. 5: the pair's loss of data and translations, the domain of data, and the penalty."""
        x, given = batch
        fake = tf.stop_gradient(self.transform(x, self.targets(given, seed), training))
        real_outputs, logits = self.look(x, training)
        fake_outputs, _ = self.look(fake, training)
        domain = self.domain_loss(logits, given)
        penalty = tf.zeros(())
        if self.penalty is not None:
            # Of images in [-1, 1].
            judge = lambda images: self.judge(0.5 + 0.5 * images, training=training)
            with float32_for_float16(self.discriminator):
                penalty = self.penalty(judge, 2 * x - 1, 2 * fake - 1, fold_in(seed, 2))
        adversarial = self.loss_pair.discriminator(real_outputs, fake_outputs)
        return {
            "discriminator_loss": adversarial + self.domain_weight * domain + penalty,
            "real_outputs": tf.reduce_mean(real_outputs),
            "fake_outputs": tf.reduce_mean(fake_outputs),
            "penalty": penalty,
            "real_domain": domain,
        }

    def generator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """Eq. 6: fooling, the domain of translations, and what the way there and back leaves."""
        x, given = batch
        targets = self.targets(given, seed)
        fake = self.transform(x, targets, training)
        outputs, logits = self.look(fake, training)
        adversarial = self.loss_pair.generator(outputs)
        domain = self.domain_loss(logits, targets)
        # Of images in [-1, 1].
        reconstruction = 2 * tf.reduce_mean(tf.abs(x - self.transform(fake, given, training)))
        loss = adversarial + self.domain_weight * domain
        return {
            "generator_loss": loss + self.reconstruction_weight * reconstruction,
            "adversarial": adversarial,
            "fake_domain": domain,
            "reconstruction": reconstruction,
        }


def _num_logits(condition):
    """Classes or attributes of a condition.

    Raises:
        ValueError: it is another one, or none.
    """
    if not isinstance(condition, (Classes, Attributes)):
        raise ValueError(
            "expected a condition of domains, such as Classes(5) or Attributes(('long', 'bold'))."
            f" Received: condition={condition!r}"
        )
    return condition.given_spec.shape[-1]
