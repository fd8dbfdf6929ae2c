"""Images drawn pixel by pixel, each activation computed once."""

import abc
import math
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive.compiled_draw import compiled_draw
from tfgen.autoregressive.model import AutoregressiveModel
from tfgen.core import check_count
from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.distributions import invert_levels, levels_head

tfd = tfp.distributions


class BegunRow(NamedTuple):
    """What `begin_row` gives.

    Attributes:
        above: what it was given, with what only the row's beginning adds to it.
        row: what the row's pixels read.
        left: what stands to the left of the first pixel.
    """

    above: Any
    row: Any
    left: Any


class RasterModel(AutoregressiveModel):
    """An autoregressive model of images whose network is evaluated row by row, pixel by pixel.

    A family supplies `logits(x, given, training)` for all pixels at once, and for its sampler the
    same network in pieces:

        above = start(batch)
        for each row:
            above, row, left = begin_row(above, given)
            for each column of the row:
                pixel = begin_pixel(row, left, column)
                for each channel of the pixel:
                    logits = channel_logits(pixel, values)    # then values gets the value drawn
                left = end_pixel(left, pixel, values)
            above = end_row(above, left, values of the row)

    What these pass on are `NamedTuple`s of the family's own, of tensors and of
    `tf.TensorArray`s, with the batch as the tensors' first axis unless they say otherwise. `above`
    and `left` are the variables of loops, `row` and `pixel` are not: lists in a `pixel` grow by one
    entry with each channel.

    Args:
        event_shape: `(height, width, channels)`.
        levels: values of each channel of a pixel; level k is read as k / (levels - 1).
    Raises:
        ValueError: events that are no images, or fewer than two levels.

    Attributes:
        num_extra_columns: columns to the right of the image that the network runs over; what
            enters it there is 0, as all around the image.
    """

    num_extra_columns = 0

    def __init__(self, *, event_shape: ShapeLike, levels: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.event_shape = check_image_shape(event_shape, self)
        self.levels = levels
        self.head = levels_head(levels)

    @property
    def drawn_width(self) -> int:
        """Columns that the network runs over."""
        return self.event_shape[1] + self.num_extra_columns

    @abc.abstractmethod
    def logits(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """What the head gets, `[batch, height, width, channels * num_params]`."""

    @abc.abstractmethod
    def start(self, batch: tf.Tensor) -> NamedTuple:
        """What is above the first row.

        Args:
            batch: int32 scalar, the number of images.
        """

    @abc.abstractmethod
    def begin_row(self, above: NamedTuple, given: tf.Tensor | None = None) -> BegunRow:
        """Computes what a row owes to the rows above it, and to the conditions."""

    @abc.abstractmethod
    def begin_pixel(self, row: NamedTuple, left: NamedTuple, column: tf.Tensor) -> NamedTuple:
        """Computes what a pixel owes to all the others.

        Args:
            row: what `begin_row` gave the pixels to read.
            left: what is to the left of the pixel.
            column: int32 scalar.
        """

    @abc.abstractmethod
    def channel_logits(self, pixel: NamedTuple, values: list[tf.Tensor]) -> tf.Tensor:
        """The logits of the next channel of one pixel.

        Args:
            pixel: what `begin_pixel` gave; its lists grow.
            values: list of `[batch]`, the pixel's channels so far.
        Returns:
            `[batch, num_params]`.
        """

    @abc.abstractmethod
    def end_pixel(self, left: NamedTuple, pixel: NamedTuple, values: tf.Tensor) -> NamedTuple:
        """What is to the left of the next pixel; `values` is `[batch, channels]`."""

    @abc.abstractmethod
    def end_row(self, above: NamedTuple, left: NamedTuple, values: tf.Tensor) -> NamedTuple:
        """What is above the next row; `values` is `[batch, width, channels]`."""

    def conditionals(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """p(x_d | x_<d) of all pixels and channels: one pass of the network.

        Args:
            x: `[batch, height, width, channels]`, float32 in [0, 1], on the levels.
            given: what networks read of the conditions; None for a model without any.
            training: passed on to the layers.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` conditionals.
        """
        return self.head(self.logits(x, given, training))

    @compiled_draw
    def draw(
        self, uniforms: tf.Tensor, x: tf.Tensor, mask: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        height, _, channels = self.event_shape
        batch, width = tf.shape(x)[0], self.drawn_width

        def by_pixel(flat, beyond):
            pixels = tf.transpose(tf.reshape(flat, (batch, *self.event_shape)), (1, 2, 3, 0))
            extra = ((0, 0), (0, self.num_extra_columns), (0, 0), (0, 0))
            return tf.pad(pixels, extra, constant_values=beyond)

        # The columns beyond the image are kept. 1/2 enters the network as 0, as the padding does.
        uniforms, x, mask = by_pixel(uniforms, 0), by_pixel(x, 0.5), by_pixel(mask, 1)

        def draw_row(i, above, image):
            # The stages are those of the class's docstring.
            above, row, left = self.begin_row(above, given)

            def draw_pixel(j, left, drawn):
                pixel, values = self.begin_pixel(row, left, j), []
                for c in range(channels):
                    logits = self.channel_logits(pixel, values)
                    new = invert_levels(logits, uniforms[i, j, c], self.levels)
                    values.append(tf.where(mask[i, j, c] > 0, x[i, j, c], new))
                values = tf.stack(values, axis=-1)
                return j + 1, self.end_pixel(left, pixel, values), drawn.write(j, values)

            drawn = tf.TensorArray(tf.float32, width, element_shape=(None, channels))
            _, left, drawn = tf.while_loop(
                lambda j, *_: j < width, draw_pixel, (0, left, drawn), maximum_iterations=width
            )
            drawn = tf.transpose(drawn.stack(), (1, 0, 2))
            return i + 1, self.end_row(above, left, drawn), image.write(i, drawn)

        image = tf.TensorArray(tf.float32, height, element_shape=(None, width, channels))
        _, _, image = tf.while_loop(
            lambda i, *_: i < height,
            draw_row,
            (0, self.start(batch), image),
            maximum_iterations=height,
        )
        image = tf.transpose(image.stack(), (1, 0, 2, 3))[:, :, : self.event_shape[1]]
        return tf.reshape(image, (batch, math.prod(self.event_shape)))


def round_up(groups: int, **sizes: int) -> dict[str, int]:
    """Each size, once it is checked, rounded up to a multiple of `groups`, under its own name."""
    check_count(groups, "every size of event_shape")
    check_sizes(**sizes)
    return {name: -(-size // groups) * groups for name, size in sizes.items()}


def check_image_shape(event_shape: ShapeLike, model: AutoregressiveModel) -> tuple[int, ...]:
    """The shape of an image as a tuple.

    Raises:
        ValueError: it is not (height, width, channels), each at least 1.
    """
    event_shape = tuple(event_shape)
    if len(event_shape) != 3:
        raise ValueError(
            f"expected event_shape (height, width, channels): {type(model).__name__} is a model"
            f" of images. Received: {event_shape}"
        )
    for size in event_shape:
        check_count(size, "every size of event_shape")
    return event_shape
