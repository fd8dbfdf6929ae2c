"""What both PixelRNNs share: residual LSTM layers between masked convolutions."""

from typing import Any, NamedTuple, Self

import keras
import tensorflow as tf

from tfgen.autoregressive.raster_model import BegunRow, RasterModel, round_up
from tfgen.core.size_checks import check_odd, check_parts, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.layers import MaskedConv2D


class Above(NamedTuple):
    """What the rows above leave to the next one.

    Attributes:
        image: `[batch, first_kernel_size // 2, width, channels]`, pixels in [-1, 1].
        lstms: the state above, of each LSTM.
    """

    image: tf.Tensor
    lstms: tuple


class Row(NamedTuple):
    """What the pixels of a row owe to the rows above.

    Attributes:
        first: `[width, batch, 2 h]`, to the first convolution.
        lstms: of each LSTM, a tuple of `[width, batch, ...]`.
    """

    first: tf.Tensor
    lstms: tuple


class Left(NamedTuple):
    """What is to the left of a pixel.

    Attributes:
        window: `[batch, first_kernel_size // 2, channels]`, pixels in [-1, 1].
        lstms: the state on the left, of each LSTM.
        kept: of each LSTM, arrays of what it keeps of each pixel until the row is complete.
    """

    window: tf.Tensor
    lstms: tuple
    kept: tuple


class LSTMPixel(NamedTuple):
    """One pixel in one LSTM, while its channels are drawn.

    Attributes:
        owed: what `begin_pixel` of the LSTM gave.
        inputs, outputs, hidden, cell: lists of the groups so far, `[batch, features / channels]`.
    """

    owed: tuple
    inputs: list
    outputs: list
    hidden: list
    cell: list


class Pixel(NamedTuple):
    """One pixel, while its channels are drawn.

    Attributes:
        column: int32 scalar.
        first: `[batch, 2 h]`, what the first convolution owes to the other pixels.
        lstms: an `LSTMPixel` for each LSTM.
        readouts: for each readout, the list of its input's groups.
    """

    column: tf.Tensor
    first: tf.Tensor
    lstms: list
    readouts: list


class PixelRNN(RasterModel):
    """Residual LSTM layers between masked convolutions: what its two families share.

    p(x) = prod_i p(x_i,R | x_<i) p(x_i,G | x_<i, x_i,R) p(x_i,B | x_<i, x_i,R, x_i,G)
    (van den Oord, Kalchbrenner & Kavukcuoglu 2016, Eq. 1 and 2; Table 1). A convolution with mask A
    gives 2 h features. The output of each LSTM, of h units, is brought to 2 h features by a 1 x 1
    convolution and added to its input. A ReLU and a 1 x 1 convolution, twice, lead to the logits.
    All convolutions but the first have mask B. Pixels enter as 2 x - 1: the zeros of the padding
    are no pixel value. The samplers compute each number once: a new row costs one row.

    Args:
        event_shape: `(height, width, channels)`.
        levels: values of each channel; level k is read as k / (levels - 1).
        num_features: h, a multiple of the channels.
        num_layers: LSTM layers.
        first_kernel_size: odd, of the first convolution.
        num_output_features: features between the LSTMs and the logits, a multiple of the channels.
    Raises:
        ValueError: events that are no images, or sizes that do not fit.
    """

    paper = "van den Oord et al. 2016a"
    default_batch_size = 16

    def __init__(
        self,
        *,
        event_shape: ShapeLike,
        levels: int = 2,
        num_features: int = 16,
        num_layers: int = 7,
        first_kernel_size: int = 7,
        num_output_features: int = 32,
        **kwargs: Any,
    ) -> None:
        super().__init__(event_shape=event_shape, levels=levels, **kwargs)
        check_sizes(num_features=num_features, num_output_features=num_output_features)
        check_parts(num_layers=num_layers)
        self.num_features = num_features
        self.num_layers = num_layers
        self.first_kernel_size = check_odd(first_kernel_size, "first_kernel_size")
        self.num_output_features = num_output_features

    def _make_layers(self, make_lstm):
        """Makes the network: the constructor's last step.

        Args:
            make_lstm: `(groups, dtype, name)` to a `SpatialLSTMLayer` of h units.
        """
        options = {"groups": self.event_shape[-1], "dtype": self.dtype_policy}

        def convolution(filters, size, mask, name):
            return MaskedConv2D(filters, size, mask=mask, name=name, **options)

        self.first = convolution(2 * self.num_features, self.first_kernel_size, "A", "first")
        self.lstms = [make_lstm(name=f"lstm_{i}", **options) for i in range(self.num_layers)]
        self.upsamplings = [
            convolution(2 * self.num_features, 1, "B", f"upsampling_{i}")
            for i in range(self.num_layers)
        ]
        sizes = (self.num_output_features, self.head.params_size(self.event_shape))
        self.readouts = [convolution(s, 1, "B", f"readout_{i}") for i, s in enumerate(sizes)]
        self.logits(tf.zeros((1, *self.event_shape)))

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        levels: int = 2,
        num_features: int = 16,
        num_layers: int = 7,
        first_kernel_size: int = 7,
        num_output_features: int = 32,
        **kwargs: Any,
    ) -> Self:
        """The paper's layers and sizes for MNIST; initial values are Keras's and orthogonal.

        Features are rounded up to a multiple of the channels.

        Args:
            event_shape: `(height, width, channels)`.
            levels: values of each channel.
            num_features: h, units of each LSTM.
            num_layers: LSTM layers.
            first_kernel_size: odd, of the first convolution.
            num_output_features: features between the LSTMs and the logits.
            **kwargs: the constructor's other arguments.
        """
        features = round_up(
            event_shape[-1], num_features=num_features, num_output_features=num_output_features
        )
        return cls(
            event_shape=event_shape,
            levels=levels,
            num_layers=num_layers,
            first_kernel_size=first_kernel_size,
            **features,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """RMSprop, as the paper's; it chose the rate by hand and does not name it: 1e-3 is ours."""
        return {"likelihood": keras.optimizers.RMSprop(1e-3)}

    def logits(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        x = tf.pad(2 * x - 1, ((0, 0), (0, 0), (0, self.num_extra_columns), (0, 0)))
        features = self.first(x)
        for lstm, upsampling in zip(self.lstms, self.upsamplings, strict=True):
            features = features + upsampling(lstm(features))
        for layer in self.readouts:
            features = layer(tf.nn.relu(features))
        return features[:, :, : self.event_shape[1]]

    def start(self, batch: tf.Tensor) -> Above:
        width, channels = self.drawn_width, self.event_shape[2]
        image = tf.zeros((batch, self.first_kernel_size // 2, width, channels))
        return Above(image, tuple(lstm.start(batch, width) for lstm in self.lstms))

    def begin_row(self, above: Above, given: tf.Tensor | None = None) -> BegunRow:
        first = tf.transpose(self.first.from_above(above.image), (1, 0, 2))
        begun = [lstm.begin_row(each) for lstm, each in zip(self.lstms, above.lstms, strict=True)]
        rows, states = zip(*begun, strict=True)
        batch, width, channels = tf.shape(above.image)[0], self.drawn_width, self.event_shape[2]
        window = tf.zeros((batch, self.first_kernel_size // 2, channels))
        kept = tuple(
            tuple(tf.TensorArray(tf.float32, width, element_shape=(None, size)) for size in sizes)
            for sizes in (lstm.kept_sizes for lstm in self.lstms)
        )
        return BegunRow(above, Row(first, rows), Left(window, states, kept))

    def begin_pixel(self, row: Row, left: Left, column: tf.Tensor) -> Pixel:
        lstms = [
            LSTMPixel(lstm.begin_pixel(tuple(each[column] for each in owed), state), [], [], [], [])
            for lstm, owed, state in zip(self.lstms, row.lstms, left.lstms, strict=True)
        ]
        first = row.first[column] + self.first.from_left(left.window)
        return Pixel(column, first, lstms, [[] for _ in self.readouts])

    def channel_logits(self, pixel: Pixel, values: list[tf.Tensor]) -> tf.Tensor:
        c = len(values)
        size = 2 * self.num_features // self.event_shape[-1]
        features = pixel.first[:, c * size : (c + 1) * size]
        features += self.first.own(c, [2 * value[:, tf.newaxis] - 1 for value in values])
        for lstm, upsampling, groups in zip(self.lstms, self.upsamplings, pixel.lstms, strict=True):
            groups.inputs.append(features)
            output, hidden, cell = lstm.group(c, groups.inputs, groups.owed)
            groups.outputs.append(output)
            groups.hidden.append(hidden)
            groups.cell.append(cell)
            features = features + upsampling.own(c, groups.outputs)
        for layer, groups in zip(self.readouts, pixel.readouts, strict=True):
            groups.append(tf.nn.relu(features))
            features = layer.own(c, groups)
        return features

    def end_pixel(self, left: Left, pixel: Pixel, values: tf.Tensor) -> Left:
        window = tf.concat((left.window, 2 * values[:, tf.newaxis] - 1), axis=1)[:, 1:]
        states, kept = [], []
        for lstm, state, arrays, groups in zip(
            self.lstms, left.lstms, left.kept, pixel.lstms, strict=True
        ):
            whole = [tf.concat(g, axis=-1) for g in (groups.inputs, groups.hidden, groups.cell)]
            state, new = lstm.end_pixel(state, *whole)
            states.append(state)
            pairs = zip(arrays, new, strict=True)
            kept.append(tuple(array.write(pixel.column, value) for array, value in pairs))
        return Left(window, tuple(states), tuple(kept))

    def end_row(self, above: Above, left: Left, values: tf.Tensor) -> Above:
        image = tf.concat((above.image, 2 * values[:, tf.newaxis] - 1), axis=1)[:, 1:]
        lstms = [
            lstm.end_row(state, tuple(tf.transpose(array.stack(), (1, 0, 2)) for array in arrays))
            for lstm, state, arrays in zip(self.lstms, above.lstms, left.kept, strict=True)
        ]
        return Above(image, tuple(lstms))
