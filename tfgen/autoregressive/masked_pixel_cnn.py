"""PixelCNN with masked convolutions (van den Oord et al., 2016a)."""

from typing import Any, NamedTuple, Self

import keras
import tensorflow as tf

from tfgen.autoregressive.masked_network import MaskedNetwork, masked_network
from tfgen.autoregressive.raster_model import BegunRow, RasterModel, round_up
from tfgen.core import Adam
from tfgen.core.typing import ShapeLike
from tfgen.layers import MaskedConv2D


class Above(NamedTuple):
    """What the rows above leave to the next one.

    Attributes:
        inputs: for each layer that sees other pixels, the rows of its input above,
            `[batch, kernel_size // 2, width, features]`.
    """

    inputs: tuple


class Row(NamedTuple):
    """What the pixels of a row owe to the rows above.

    Attributes:
        owed: for each layer that sees other pixels, `[width, batch, filters]`.
    """

    owed: tuple


class Left(NamedTuple):
    """What is to the left of a pixel.

    Attributes:
        windows: for each layer that sees other pixels, its input there,
            `[batch, kernel_size // 2, features]`.
        kept: for each block, the array of its input at each pixel of the row.
    """

    windows: tuple
    kept: tuple


class Pixel(NamedTuple):
    """One pixel, while its channels are drawn.

    Attributes:
        column: int32 scalar.
        owed: for each layer that sees other pixels, what it owes to them, `[batch, filters]`.
        groups: the notebook of `MaskedNetwork`.
    """

    column: tf.Tensor
    owed: list
    groups: dict


class MaskedPixelCNN(RasterModel):
    """Residual blocks of masked convolutions, blind spot and all.

    p(x) = prod_i p(x_i | x_<i), the channels of a pixel one after the other (van den Oord,
    Kalchbrenner & Kavukcuoglu 2016, Eq. 1 and 2; section 3.5, Table 1). A convolution with mask A
    gives 2 h features; a block adds to them, after a ReLU each, a 1 x 1, a masked and a 1 x 1
    convolution of h, h and 2 h features; a ReLU and a 1 x 1 convolution, twice, lead to the logits.
    A part of the pixels to the upper right is never seen: the blind spot that `PixelCNN` mends.
    Pixels enter as 2 x - 1: the zeros of the padding are no pixel value. Sampling computes each
    number once: what a row owes to those above it when the row begins, the rest pixel by pixel.

    Args:
        event_shape: `(height, width, channels)`.
        levels: values of each channel; level k is read as k / (levels - 1).
        num_features: h, a multiple of the channels.
        num_layers: residual blocks.
        kernel_size: odd, of the masked convolutions of the blocks.
        first_kernel_size: odd, of the first convolution.
        num_output_features: features between the blocks and the logits, a multiple of the channels.
    Raises:
        ValueError: events that are no images, or sizes that do not fit.

    Example:
        >>> model = MaskedPixelCNN.default((4, 4, 1), num_features=4, num_layers=1)
        >>> x = model.sample(3, seed=0)
        >>> x.shape, model.log_prob(x).shape
        (TensorShape([3, 4, 4, 1]), TensorShape([3]))
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
        kernel_size: int = 3,
        first_kernel_size: int = 7,
        num_output_features: int = 32,
        **kwargs: Any,
    ) -> None:
        super().__init__(event_shape=event_shape, levels=levels, **kwargs)
        self.num_features = num_features
        self.num_layers = num_layers
        self.kernel_size = kernel_size
        self.first_kernel_size = first_kernel_size
        self.num_output_features = num_output_features
        self.first, self.blocks, self.readouts = masked_network(
            MaskedConv2D,
            self.event_shape[-1],
            num_features=num_features,
            num_layers=num_layers,
            kernel_size=kernel_size,
            first_kernel_size=first_kernel_size,
            num_output_features=num_output_features,
            num_outputs=self.head.params_size(self.event_shape),
            dtype=self.dtype_policy,
        )
        self.logits(tf.zeros((1, *self.event_shape)))

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        levels: int = 2,
        num_features: int = 16,
        num_layers: int = 7,
        kernel_size: int = 3,
        first_kernel_size: int = 7,
        num_output_features: int = 32,
        **kwargs: Any,
    ) -> Self:
        """The paper's layers for MNIST; features are rounded up to a multiple of the channels.

        Args:
            event_shape: `(height, width, channels)`.
            levels: values of each channel.
            num_features: h.
            num_layers: residual blocks.
            kernel_size: odd, of the masked convolutions of the blocks.
            first_kernel_size: odd, of the first convolution.
            num_output_features: features between the blocks and the logits.
            **kwargs: the constructor's other arguments.
        """
        features = round_up(
            event_shape[-1], num_features=num_features, num_output_features=num_output_features
        )
        return cls(
            event_shape=event_shape,
            levels=levels,
            num_layers=num_layers,
            kernel_size=kernel_size,
            first_kernel_size=first_kernel_size,
            **features,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam, which is ours: the paper has RMSprop, at rates that it does not name."""
        return {"likelihood": Adam(1e-3)}

    @property
    def _network(self):
        return MaskedNetwork(self.first, self.blocks, self.readouts)

    def logits(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        return self._network.logits(x)

    def start(self, batch: tf.Tensor) -> Above:
        width, channels = self.event_shape[1:]
        image = tf.zeros((batch, self.first_kernel_size // 2, width, channels))
        hidden = tf.zeros((batch, self.kernel_size // 2, width, self.num_features))
        return Above((image, *(hidden for _ in self.blocks)))

    def begin_row(self, above: Above, given: tf.Tensor | None = None) -> BegunRow:
        pairs = list(zip(self._network.seeing, above.inputs, strict=True))
        owed = [tf.transpose(layer.from_above(rows), (1, 0, 2)) for layer, rows in pairs]
        batch, width = tf.shape(above.inputs[0])[0], self.event_shape[1]
        windows = [
            tf.zeros((batch, layer.kernel_size[1] // 2, rows.shape[-1])) for layer, rows in pairs
        ]
        kept = [
            tf.TensorArray(tf.float32, width, element_shape=(None, self.num_features))
            for _ in self.blocks
        ]
        return BegunRow(above, Row(tuple(owed)), Left(tuple(windows), tuple(kept)))

    def begin_pixel(self, row: Row, left: Left, column: tf.Tensor) -> Pixel:
        layers = zip(self._network.seeing, row.owed, left.windows, strict=True)
        owed = [each[column] + layer.from_left(window) for layer, each, window in layers]
        return Pixel(column, owed, {})

    def channel_logits(self, pixel: Pixel, values: list[tf.Tensor]) -> tf.Tensor:
        return self._network.channel_logits(pixel.owed, values, pixel.groups)

    def end_pixel(self, left: Left, pixel: Pixel, values: tf.Tensor) -> Left:
        inputs = self._network.inputs(values, pixel.groups)
        windows = [
            tf.concat((window, new[:, tf.newaxis]), axis=1)[:, 1:]
            for window, new in zip(left.windows, inputs, strict=True)
        ]
        pairs = zip(left.kept, inputs[1:], strict=True)
        return Left(tuple(windows), tuple(array.write(pixel.column, new) for array, new in pairs))

    def end_row(self, above: Above, left: Left, values: tf.Tensor) -> Above:
        rows = [2 * values - 1, *(tf.transpose(array.stack(), (1, 0, 2)) for array in left.kept)]
        inputs = [
            tf.concat((old, new[:, tf.newaxis]), axis=1)[:, 1:]
            for old, new in zip(above.inputs, rows, strict=True)
        ]
        return Above(tuple(inputs))
