"""Networks that grow with the side of their images: 4, 8, 16 and so on, a stage for each."""

import abc
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tfgen.core import Configured

FIRST_SIDE = 4


class GrowingNetwork(Configured, keras.Model, abc.ABC):
    """A block and a colour layer for each stage; all weights are there from the start.

    Only what a stage needs is computed: the blocks up to its own, its colour layer, and that of
    the stage before for the fade.

    Args:
        blocks: built Keras models, that of the smallest images first.
        colours: as many, 1x1 convolutions between features and images.
    Raises:
        ValueError: they do not fit each other.
    """

    def __init__(
        self, *, blocks: Sequence[keras.Model], colours: Sequence[keras.Model], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        # Images and blends must not be rounded to a half-precision compute dtype.
        self.autocast = False
        self.blocks = list(blocks)
        self.colours = list(colours)
        self._check_shapes()
        self.built = True

    # Networks are compared by identity, as Keras does, not by configuration.
    __eq__ = keras.Model.__eq__
    __hash__ = keras.Model.__hash__
    __repr__ = keras.Model.__repr__

    def get_config(self) -> dict[str, Any]:
        return {**keras.layers.Layer.get_config(self), **Configured.get_config(self)}

    @property
    def num_stages(self) -> int:
        return len(self.blocks)

    def side(self, stage: int) -> int:
        """Of the images of a stage."""
        return FIRST_SIDE * 2**stage

    def parts(self, stage: int) -> tuple[keras.Model, ...]:
        """What is computed at a stage."""
        return (*self.blocks[: stage + 1], *self.colours[max(stage - 1, 0) : stage + 1])

    @abc.abstractmethod
    def shapes(self) -> tuple[list[tuple], list[tuple], list[tuple]]:
        """What has to fit.

        Returns:
            The features of each stage, that of its block and that of its colour layer; the images
            of the colour layers, by stage; of neighbouring blocks, what the one gives and the other
            takes.
        """

    def _check_shapes(self) -> None:
        features, images, joints = self.shapes()
        channels = images[-1][-1] if images else None
        sides = [(self.side(stage), self.side(stage), channels) for stage in range(len(images))]
        fit = all(one == other for one, other in (*features, *joints))
        if len(self.blocks) != len(self.colours) or not sides or list(images) != sides or not fit:
            raise ValueError(
                "expected as many blocks as colour layers, at least one, for images of sides 4, 8,"
                f" 16 and so on, that fit each other. Received: {len(self.blocks)} blocks and"
                f" {len(self.colours)} colour layers of images {list(images)}, features"
                f" {list(features)} of blocks and colour layers, {list(joints)} between blocks"
            )


class GrowingGenerator(GrowingNetwork):
    """z to images, `[batch, latent_dim]` to `[batch, side, side, channels]`, side = 4 2^stage.

    While a stage fades in its images are (1 - blend) those of the stage before, doubled by nearest
    neighbours, and blend its own (Karras et al. 2018, Figure 2): exactly the former at blend 0,
    exactly the latter at 1.

    Args:
        blocks: built Keras models, the first of z, each other one of the features before it, with
            twice the sides.
        colours: features of a stage to its images.
    Raises:
        ValueError: they do not fit each other.
    """

    def shapes(self) -> tuple[list[tuple], list[tuple], list[tuple]]:
        ends = [block.output_shape[1:] for block in self.blocks]
        return (
            list(zip(ends, [c.input_shape[1:] for c in self.colours], strict=False)),
            [c.output_shape[1:] for c in self.colours],
            list(zip(ends, [b.input_shape[1:] for b in self.blocks[1:]], strict=False)),
        )

    @property
    def latent_dim(self) -> int:
        return self.blocks[0].input_shape[-1]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return tuple(self.colours[-1].output_shape[1:])

    def call(
        self,
        z: tf.Tensor,
        blend: float | tf.Tensor = 1.0,
        stage: int | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Images of a stage, the last one by default.

        Args:
            z: `[batch, latent_dim]`.
            blend: float32 scalar in [0, 1], how much of the stage is there; the first has no fade.
            stage: from 0.
            training: whether layers run as in training.
        """
        stage = self.num_stages - 1 if stage is None else stage
        h, *before = z, None
        for block in self.blocks[: stage + 1]:
            h, *before = block(h, training=training), h
        images = self.colours[stage](h)
        if stage == 0:
            return images
        return mixed(doubled_sides(self.colours[stage - 1](before[0])), images, blend)


class GrowingCritic(GrowingNetwork):
    """Images of a stage to one output each, `[batch, side, side, channels]` to `[batch]`.

    While a stage fades in, the features that the block of the stage before gets are (1 - blend)
    those of the images with halved sides and blend those of the stage's own block: exactly the
    former at blend 0, exactly the latter at 1.

    Args:
        blocks: built Keras models, the first of features of side 4, to one output; each other one
            to the features that the one before it takes.
        colours: images of a stage to the features that its block takes.
    Raises:
        ValueError: they do not fit each other.
    """

    def shapes(self) -> tuple[list[tuple], list[tuple], list[tuple]]:
        begins = [block.input_shape[1:] for block in self.blocks]
        last = [(b.output_shape[1:], ()) for b in self.blocks[:1]]
        return (
            list(zip(begins, [c.output_shape[1:] for c in self.colours], strict=False)),
            [c.input_shape[1:] for c in self.colours],
            last + list(zip([b.output_shape[1:] for b in self.blocks[1:]], begins, strict=False)),
        )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return tuple(self.colours[-1].input_shape[1:])

    def at(self, stage: int) -> keras.Model:
        """The critic of a stage that has faded in, as a functional model of the same weights."""
        images = keras.Input(self.colours[stage].input_shape[1:])
        h = self.colours[stage](images)
        for block in reversed(self.blocks[: stage + 1]):
            h = block(h)
        return keras.Model(images, h, name=self.name)

    def call(
        self,
        images: tf.Tensor,
        blend: float | tf.Tensor = 1.0,
        stage: int | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """One output for each image of a stage, the last one by default.

        Args:
            images: `[batch, side, side, channels]`.
            blend: float32 scalar in [0, 1], how much of the stage is there; the first has no fade.
            stage: from 0.
            training: whether layers run as in training.
        """
        stage = self.num_stages - 1 if stage is None else stage
        h = self.colours[stage](images)
        if stage > 0:
            h = self.blocks[stage](h, training=training)
            h = mixed(self.colours[stage - 1](halved_sides(images)), h, blend)
        for block in reversed(self.blocks[: max(stage, 1)]):
            h = block(h, training=training)
        return h


def mixed(before: tf.Tensor, own: tf.Tensor, blend: float | tf.Tensor) -> tf.Tensor:
    """(1 - blend) before + blend own: exactly `before` at 0, exactly `own` at 1."""
    blend = tf.cast(blend, own.dtype)
    return (1 - blend) * before + blend * own


def doubled_sides(images: tf.Tensor, factor: int = 2) -> tf.Tensor:
    """`[batch, factor height, factor width, channels]`, each pixel a square of equal ones."""
    if factor == 1:
        return images
    height, width, channels = images.shape[1:]
    cells = tf.reshape(images, (-1, height, 1, width, 1, channels))
    cells = tf.tile(cells, (1, 1, factor, 1, factor, 1))
    return tf.reshape(cells, (-1, factor * height, factor * width, channels))


def halved_sides(images: tf.Tensor, factor: int = 2) -> tf.Tensor:
    """`[batch, height / factor, width / factor, channels]`, the means of squares of pixels."""
    return images if factor == 1 else tf.nn.avg_pool2d(images, factor, factor, "VALID")
