"""The Row LSTM."""

from typing import Any

import tensorflow as tf

from tfgen.layers.masked_conv import MaskedConv2D
from tfgen.layers.spatial_lstm import SpatialLSTMLayer, gates_together, lstm_cell
from tfgen.layers.typing import BatchShape, Tensors


class RowLSTMLayer(SpatialLSTMLayer):
    """An LSTM from the top row to the bottom one, all pixels of a row at once.

    Eq. 3 with k x 1 convolutions along the row: K_is masked (mask B), over the input's row; K_ss
    over the states of the row above (van den Oord et al. 2016, section 3.1). What a pixel sees
    above it is a triangle: it opens by k // 2 pixels a row to either side.

    Args:
        units: features h of the state, a multiple of `groups`.
        kernel_size: odd size k of both convolutions.
        groups: number of colour channels.
    Input: `[batch, height, width, features]`, features a multiple of `groups`.
    Output: `[batch, height, width, units]`.
    Raises:
        ValueError: sizes below 1, an even `kernel_size`, or units that do not split into groups.
    """

    def __init__(self, units: int, kernel_size: int = 3, *, groups: int = 1, **kwargs: Any) -> None:
        super().__init__(units, groups, **kwargs)
        self.kernel_size = kernel_size
        self.input_to_state = MaskedConv2D(
            4 * units,
            (1, kernel_size),
            mask="B",
            groups=groups,
            name="input_to_state",
            dtype=self.dtype_policy,
        )

    def build(self, input_shape: BatchShape) -> None:
        self.input_to_state.build(input_shape)
        shape = (self.kernel_size * self.units, 4 * self.units)
        self.state_to_state = self.add_weight(shape, "orthogonal", name="state_to_state")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        gates = gates_together(self.input_to_state(x), self.groups)
        rows = tf.transpose(gates, (1, 0, 2, 3))
        hidden = self._sweep(rows, tf.convert_to_tensor(self.state_to_state))
        return tf.transpose(hidden, (1, 0, 2, 3))

    def _sweep(self, rows, kernel):
        """The states `[height, batch, width, units]` from what the inputs add to the gates."""
        height = tf.shape(rows)[0]
        gates = tf.TensorArray(rows.dtype, height, element_shape=rows.shape[1:]).unstack(rows)
        zeros = tf.zeros_like(rows[0, ..., : self.units])

        def body(i, hidden, cell, states):
            update = gates.read(i) + self._from_row(hidden, kernel)
            hidden, cell = lstm_cell(update, cell)
            return i + 1, hidden, cell, states.write(i, hidden)

        states = tf.TensorArray(rows.dtype, height, element_shape=zeros.shape)
        start = (0, zeros, zeros, states)
        return tf.while_loop(
            lambda i, *_: i < height, body, start, maximum_iterations=rows.shape[0]
        )[-1].stack()

    def _from_row(self, hidden, kernel):
        """K_ss * h of one row, `[batch, width, 4 units]`."""
        reach, width = self.kernel_size // 2, tf.shape(hidden)[1]
        padded = tf.pad(hidden, ((0, 0), (reach, reach), (0, 0)))
        shifts = [padded[:, shift : shift + width] for shift in range(self.kernel_size)]
        # Not tf.tensordot: XLA cannot compile its gradient in a loop where the batch is not known.
        gates = tf.reshape(tf.concat(shifts, axis=-1), (-1, kernel.shape[0])) @ kernel
        return tf.reshape(gates, (-1, width, kernel.shape[1]))

    @property
    def kept_sizes(self) -> tuple[int, int]:
        return self.units, self.units

    def start(self, batch: int | tf.Tensor, width: int) -> Tensors:
        zeros = tf.zeros((batch, width, self.units))
        return zeros, zeros

    def begin_row(self, above: Tensors) -> tuple[Tensors, Tensors]:
        hidden, cell = above
        gates = self._from_row(hidden, tf.cast(self.state_to_state, tf.float32))
        features = self.input_to_state.kernel.shape[2]
        left = tf.zeros((tf.shape(cell)[0], self.kernel_size // 2, features))
        return tuple(tf.transpose(each, (1, 0, 2)) for each in (gates, cell)), (left,)

    def begin_pixel(self, row: Tensors, left: Tensors) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        gates, cell = row
        gates += gates_together(self.input_to_state.from_left(*left), self.groups)
        return gates, cell, tf.zeros_like(cell)

    def end_pixel(
        self, left: Tensors, inputs: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor
    ) -> tuple[Tensors, Tensors]:
        window = tf.concat((left[0], inputs[:, tf.newaxis]), axis=1)
        return (window[:, 1:],), (hidden, cell)

    def end_row(self, above: Tensors, kept: Tensors) -> Tensors:
        return kept
