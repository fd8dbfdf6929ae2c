"""PuzzleGAN: a whole image of a few of its parts (Lee et al. 2018)."""

from collections.abc import Callable
from typing import Any, Self

import keras
import tensorflow as tf

from tfgen.adversarial.assembling_model import AssemblingModel
from tfgen.adversarial.key_regions import EdgeEnergyBoxes, KeyRegions
from tfgen.core import Adam, Phase, split_seed
from tfgen.core.checks import check_count
from tfgen.core.size_checks import check_not_negative
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Uniform
from tfgen.losses import (
    GeometricDecay,
    LossPair,
    ModeSeeking,
    NonSaturating,
    PartLoss,
    TrueMaskLoss,
)
from tfgen.networks import dcgan_discriminator, puzzle_generator

# Of the examples of a batch, how many are drawn twice for the mode-seeking term.
_TWICE = 4


class PuzzleGAN(AssemblingModel):
    """A whole image X' = G(patches, z) of a few patches of one, in no order and without places.

    Lee et al. (2018), "Unsupervised holistic image generation from key local patches". Of an image
    X a detector of key regions cuts N patches, and each is resized to the size of X: where it was
    and how large is lost. G makes of them an image X' and a mask M_hat of where they lie in it; M
    is the true one, the union of the boxes. The discriminator takes X for real, and for generated
    X' and the two composites M.X' + (1 - M).X and M.X + (1 - M).X', as many of each. The generator
    minimises, at every second step,

        adversarial + w(step) (spatial + appearance) + mode seeking.

    The spatial loss compares M_hat with M, the appearance loss the patches in X' with those in X
    (see `PartLoss`). The adversarial term is the pair's of all three kinds of generated images.
    "mask_iou" is the intersection of M and M_hat > 1/2 over their union.

    With the paper's forms of these two losses, its w from 1e-2 to 1e-4 in 25 epochs and rates of
    2e-4 the mask collapsed to an empty one on MNIST, and X' ignored z. `default` has other ones.
    The published ones are `part_loss=PredictedMaskLoss()`, `part_weight=GeometricDecay(1e-2, 1e-4,
    23_450)` and `mode_seeking=None`, with `compile(learning_rate=2e-4)`. Not known here were the
    paper's normalization, in which range its images are, and which generated images its generator's
    adversarial term has. Its detector of key regions is that of edge boxes.

    Args:
        generator, discriminator, regions, prior, average_decay: as `AssemblingModel` has them; see
            `networks.puzzle_generator`.
        loss_pair: what the two networks minimise.
        part_loss: the spatial and the appearance loss.
        part_weight: w, a number or a schedule of the training steps, which are saved with the
            model: a resumed training goes on where it was.
        mode_seeking: what keeps X' from ignoring z; a quarter of a batch is drawn twice for it.
            None for nothing.
        generator_every: the generator moves at every such step, at least 1.
    Raises:
        ValueError: the networks, the detector and the prior do not fit together, or a number is
            out of range.

    Example:
        >>> model = PuzzleGAN.default((8, 8, 1), latent_dim=3, base_filters=2, embedding_dim=4)
        >>> model.assemble([np.ones((5, 4, 1)), np.zeros((8, 8, 1)), np.ones((2, 2, 1))]).shape
        TensorShape([1, 8, 8, 1])
    """

    term_names = (
        "discriminator_loss",
        "real_outputs",
        "fake_outputs",
        "generator_loss",
        "adversarial",
        "spatial",
        "appearance",
        "mask_iou",
    )
    paper = "Lee et al. 2018"
    default_batch_size = 64

    def __init__(
        self,
        *,
        loss_pair: LossPair,
        part_loss: PartLoss = TrueMaskLoss(),
        part_weight: float | Callable[[tf.Tensor], tf.Tensor] = GeometricDecay(0.5, 0.05, 23_450),
        mode_seeking: ModeSeeking | None = None,
        generator_every: int = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.loss_pair = loss_pair
        self.part_loss = part_loss
        scheduled = callable(part_weight)
        self.part_weight = (
            part_weight if scheduled else check_not_negative(part_weight, "part_weight")
        )
        self.mode_seeking = mode_seeking
        self.generator_every = check_count(generator_every, "generator_every")

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        num_patches: int = 3,
        latent_dim: int = 128,
        base_filters: int = 64,
        embedding_dim: int = 128,
        kernel_size: int = 5,
        regions: KeyRegions | None = None,
        loss_pair: LossPair = NonSaturating(),
        mode_seeking: ModeSeeking | None = ModeSeeking(0.03),
        average_decay: float | None = 0.995,
        **kwargs: Any,
    ) -> Self:
        """The paper's filters, kernels and sizes of embedding and z, for images from 8x8 up.

        Args:
            event_shape: `(height, width, channels)`, each side at least 8.
            num_patches: N.
            latent_dim: size of z, which is uniform in [-1, 1]^latent_dim.
            base_filters: filters of the largest hidden grid of all networks.
            embedding_dim: size of a patch's embedding.
            kernel_size: of the generator's convolutions.
            regions: detector of key regions; None for `EdgeEnergyBoxes.of_images(event_shape,
                num_patches)`, boxes of a third of the shorter side.
            loss_pair: what the two networks minimise.
            mode_seeking: what keeps X' from ignoring z.
            average_decay: of the running average of the generator's weights.
            **kwargs: the constructor's other arguments.
        Returns:
            A built `PuzzleGAN`.
        Raises:
            ValueError: a size is too small, or `regions` has another number of patches.
        """
        event_shape = tuple(event_shape)
        if regions is None:
            regions = EdgeEnergyBoxes.of_images(event_shape, num_patches)
        elif regions.num_patches != num_patches:
            raise ValueError(
                f"expected regions of num_patches={num_patches} boxes. Received: {regions!r}"
            )
        return cls(
            generator=puzzle_generator(
                event_shape, num_patches, latent_dim, base_filters, embedding_dim, kernel_size
            ),
            discriminator=dcgan_discriminator(event_shape, base_filters),
            regions=regions,
            prior=Uniform(latent_dim),
            loss_pair=loss_pair,
            mode_seeking=mode_seeking,
            average_decay=average_decay,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam, at higher rates than the published 2e-4."""
        return {
            "discriminator": Adam(5e-4, beta_1=0.5),
            "generator": Adam(1e-3, beta_1=0.5),
        }

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("discriminator", self.discriminator_loss, (self.discriminator,)),
            Phase("generator", self.generator_loss, (self.generator,), self.generator_every),
        )

    def discriminator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The pair's loss of data and of the three kinds of generated images."""
        (x,) = batch
        of_boxes, of_z = split_seed(seed, 2)
        patches, mask = self.regions(x, of_boxes)
        fake, _ = self.transform(patches, self.prior().sample(tf.shape(x)[0], seed=of_z), training)
        real_outputs = self.judge(x, training=training)
        fake_outputs = self.judge(_mixed(x, mask, fake), training=training)
        return {
            "discriminator_loss": self.loss_pair.discriminator(real_outputs, fake_outputs),
            "real_outputs": tf.reduce_mean(real_outputs),
            "fake_outputs": tf.reduce_mean(fake_outputs),
        }

    def generator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The pair's generator loss, the weighted losses of the parts, and mode seeking."""
        (x,) = batch
        of_boxes, of_z = split_seed(seed, 2)
        patches, mask = self.regions(x, of_boxes)
        count = tf.shape(x)[0]
        twice = 0 if self.mode_seeking is None else (count + _TWICE - 1) // _TWICE
        z = self.prior().sample(count + twice, seed=of_z)
        # In one call, so that batch normalization sees all of them.
        images, logits = self.transform(tf.concat([patches, patches[:twice]], 0), z, training)
        fake, logits = images[:count], logits[:count]
        adversarial = self.loss_pair.generator(self.judge(_mixed(x, mask, fake), training=training))
        spatial, appearance = self.part_loss(x, mask, fake, logits)
        loss = adversarial + self._part_weight() * (spatial + appearance)
        if self.mode_seeking is not None:
            loss += self.mode_seeking(z[:twice], z[count:], fake[:twice], images[count:])
        return {
            "generator_loss": loss,
            "adversarial": adversarial,
            "spatial": spatial,
            "appearance": appearance,
            "mask_iou": _mask_iou(mask, logits),
        }

    def _part_weight(self):
        scheduled = callable(self.part_weight)
        return self.part_weight(self.steps_seen.value) if scheduled else self.part_weight


def _mixed(x, mask, fake):
    """G(x) and the composites of it and x, one after the other."""
    inside, outside = mask * fake + (1 - mask) * x, mask * x + (1 - mask) * fake
    return tf.concat([fake, inside, outside], axis=0)


def _mask_iou(mask, logits):
    found, wanted = logits > 0, mask > 0.5
    both = tf.math.count_nonzero(found & wanted, axis=(1, 2, 3), dtype=tf.float32)
    either = tf.math.count_nonzero(found | wanted, axis=(1, 2, 3), dtype=tf.float32)
    return tf.reduce_mean(both / tf.maximum(either, 1.0))
