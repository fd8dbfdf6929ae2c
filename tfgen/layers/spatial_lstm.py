"""What the two LSTMs over the pixels of an image have in common."""

import abc
from typing import Any

import tensorflow as tf

from tfgen.core.size_checks import check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape, Pair, Tensors


class SpatialLSTMLayer(ConfiguredLayer, abc.ABC):
    """An LSTM whose steps are rows or diagonals of an image, van den Oord et al. (2016), Eq. 3.

    [o, f, i, g] = act(K_ss * h' + K_is * x),  c = f c' + i g,  h = o tanh(c), where ' is the
    step before, outside the image zero, and act is a sigmoid for o, f, i and tanh for g. Nothing
    of a later pixel enters. The colour channels of a pixel come one after the other: units are in
    `groups` equal parts, and part c sees of its own pixel the input's parts up to c.

    `call` computes all pixels of a row or a diagonal at once. The other methods compute the same
    numbers for a sampler, which learns the image pixel by pixel: each number once, in float32.

    Args:
        units: features h of the state, a multiple of `groups`.
        groups: number of colour channels.
    Raises:
        ValueError: sizes below 1, or units that do not split into the groups.
    """

    def __init__(self, units: int, groups: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(units=units, groups=groups)
        if units % groups:
            raise ValueError(
                f"expected units to be a multiple of groups={groups}. Received: {units!r}"
            )
        self.units = units
        self.groups = groups

    @property
    @abc.abstractmethod
    def kept_sizes(self) -> tuple[int, int]:
        """Features of each tensor that `end_pixel` keeps."""

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        return (*input_shape[:-1], self.units)

    @abc.abstractmethod
    def start(self, batch: int | tf.Tensor, width: int) -> Tensors:
        """The state above the first row: a tuple of `[batch, width, ...]`."""

    @abc.abstractmethod
    def begin_row(self, above: Tensors) -> tuple[Tensors, Tensors]:
        """Computes what a row owes to the state above it.

        Returns:
            A tuple of `[width, batch, ...]`, read pixel by pixel, and the state left of the first
            pixel, a tuple of `[batch, ...]`.
        """

    @abc.abstractmethod
    def begin_pixel(self, row: Tensors, left: Tensors) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Computes what a pixel owes to all the others.

        Args:
            row: the pixel's part of what `begin_row` gave, a tuple of `[batch, ...]`.
            left: the state left of the pixel.
        Returns:
            Gates before their activation `[batch, 4 units]`, the cell before `[batch, units]`,
            and what is added to the output `[batch, units]`.
        """

    def group(
        self, index: int, inputs: list[tf.Tensor], pixel: Tensors
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Group `index` of a pixel.

        Args:
            index: the group c.
            inputs: list of the input's groups up to c, `[batch, features / groups]`.
            pixel: what `begin_pixel` gave.
        Returns:
            Output, hidden state and cell, `[batch, units / groups]`.
        """
        gates, cell, added = pixel
        size = self.units // self.groups
        columns = slice(index * size, (index + 1) * size)
        gates = tf.reshape(gates, (-1, 4, self.groups, size))[:, :, index]
        gates = tf.reshape(gates, (-1, 4 * size)) + self.input_to_state.own(index, inputs)
        hidden, cell = lstm_cell(gates, cell[:, columns])
        return hidden + added[:, columns], hidden, cell

    @abc.abstractmethod
    def end_pixel(
        self, left: Tensors, inputs: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor
    ) -> tuple[Tensors, Tensors]:
        """The state right of a pixel, and what is kept of the pixel until the row is complete.

        Args:
            left: the state left of the pixel.
            inputs: `[batch, features]`.
            hidden, cell: `[batch, units]`.
        Returns:
            Two tuples of `[batch, ...]`.
        """

    @abc.abstractmethod
    def end_row(self, above: Tensors, kept: Tensors) -> Tensors:
        """The state below a row.

        Args:
            above: the state above it.
            kept: what `end_pixel` kept, a tuple of `[batch, width, ...]`.
        """


def lstm_cell(gates: tf.Tensor, cell: tf.Tensor) -> Pair:
    """One step of Eq. 3, from gates `[..., 4 units]`: o, f, i, g.

    Returns:
        The new hidden state and cell, `[..., units]`.
    """
    units = cell.shape[-1]
    switches, candidate = tf.split(gates, (3 * units, units), axis=-1)
    o, f, i = tf.split(tf.sigmoid(switches), 3, axis=-1)
    cell = f * cell + i * tf.tanh(candidate)
    return o * tf.tanh(cell), cell


def gates_together(gates: tf.Tensor, groups: int) -> tf.Tensor:
    """From the four gates of each group to the groups of each gate, on the last axis."""
    if groups == 1:
        return gates
    leading = tf.shape(gates)[:-1]
    size = gates.shape[-1] // (4 * groups)
    by_group = tf.reshape(gates, tf.concat((leading, (groups, 4, size)), axis=0))
    by_gate = tf.stack(tf.unstack(by_group, axis=-2), axis=-3)
    return tf.reshape(by_gate, tf.concat((leading, (4 * groups * size,)), axis=0))
