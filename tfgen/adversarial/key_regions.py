"""Which regions of an image are key: boxes, what they cut out, and the mask of their union."""

import abc
import math
from typing import Self

import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_odd, check_parts, check_sizes
from tfgen.core.typing import ShapeLike


class KeyRegions(Configured, abc.ABC):
    """A detector of key regions: some boxes in each image, of one size.

    Args:
        num_patches: boxes in an image, at least 1.
        size: of their sides, in pixels.
    Raises:
        ValueError: a number that is none, or below 1.
    """

    def __init__(self, num_patches: int = 3, size: int = 10) -> None:
        check_parts(num_patches=num_patches)
        check_sizes(size=size)
        self.num_patches = num_patches
        self.size = size

    @abc.abstractmethod
    def corners(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """The upper left corners of the boxes, all of them inside the image.

        Args:
            x: images `[batch, height, width, channels]` in [0, 1], no side below `size`.
            seed: int32 `(2,)`, for a detector that draws.
        Returns:
            int32 `[batch, num_patches, 2]`, row and column.
        """

    def check(self, event_shape: ShapeLike) -> None:
        """Checks that the boxes fit into images.

        Args:
            event_shape: `(height, width, channels)`.
        Raises:
            ValueError: they do not.
        """
        shape = tuple(event_shape)
        if len(shape) != 3 or min(shape[:2]) < self.size:
            raise ValueError(
                f"expected images (height, width, channels) of at least {self.size} x {self.size},"
                f" as the boxes of {self!r}. Received: examples of shape {shape}"
            )

    def __call__(self, x: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Takes images apart.

        Args:
            x: images `[batch, height, width, channels]` in [0, 1].
            seed: int32 `(2,)`.
        Returns:
            The `patches` of the boxes, and the mask of their `union`.
        """
        corners = self.corners(x, seed)
        return self.patches(x, corners), self.union(corners, *x.shape[1:3])

    def patches(self, x: tf.Tensor, corners: tf.Tensor) -> tf.Tensor:
        """What the boxes cut out, each resized to the whole image's size, bilinearly.

        Args:
            x: `[batch, height, width, channels]`.
            corners: `[batch, num_patches, 2]`.
        Returns:
            `[batch, num_patches, height, width, channels]`, float32.
        """
        rows, columns = (
            self._resizing(corners[..., axis], side) for axis, side in enumerate(x.shape[1:3])
        )
        # Two matrix products, which XLA has; crop_and_resize it has not.
        return tf.einsum("bnir,brsc,bnjs->bnijc", rows, tf.cast(x, tf.float32), columns)

    def union(self, corners: tf.Tensor, height: int, width: int) -> tf.Tensor:
        """The mask of the boxes, 1 inside one of them and 0 elsewhere.

        Args:
            corners: `[batch, num_patches, 2]`.
            height, width: of the images.
        Returns:
            `[batch, height, width, 1]`, float32.
        """
        rows, columns = (
            (tf.range(side) >= begin) & (tf.range(side) < begin + self.size)
            for side, begin in ((height, corners[..., :1]), (width, corners[..., 1:]))
        )
        boxes = rows[..., tf.newaxis] & columns[:, :, tf.newaxis]
        return tf.cast(tf.reduce_any(boxes, axis=1), tf.float32)[..., tf.newaxis]

    def _resizing(self, begin, side):
        """`[batch, num_patches, side, side]`: the pixels of a box that those of a patch are of."""
        places = (tf.range(side, dtype=tf.float32) + 0.5) * (self.size / side) - 0.5
        places = tf.clip_by_value(places, 0.0, self.size - 1.0)
        places += tf.cast(begin, tf.float32)[..., tf.newaxis]
        pixels = tf.range(side, dtype=tf.float32)
        return tf.nn.relu(1 - tf.abs(places[..., tf.newaxis] - pixels))


class EdgeEnergyBoxes(KeyRegions):
    """Boxes where the edges are strongest, the same ones for an image whenever it is looked at.

    The energy of a place is the mean of dy^2 + dx^2, of central differences of the grey image,
    over the window around it. The first centre is where it is largest, the next where it is largest
    of all places that are at least `distance` rows or `distance` columns off: as long as such
    places have more than half of the largest energy, it is one of them. Boxes are moved into the
    image where they reach out of it.

    Args:
        num_patches, size: as for `KeyRegions`.
        window: side of the window, odd.
        distance: of two centres, in pixels.
    Raises:
        ValueError: a number out of range.
    """

    def __init__(
        self, num_patches: int = 3, size: int = 10, window: int = 9, distance: int = 7
    ) -> None:
        super().__init__(num_patches, size)
        check_odd(window, "window")
        check_sizes(distance=distance)
        self.window = window
        self.distance = distance

    @classmethod
    def of_images(cls, event_shape: ShapeLike, num_patches: int = 3) -> Self:
        """Boxes of a third of the shorter side, at least 0.7 of that apart.

        Args:
            event_shape: `(height, width, channels)`.
            num_patches: boxes in an image.
        """
        size = math.ceil(min(tuple(event_shape)[:2]) / 3)
        return cls(num_patches, size, window=size - 1 + size % 2, distance=round(0.7 * size))

    def corners(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        height, width = x.shape[1:3]
        energy = self.energy(x)
        rows, columns = tf.range(height)[:, tf.newaxis], tf.range(width)
        centres = []
        for _ in range(self.num_patches):
            place = tf.argmax(tf.reshape(energy, (-1, height * width)), 1, tf.int32)
            row, column = place // width, place % width
            centres.append(tf.stack([row, column], axis=1))
            row, column = row[:, tf.newaxis, tf.newaxis], column[:, tf.newaxis, tf.newaxis]
            near = (tf.abs(rows - row) < self.distance) & (tf.abs(columns - column) < self.distance)
            energy = tf.where(near, -1.0, energy)
        corners = tf.stack(centres, axis=1) - self.size // 2
        return tf.clip_by_value(corners, 0, [height - self.size, width - self.size])

    def energy(self, x: tf.Tensor) -> tf.Tensor:
        """The energy of every place.

        Args:
            x: `[batch, height, width, channels]`.
        Returns:
            `[batch, height, width]`, float32.
        """
        grey = tf.reduce_mean(tf.cast(x, tf.float32), axis=3, keepdims=True)
        padded = tf.pad(grey, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
        dy = (padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]) / 2
        dx = (padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]) / 2
        return tf.nn.avg_pool2d(dy**2 + dx**2, self.window, 1, "SAME")[..., 0]


class RandomBoxes(KeyRegions):
    """Boxes anywhere in the image, others whenever it is looked at.

    Args:
        num_patches, size: as for `KeyRegions`.
    """

    def corners(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        room = tf.constant(list(x.shape[1:3])) - self.size + 1
        shape = (tf.shape(x)[0], self.num_patches, 2)
        drawn = tf.random.stateless_uniform(shape, seed)
        return tf.minimum(tf.cast(drawn * tf.cast(room, tf.float32), tf.int32), room - 1)
