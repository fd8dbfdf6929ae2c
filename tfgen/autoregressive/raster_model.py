"""Images drawn pixel by pixel, each activation computed once."""

import abc
import math

import tensorflow as tf

from tfgen.autoregressive.model import AutoregressiveModel
from tfgen.core import check_count
from tfgen.distributions import invert_levels, levels_head


class RasterModel(AutoregressiveModel):
    """An autoregressive model of images whose network is evaluated row by row, pixel by pixel.

    A family supplies `logits(x, training)` for all pixels at once, with its conditions if it has
    any, and for its sampler the same network in pieces: `start`, `begin_row`, `channel_logits`,
    `end_pixel` and `end_row`. What these pass on is theirs: nested tuples of tensors, with the
    batch as their first axis.

    Args:
        event_shape: `(height, width, channels)`.
        levels: values of each channel of a pixel; level k is read as k / (levels - 1).
    Raises:
        ValueError: events that are no images, or fewer than two levels.

    Attributes:
        num_extra_columns: columns of zeros to the right of the image that the network runs over.
    """

    num_extra_columns = 0

    def __init__(self, *, event_shape, levels=2, **kwargs):
        super().__init__(**kwargs)
        self.event_shape = check_image_shape(event_shape, self)
        self.levels = levels
        self.head = levels_head(levels)

    @property
    def drawn_width(self):
        """Columns that the network runs over."""
        return self.event_shape[1] + self.num_extra_columns

    @abc.abstractmethod
    def logits(self, x, training=False, **conditions):
        """What the head gets, `[batch, height, width, channels * num_params]`."""

    @abc.abstractmethod
    def start(self, batch, **conditions):
        """The state above the first row, for `batch` images."""

    @abc.abstractmethod
    def begin_row(self, state):
        """Computes what a row owes to the rows above it.

        Returns:
            The state, what the row's pixels read, and the state left of its first pixel.
        """

    @abc.abstractmethod
    def channel_logits(self, row, left, column, values, scratch):
        """The logits of the next channel of one pixel.

        Args:
            row: what `begin_row` gave the pixels to read.
            left: the state left of the pixel.
            column: int32 scalar.
            values: list of `[batch]`, the pixel's channels so far.
            scratch: dictionary, empty at the pixel's first channel, for what later ones need.
        Returns:
            `[batch, num_params]`.
        """

    @abc.abstractmethod
    def end_pixel(self, left, pixel, scratch):
        """The state right of a pixel `[batch, channels]`."""

    @abc.abstractmethod
    def end_row(self, state, left, pixels):
        """The state below a row of pixels, `[batch, width, channels]`."""

    def conditionals(self, x, training=False, **conditions):
        """p(x_d | x_<d) of all pixels and channels: one pass of the network.

        Args:
            x: `[batch, height, width, channels]`, float32 in [0, 1], on the levels.
            training: passed on to the layers.
            **conditions: tensors, for a model that has them.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` conditionals.
        """
        return self.head(self.logits(x, training, **conditions))

    @tf.function(jit_compile=True, autograph=False)
    def draw(self, uniforms, x, mask, **conditions):
        height, _, channels = self.event_shape
        batch, width = tf.shape(x)[0], self.drawn_width

        def by_pixel(flat, beyond):
            pixels = tf.transpose(tf.reshape(flat, (batch, *self.event_shape)), (1, 2, 3, 0))
            extra = ((0, 0), (0, self.num_extra_columns), (0, 0), (0, 0))
            return tf.pad(pixels, extra, constant_values=beyond)

        uniforms, x, mask = by_pixel(uniforms, 0), by_pixel(x, 0), by_pixel(mask, 1)

        def draw_row(i, state, rows):
            state, row, left = self.begin_row(state)

            def draw_pixel(j, left, pixels):
                values, scratch = [], {}
                for c in range(channels):
                    logits = self.channel_logits(row, left, j, values, scratch)
                    drawn = invert_levels(logits, uniforms[i, j, c], self.levels)
                    values.append(mask[i, j, c] * x[i, j, c] + (1 - mask[i, j, c]) * drawn)
                pixel = tf.stack(values, axis=-1)
                return j + 1, self.end_pixel(left, pixel, scratch), pixels.write(j, pixel)

            pixels = tf.TensorArray(tf.float32, width, element_shape=(None, channels))
            _, left, pixels = tf.while_loop(
                lambda j, *_: j < width, draw_pixel, (0, left, pixels), maximum_iterations=width
            )
            pixels = tf.transpose(pixels.stack(), (1, 0, 2))
            return i + 1, self.end_row(state, left, pixels), rows.write(i, pixels)

        rows = tf.TensorArray(tf.float32, height, element_shape=(None, width, channels))
        start = (0, self.start(batch, **conditions), rows)
        _, _, rows = tf.while_loop(
            lambda i, *_: i < height, draw_row, start, maximum_iterations=height
        )
        drawn = tf.transpose(rows.stack(), (1, 0, 2, 3))[:, :, : self.event_shape[1]]
        return tf.reshape(drawn, (batch, math.prod(self.event_shape)))


def round_up(size, groups):
    """The least multiple of `groups` that is not below `size`."""
    return -(-size // groups) * groups


def check_image_shape(event_shape, model):
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
