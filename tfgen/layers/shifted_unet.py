"""The two streams of PixelCNN++ at all their resolutions."""

from typing import Any, NamedTuple

import tensorflow as tf

from tfgen.core import check_count
from tfgen.core.size_checks import check_parts, check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.gated_resnet import DownRightShiftedResnet, DownShiftedResnet
from tfgen.layers.shifted_conv import DownRightShiftedConv2D, DownShiftedConv2D
from tfgen.layers.shifted_conv_transpose import (
    DownRightShiftedConv2DTranspose,
    DownShiftedConv2DTranspose,
)
from tfgen.layers.typing import BatchShape, Pair

# Each halves the image: of none is more than a pixel left then.
_MOST_RESOLUTIONS = 30


class Kept(NamedTuple):
    """What one stream keeps of a row or pixel at one resolution.

    Attributes:
        blocks: a pair for each block, the inputs of its convolutions.
        edge: the input of the strided convolution, empty at the lowest resolution.
        result: the output at this resolution.
    """

    blocks: tuple
    edge: tuple
    result: tf.Tensor


class Above(NamedTuple):
    """What the pixels of a row at one resolution owe to the row above and the other stream.

    Attributes:
        entry: for the strided convolution that leads here, empty at the full resolution.
        blocks: a pair for each block.
    """

    entry: tuple
    blocks: tuple


class ShiftedUNet(ConfiguredLayer):
    """Residual blocks at one resolution, and between them the lower resolutions.

    Salimans et al. (2017), section 2.3 and 2.4, Figure 2. Stream u sees the rows above, stream ul
    also what is to the left, and takes u as a short-cut. Going down, blocks and a strided
    convolution; going up, a transposed one and blocks, each with a short-cut from the way down,
    the last one first. There is one block more going up, for the entry, but at the lowest
    resolution. An odd size is rounded up when it is halved, and cropped when it is doubled.
    What sampling needs is computed row by row (`begin_row`) and pixel by pixel (`pixel`), at a
    lower resolution only where a new row or pixel begins. The states of these are tuples over the
    resolutions, this one first, of `Kept` or `Above`.

    Args:
        filters: number F of features.
        num_blocks: blocks of each stream and resolution, going down.
        num_resolutions: this one, and those of half the size, a quarter, ...
        dropout: rate of the blocks.
    Input: u and ul, `[batch, height, width, F]` each.
    Output: the same two.
    Raises:
        ValueError: sizes below 1.
    """

    def __init__(
        self,
        filters: int,
        num_blocks: int,
        num_resolutions: int,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_sizes(filters=filters)
        check_parts(num_blocks=num_blocks)
        check_count(num_resolutions, "num_resolutions", most=_MOST_RESOLUTIONS)
        self.filters = filters
        self.num_blocks = num_blocks
        self.num_resolutions = num_resolutions
        self.dropout = dropout
        policy = self.dtype_policy

        def blocks(kind, name, count):
            return [kind(filters, dropout, name=f"{name}_{i}", dtype=policy) for i in range(count)]

        lowest = num_resolutions == 1
        self.u_down = blocks(DownShiftedResnet, "u_down", num_blocks)
        self.ul_down = blocks(DownRightShiftedResnet, "ul_down", num_blocks)
        self.u_up = blocks(DownShiftedResnet, "u_up", num_blocks + (not lowest))
        self.ul_up = blocks(DownRightShiftedResnet, "ul_up", num_blocks + (not lowest))
        self.lower = None
        if not lowest:
            self.u_halve = DownShiftedConv2D(filters, strides=2, name="u_halve", dtype=policy)
            self.ul_halve = DownRightShiftedConv2D(
                filters, strides=2, name="ul_halve", dtype=policy
            )
            self.lower = ShiftedUNet(
                filters, num_blocks, num_resolutions - 1, dropout, name="lower", dtype=policy
            )
            self.u_double = DownShiftedConv2DTranspose(filters, name="u_double", dtype=policy)
            self.ul_double = DownRightShiftedConv2DTranspose(
                filters, name="ul_double", dtype=policy
            )

    def build(self, u_shape: BatchShape, ul_shape: BatchShape) -> None:
        shape = (*u_shape[:-1], self.filters)
        for u_block, ul_block in zip(self.u_down, self.ul_down, strict=True):
            u_block.build(shape)
            ul_block.build(shape, (shape,))
        if self.lower is not None:
            for layer in (self.u_halve, self.ul_halve):
                layer.build(shape)
            self.lower.build(shape, shape)
            for layer in (self.u_double, self.ul_double):
                layer.build(shape)
        for u_block, ul_block in zip(self.u_up, self.ul_up, strict=True):
            u_block.build(shape, (shape,))
            ul_block.build(shape, (shape, shape))

    def call(self, u: tf.Tensor, ul: tf.Tensor, training: bool = False) -> Pair:
        us, uls = [u], [ul]
        for u_block, ul_block in zip(self.u_down, self.ul_down, strict=True):
            us.append(u_block(us[-1], training=training))
            uls.append(ul_block(uls[-1], (us[-1],), training=training))
        if self.lower is None:
            u, ul = us.pop(), uls.pop()
        else:
            height, width = u.shape[1:3]
            u, ul = self.lower(self.u_halve(us[-1]), self.ul_halve(uls[-1]), training=training)
            u = self.u_double(u)[:, :height, :width]
            ul = self.ul_double(ul)[:, :height, :width]
        for u_block, ul_block in zip(self.u_up, self.ul_up, strict=True):
            u = u_block(u, (us.pop(),), training=training)
            ul = ul_block(ul, (u, uls.pop()), training=training)
        return u, ul

    def start(self, batch: int | tf.Tensor, width: int) -> tuple[tuple, tuple, tuple]:
        """The states above the first row: u's `Kept`, ul's `Kept`, and `Above`.

        Args:
            batch: int or int32 scalar.
            width: int, of the image at this resolution.
        """
        F, count = self.filters, len(self.u_down) + len(self.u_up)

        def kept(*shape):
            block = (tf.zeros((*shape, 2 * F)), tf.zeros((*shape, 2 * F)))
            edge = () if self.lower is None else tf.zeros((*shape, F))
            return Kept((block,) * count, edge, tf.zeros((*shape, F)))

        pair = (tf.zeros((batch, width, F)), tf.zeros((batch, width, 2 * F)))
        own = (kept(batch, 1, width), kept(batch, 1 + width), Above((), (pair,) * count))
        if self.lower is None:
            return tuple((each,) for each in own)
        *others, (above, *lower) = self.lower.start(batch, -(-width // 2))
        lower = (above._replace(entry=tf.zeros((batch, -(-width // 2), F))), *lower)
        return tuple((each, *rest) for each, rest in zip(own, (*others, lower), strict=True))

    def begin_row(
        self,
        i: tf.Tensor,
        u: tf.Tensor,
        u_kept: tuple[Kept, ...],
        ul_kept: tuple[Kept, ...],
        above: tuple[Above, ...],
    ) -> tuple[tuple[Kept, ...], tuple[Above, ...]]:
        """One row of u, and what the pixels of that row of ul owe to what comes before the row.

        Args:
            i: int32 scalar, the row at this resolution.
            u: `[batch, 1, width, F]`.
            u_kept: u's state; tensors `[batch, 1, width, ...]`, of the last row.
            ul_kept: ul's state; tensors `[batch, 1 + width, ...]`, of the last row behind a pixel
                of zeros.
            above: what this gave before; tensors `[batch, width, ...]`.
        Returns:
            u's state, and `Above` of all resolutions.
        """
        own, own_ul, own_above = u_kept[0], ul_kept[0], above[0]
        width, us, inputs, begun = u.shape[2], [u], [], []
        states = iter(zip(own.blocks, own_ul.blocks, strict=True))

        def step(u_block, ul_block, x, *shortcuts):
            u_state, ul_state = next(states)
            x, kept = u_block.row(x, u_state, shortcuts)
            inputs.append(kept)
            begun.append(ul_block.begin_row(ul_state, x))
            return x

        def begin_lower():
            entry = self.u_halve.row(tf.concat((own.edge, edge), axis=1))
            rows, lower_above = self.lower.begin_row(
                i // 2, entry, u_kept[1:], ul_kept[1:], above[1:]
            )
            entry = self.ul_halve.from_above(own_ul.edge[:, tf.newaxis])
            return rows, (lower_above[0]._replace(entry=entry), *lower_above[1:])

        for blocks in zip(self.u_down, self.ul_down, strict=True):
            us.append(step(*blocks, us[-1]))
        edge, lower, lower_above = (), (), ()
        if self.lower is None:
            u = us.pop()
        else:
            edge = us[-1]
            lower, lower_above = tf.cond(
                i % 2 == 0, begin_lower, lambda: (tuple(u_kept[1:]), tuple(above[1:]))
            )
            u = self.u_double.row(lower[0].result, i % 2)[:, :, :width]
        for blocks in zip(self.u_up, self.ul_up, strict=True):
            u = step(*blocks, u, us.pop())
        own_above = own_above._replace(blocks=tuple(begun))
        return (Kept(tuple(inputs), edge, u), *lower), (own_above, *lower_above)

    def pixel(
        self,
        i: tf.Tensor,
        j: tf.Tensor,
        ul: tf.Tensor,
        above: tuple[Above, ...],
        left: tuple[Kept, ...],
        kept: tuple[Kept, ...],
    ) -> tuple[Kept, ...]:
        """One pixel of ul.

        Args:
            i, j: int32 scalars, the row and the column at this resolution.
            ul: `[batch, F]`.
            above: `Above` of all resolutions, of this pixel's columns; tensors `[batch, ...]`.
            left: what this gave for the columns to the left, or zeros.
            kept: what this gave last for the same columns, at resolutions where no new row or
                column begins; elsewhere any values.
        Returns:
            `Kept` of all resolutions; the first one's result is the output.
        """
        uls, inputs = [ul], []
        states = iter(zip(above[0].blocks, left[0].blocks, strict=True))

        def step(block, x, *shortcuts):
            x, new = block.pixel(x, *next(states), shortcuts)
            inputs.append(new)
            return x

        def lower_pixel():
            entry = self.ul_halve.pixel((left[0].edge, edge), above[1].entry)
            return self.lower.pixel(i // 2, j // 2, entry, above[1:], left[1:], kept[1:])

        for block in self.ul_down:
            uls.append(step(block, uls[-1]))
        edge, lower = (), ()
        if self.lower is None:
            ul = uls.pop()
        else:
            edge = uls[-1]
            begins = (i % 2 == 0) & (j % 2 == 0)
            lower = tf.cond(begins, lower_pixel, lambda: tuple(kept[1:]))
            ul = self.ul_double.pixel(lower[0].result, i % 2, j % 2)
        for block in self.ul_up:
            ul = step(block, ul, uls.pop())
        return (Kept(tuple(inputs), edge, ul), *lower)
