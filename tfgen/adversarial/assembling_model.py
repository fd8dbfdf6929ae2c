"""Models that make whole images of their parts, in no order and without places."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgen.adversarial.judged_model import JudgedModel
from tfgen.adversarial.key_regions import KeyRegions
from tfgen.adversarial.side_by_side import side_by_side
from tfgen.adversarial.user_patches import read_patches
from tfgen.core import split_seed
from tfgen.core.arrays import in_batches
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.distributions import Prior
from tfgen.networks import check_network


class AssemblingModel(JudgedModel):
    """An image and a mask of a few patches of an image, G(patches, z), and a discriminator.

    A detector of key regions takes images apart, for training; whoever has patches can have them
    assembled. A family supplies the losses of the two phases.

    Args:
        generator: Keras model of `[patches, z]`, `[batch, num_patches, *event_shape]` and
            `[batch, latent_dim]`, to `[image, logits]`: `[batch, *event_shape]` in [0, 1], and
            `[batch, height, width, 1]`, logits of the mask of where the patches lie in it.
        discriminator: Keras model, `[batch, *event_shape]` to one output per example.
        regions: the detector of key regions.
        prior: p(z), whose `dim` is latent_dim.
        average_decay: of the running average of the generator's weights, in [0, 1), which all but
            training uses; None for the weights as they are.
    Raises:
        ValueError: the networks, the detector and the prior do not fit together.
    """

    def __init__(
        self,
        *,
        generator: keras.Model,
        discriminator: keras.Model,
        regions: KeyRegions,
        prior: Prior,
        average_decay: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        event_shape = tuple(discriminator.input_shape[1:])
        regions.check(event_shape)
        _check_generator(generator, (regions.num_patches, *event_shape), prior.dim)
        outputs = (1,) if discriminator.output_shape[1:] == (1,) else ()
        check_network("discriminator", discriminator, event_shape, outputs)
        self.generator = generator
        self.discriminator = discriminator
        self.regions = regions
        self.prior = prior
        self.average_generator(average_decay)

    @property
    def event_shape(self) -> tuple[int, ...]:
        return tuple(self.discriminator.input_shape[1:])

    @property
    def num_patches(self) -> int:
        return self.regions.num_patches

    def transform(
        self, patches: tf.Tensor, z: tf.Tensor, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """X' and the logits of M_hat, float32: with averaged weights, but in training.

        Args:
            patches: `[batch, num_patches, *event_shape]`.
            z: `[batch, latent_dim]`.
            training: whether the network runs as in training.
        """
        image, logits = self.generator_in(training)([patches, z], training=training)
        return tf.cast(image, tf.float32), tf.cast(logits, tf.float32)

    def take_apart(
        self, x: ArrayLike, *, seed: SeedLike | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The patches of images, as the detector of key regions finds them.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1].
            seed: int or int32 `(2,)` tensor, for a detector that draws; None for the model's own
                generator.
        Returns:
            The patches, `[batch, num_patches, *event_shape]`, each resized to the image's size, and
            the mask of where they were, `[batch, height, width, 1]`; float32.
        Raises:
            ValueError: x is no batch of images.
        """
        return self.regions(self.check(x), self.seed_or_next(seed))

    def assemble(
        self,
        patches: ArrayLike | Sequence[ArrayLike],
        *,
        condition: None = None,
        seed: SeedLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """Whole images of patches; their order does not matter.

        Args:
            patches: `[batch, num_patches, height, width, channels]`, or a list of one array for
                each patch, `[batch, height, width, channels]` or `[height, width, channels]`; of
                any sizes, floating point in [0, 1]. Each is resized to the image's size.
            condition: refused.
            seed: of z; int or int32 `(2,)` tensor; None for the model's own generator.
            batch_size: images of one call of the network; None for all at once.
        Returns:
            `[batch, *event_shape]`, float32 in [0, 1].
        Raises:
            ValueError: bad patches (another number or rank, no pixels, values that are not finite
                or outside [0, 1]), or no seed.
        """
        return self._assemble(patches, condition, seed, batch_size)[0]

    def locate(
        self,
        patches: ArrayLike | Sequence[ArrayLike],
        *,
        condition: None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """M_hat: where the patches lie in the whole image; z does not change it.

        Args:
            patches, condition, batch_size: as for `assemble`.
        Returns:
            Probabilities `[batch, height, width, 1]`, float32.
        Raises:
            ValueError: as for `assemble`.
        """
        return tf.sigmoid(self._assemble(patches, condition, 0, batch_size)[1])

    def _assemble(self, patches, condition, seed, batch_size):
        patches = read_patches(patches, self.num_patches, self.event_shape)
        count = tf.shape(patches)[0]
        self.read_condition(condition, count)
        z = self.prior().sample(count, seed=self.seed_or_next(seed))
        return in_batches(self.transform, batch_size, patches, z)

    def preview(self, batch: tuple, seed: int = 0) -> tf.Tensor:
        """Each x, its patches, the mask M_hat, and what is made of them by two draws of z."""
        x = self.check(batch[0])
        of_boxes, *of_z = split_seed(self.seed_or_next(seed), 3)
        patches, _ = self.regions(x, of_boxes)
        mask = tf.broadcast_to(self.locate(patches), tf.shape(x))
        shown = [x, *tf.unstack(patches, self.num_patches, axis=1), mask]
        shown += [self.assemble(patches, seed=each) for each in of_z]
        return side_by_side(shown)

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        def assemble(patches, seed, condition=None):
            return {"images": self.assemble(patches, seed=seed)}

        def locate(patches, condition=None):
            return {"masks": self.locate(patches)}

        shape = (None, self.num_patches, *self.event_shape)
        patches = tf.TensorSpec(shape, tf.float32, name="patches")
        seed = tf.TensorSpec((2,), tf.int32, name="seed")
        return {
            "assemble": (assemble, [patches, seed]),
            "locate": (locate, [patches]),
            **super().signatures(),
        }


def _check_generator(network, patches_shape, latent_dim):
    _, height, width, channels = patches_shape
    wanted = [patches_shape, (latent_dim,)], [(height, width, channels), (height, width, 1)]
    found = tuple(
        [tuple(each.shape[1:]) for each in side] for side in (network.inputs, network.outputs)
    )
    if found != wanted:
        raise ValueError(
            f"expected the generator to map patches and z, {wanted[0]}, to an image and the logits"
            f" of a mask, {wanted[1]}. Received: {found[0]} to {found[1]}"
        )
