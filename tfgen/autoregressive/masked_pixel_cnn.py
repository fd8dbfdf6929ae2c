"""PixelCNN with masked convolutions (van den Oord et al., 2016a)."""

import keras
import tensorflow as tf

from tfgen.autoregressive.masked_network import (
    channel_logits,
    image_logits,
    masked_blocks,
    masked_inputs,
    masked_layers,
)
from tfgen.autoregressive.raster_model import RasterModel, round_up
from tfgen.core import check_count
from tfgen.layers import MaskedConv2D


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
    """

    paper = "van den Oord et al. 2016a"
    default_batch_size = 16

    def __init__(
        self,
        *,
        event_shape,
        levels=2,
        num_features=16,
        num_layers=7,
        kernel_size=3,
        first_kernel_size=7,
        num_output_features=32,
        **kwargs,
    ):
        super().__init__(event_shape=event_shape, levels=levels, **kwargs)
        self.num_features = check_count(num_features, "num_features")
        self.num_layers = check_count(num_layers, "num_layers")
        self.kernel_size = kernel_size
        self.first_kernel_size = first_kernel_size
        self.num_output_features = num_output_features
        self.first, self.blocks, self.readouts = masked_blocks(
            MaskedConv2D,
            self.event_shape[-1],
            num_features,
            num_layers,
            kernel_size,
            first_kernel_size,
            num_output_features,
            self.head.params_size(self.event_shape),
        )
        self.logits(tf.zeros((1, *self.event_shape)))

    @classmethod
    def default(
        cls,
        event_shape,
        levels=2,
        num_features=16,
        num_layers=7,
        kernel_size=3,
        first_kernel_size=7,
        num_output_features=32,
    ):
        """The paper's layers for MNIST; features are rounded up to a multiple of the channels.

        Args:
            event_shape: `(height, width, channels)`.
            levels: values of each channel.
            num_features: h.
            num_layers: residual blocks.
            kernel_size: odd, of the masked convolutions of the blocks.
            first_kernel_size: odd, of the first convolution.
            num_output_features: features between the blocks and the logits.
        """
        channels = event_shape[-1]
        return cls(
            event_shape=event_shape,
            levels=levels,
            num_features=round_up(num_features, channels),
            num_layers=num_layers,
            kernel_size=kernel_size,
            first_kernel_size=first_kernel_size,
            num_output_features=round_up(num_output_features, channels),
        )

    def default_optimizers(self):
        return {"likelihood": keras.optimizers.Adam(1e-3)}

    @property
    def _network(self):
        return self.first, self.blocks, self.readouts

    def logits(self, x, training=False):
        return image_logits(self._network, x)

    def start(self, batch):
        width, channels = self.event_shape[1:]
        image = tf.zeros((batch, self.first_kernel_size // 2, width, channels))
        hidden = tf.zeros((batch, self.kernel_size // 2, width, self.num_features))
        return (image, *(hidden for _ in self.blocks))

    def begin_row(self, state):
        layers = masked_layers(self._network)
        above = tuple(
            tf.transpose(layer.from_above(rows), (1, 0, 2))
            for layer, rows in zip(layers, state, strict=True)
        )
        batch, width = tf.shape(state[0])[0], self.event_shape[1]
        left = tuple(
            tf.zeros((batch, layer.kernel_size[1] // 2, rows.shape[-1]))
            for layer, rows in zip(layers, state, strict=True)
        )
        row = tuple(
            tf.TensorArray(tf.float32, width, element_shape=(None, self.num_features))
            for _ in self.blocks
        )
        return state, above, (left, row)

    def channel_logits(self, row, left, column, values, scratch):
        if not scratch:
            scratch["column"] = column
            scratch["others"] = [
                above[column] + layer.from_left(seen)
                for layer, above, seen in zip(
                    masked_layers(self._network), row, left[0], strict=True
                )
            ]
            scratch["inputs"] = {}
        return channel_logits(self._network, scratch["others"], values, scratch["inputs"])

    def end_pixel(self, left, pixel, scratch):
        left, row = left
        new = masked_inputs(self._network, pixel, scratch["inputs"])
        left = tuple(
            tf.concat((seen, own[:, tf.newaxis]), axis=1)[:, 1:]
            for seen, own in zip(left, new, strict=True)
        )
        pairs = zip(row, new[1:], strict=True)
        return left, tuple(array.write(scratch["column"], own) for array, own in pairs)

    def end_row(self, state, left, pixels):
        rows = [2 * pixels - 1, *(tf.transpose(array.stack(), (1, 0, 2)) for array in left[1])]
        return tuple(
            tf.concat((above, new[:, tf.newaxis]), axis=1)[:, 1:]
            for above, new in zip(state, rows, strict=True)
        )
