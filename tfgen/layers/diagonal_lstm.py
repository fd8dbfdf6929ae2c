"""The Diagonal BiLSTM."""

from typing import Any

import tensorflow as tf

from tfgen.layers.masked_conv import MaskedConv2D
from tfgen.layers.spatial_lstm import SpatialLSTMLayer, gates_together, lstm_cell
from tfgen.layers.typing import BatchShape, Tensors


class DiagonalBiLSTMLayer(SpatialLSTMLayer):
    """Two LSTMs from the top corners to the opposite ones, all pixels of a diagonal at once.

    Eq. 3 along the diagonals: K_is is a masked 1 x 1 convolution (mask B), K_ss * h' is
    K_above h(i - 1, j) + K_left h(i, j - 1), the 2 x 1 convolution along a column of the skewed
    map, whose row i stands i places to the right; c' is the cell at (i, j - 1) (van den Oord et
    al. 2016, section 3.2). The second LSTM is the mirror image of the first, and its map is
    shifted down by a row before the two are added: together they see every pixel before (i, j).

    Args:
        units: features h of the state, a multiple of `groups`.
        groups: number of colour channels.
    Input: `[batch, height, width, features]`, features a multiple of `groups`.
    Output: `[batch, height, width, units]`.
    Raises:
        ValueError: sizes below 1, or units that do not split into the groups.
    """

    def __init__(self, units: int, *, groups: int = 1, **kwargs: Any) -> None:
        super().__init__(units, groups, **kwargs)
        self.input_to_state, self.mirrored_input_to_state = (
            MaskedConv2D(4 * units, 1, mask="B", groups=groups, name=name, dtype=self.dtype_policy)
            for name in ("input_to_state", "mirrored_input_to_state")
        )

    def build(self, input_shape: BatchShape) -> None:
        self.input_to_state.build(input_shape)
        self.mirrored_input_to_state.build(input_shape)
        shape = (2 * self.units, 4 * self.units)
        self.state_to_state, self.mirrored_state_to_state = (
            self.add_weight(shape, "orthogonal", name=name)
            for name in ("state_to_state", "mirrored_state_to_state")
        )

    def call(self, x: tf.Tensor) -> tf.Tensor:
        mirrored = tf.reverse(self.mirrored_input_to_state(x), axis=(2,))
        gates = gates_together(tf.stack((self.input_to_state(x), mirrored)), self.groups)
        kernels = (self.state_to_state, self.mirrored_state_to_state)
        kernels = tf.stack([tf.convert_to_tensor(kernel) for kernel in kernels])
        states = _sweep(_skew(gates), kernels)
        hidden, mirrored = tf.unstack(_unskew(states, x.shape[2]))
        return hidden + _row_down(tf.reverse(mirrored, axis=(2,)), axis=1)

    @property
    def kept_sizes(self) -> tuple[int, int]:
        return self.units, self.input_to_state.kernel.shape[2]

    def start(self, batch: int | tf.Tensor, width: int) -> Tensors:
        zeros = tf.zeros((batch, width, self.units))
        return zeros, zeros

    def begin_row(self, above: Tensors) -> tuple[Tensors, Tensors]:
        hidden, mirrored = above
        gates = tf.tensordot(hidden, self._kernels()[0], 1)
        zeros = tf.zeros_like(hidden[:, 0])
        return tuple(tf.transpose(each, (1, 0, 2)) for each in (gates, mirrored)), (zeros, zeros)

    def begin_pixel(self, row: Tensors, left: Tensors) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        gates, mirrored = row
        hidden, cell = left
        return gates + hidden @ self._kernels()[1], cell, mirrored

    def end_pixel(
        self, left: Tensors, inputs: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor
    ) -> tuple[Tensors, Tensors]:
        return (hidden, cell), (hidden, inputs)

    def end_row(self, above: Tensors, kept: Tensors) -> Tensors:
        """The second LSTM runs through the row from the right, once the row is complete."""
        hidden, inputs = kept
        from_above, from_right = self._kernels(mirrored=True)
        layer = self.mirrored_input_to_state
        kernel, bias = (tf.cast(each, tf.float32) for each in (layer.masked_kernel, layer.bias))
        gates = gates_together(tf.tensordot(inputs, kernel[0, 0], 1) + bias, self.groups)
        gates += tf.tensordot(above[1], from_above, 1)
        gates = tf.transpose(gates, (1, 0, 2))
        width = gates.shape[0]

        def body(step, state, cell, states):
            j = width - 1 - step
            state, cell = lstm_cell(gates[j] + state @ from_right, cell)
            return step + 1, state, cell, states.write(j, state)

        zeros = tf.zeros_like(hidden[:, 0])
        states = tf.TensorArray(tf.float32, width, element_shape=zeros.shape)
        start = (0, zeros, zeros, states)
        *_, states = tf.while_loop(
            lambda step, *_: step < width, body, start, maximum_iterations=width
        )
        return hidden, tf.transpose(states.stack(), (1, 0, 2))

    def _kernels(self, mirrored=False):
        """K_above and K_left, `[units, 4 units]`, in float32."""
        kernel = self.mirrored_state_to_state if mirrored else self.state_to_state
        return tf.split(tf.cast(kernel, tf.float32), 2)


def _sweep(diagonals, kernels):
    """States of both LSTMs from what the inputs add to the gates.

    Places of a diagonal that are not in the image come in as 0. To the left of the image their
    states are 0 then, as the states outside it have to be; nothing reads those to its right.

    Args:
        diagonals: `[height + width - 1, 2, batch, height, 4 units]`.
        kernels: `[2, 2 units, 4 units]`.
    Returns:
        `[height + width - 1, 2, batch, height, units]`.
    """
    count, units = tf.shape(diagonals)[0], kernels.shape[-1] // 4
    shape = diagonals.shape[1:]
    gates = tf.TensorArray(diagonals.dtype, count, element_shape=shape).unstack(diagonals)
    zeros = tf.zeros_like(diagonals[0, ..., :units])
    flat = tf.concat((tf.shape(zeros)[:1], (-1, 2 * units)), axis=0)

    def body(d, hidden, cell, states):
        neighbours = tf.concat((_row_down(hidden, axis=2), hidden), axis=-1)
        update = tf.reshape(neighbours, flat) @ kernels
        update = tf.reshape(update, tf.shape(diagonals)[1:]) + gates.read(d)
        hidden, cell = lstm_cell(update, cell)
        return d + 1, hidden, cell, states.write(d, hidden)

    states = tf.TensorArray(diagonals.dtype, count, element_shape=zeros.shape)
    start = (0, zeros, zeros, states)
    return tf.while_loop(
        lambda d, *_: d < count, body, start, maximum_iterations=diagonals.shape[0]
    )[-1].stack()


def _row_down(x, axis):
    """Every row takes the place of the next; zeros come in at the top."""
    paddings = [(1, 0) if i == axis else (0, 0) for i in range(x.shape.rank)]
    kept = tf.split(x, (x.shape[axis] - 1, 1), axis=axis)[0]
    return tf.pad(kept, paddings)


def _skew(maps):
    """Diagonals of maps: row i is moved i places to the right, zeros come in on both sides.

    Args:
        maps: `[2, batch, height, width, features]`.
    Returns:
        `[height + width - 1, 2, batch, height, features]`: the columns of the skewed maps.
    """
    height, width, features = maps.shape[2:]
    flat = (2, -1, height * (width + height), features)
    # Rows of height + width places, one after the other, read as rows of one place less.
    skewed = tf.reshape(tf.pad(maps, ((0, 0), (0, 0), (0, 0), (0, height), (0, 0))), flat)
    count = height + width - 1
    skewed = tf.reshape(skewed[:, :, : height * count], (2, -1, height, count, features))
    return tf.transpose(skewed, (3, 0, 1, 2, 4))


def _unskew(diagonals, width):
    """The maps `[2, batch, height, width, features]` of which these are the diagonals."""
    height, features = diagonals.shape[3:]
    count = height + width - 1
    skewed = tf.reshape(tf.transpose(diagonals, (1, 2, 3, 0, 4)), (2, -1, height * count, features))
    padded = tf.pad(skewed, ((0, 0), (0, 0), (0, height), (0, 0)))
    maps = tf.reshape(padded, (2, -1, height, count + 1, features))
    return maps[:, :, :, :width]
