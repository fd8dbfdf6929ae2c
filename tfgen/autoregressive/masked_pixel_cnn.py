"""PixelCNN with masked convolutions (van den Oord et al., 2016a)."""

import keras
import tensorflow as tf

from tfgen.autoregressive.raster import RasterModel, round_up
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

        def convolution(filters, size, mask, name):
            return MaskedConv2D(filters, size, mask=mask, groups=self.event_shape[-1], name=name)

        self.first = convolution(2 * num_features, first_kernel_size, "A", "first")
        self.blocks = [
            [
                convolution(num_features, 1, "B", f"block_{i}_reduce"),
                convolution(num_features, kernel_size, "B", f"block_{i}_masked"),
                convolution(2 * num_features, 1, "B", f"block_{i}_expand"),
            ]
            for i in range(num_layers)
        ]
        self.readouts = [
            convolution(size, 1, "B", f"readout_{i}")
            for i, size in enumerate((num_output_features, self.head.params_size(self.event_shape)))
        ]
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

    def logits(self, x, training=False):
        features = self.first(2 * x - 1)
        for block in self.blocks:
            hidden = features
            for layer in block:
                hidden = layer(tf.nn.relu(hidden))
            features = features + hidden
        for layer in self.readouts:
            features = layer(tf.nn.relu(features))
        return features

    def start(self, batch):
        width, channels = self.event_shape[1:]
        image = tf.zeros((batch, self.first_kernel_size // 2, width, channels))
        hidden = tf.zeros((batch, self.kernel_size // 2, width, self.num_features))
        return (image, *(hidden for _ in self.blocks))

    def begin_row(self, state):
        layers = [self.first, *(masked for _, masked, _ in self.blocks)]
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
        c = len(values)
        if not scratch:
            layers = [self.first, *(masked for _, masked, _ in self.blocks)]
            scratch["column"] = column
            scratch["others"] = [
                above[column] + layer.from_left(seen)
                for layer, above, seen in zip(layers, row, left[0], strict=True)
            ]
            scratch["blocks"] = [[[] for _ in block] for block in self.blocks]
            scratch["readouts"] = [[] for _ in self.readouts]
        first, *masked = scratch["others"]
        features = _group(first, c, self.event_shape[-1])
        features += self.first.own(c, [2 * value[:, tf.newaxis] - 1 for value in values])
        for block, others, inputs in zip(self.blocks, masked, scratch["blocks"], strict=True):
            hidden = features
            for layer, groups in zip(block, inputs, strict=True):
                groups.append(tf.nn.relu(hidden))
                hidden = layer.own(c, groups)
                if layer is block[1]:
                    hidden += _group(others, c, self.event_shape[-1])
            features += hidden
        for layer, groups in zip(self.readouts, scratch["readouts"], strict=True):
            groups.append(tf.nn.relu(features))
            features = layer.own(c, groups)
        return features

    def end_pixel(self, left, pixel, scratch):
        left, row = left
        hidden = [tf.concat(inputs[1], axis=-1) for inputs in scratch["blocks"]]
        left = tuple(
            tf.concat((seen, new[:, tf.newaxis]), axis=1)[:, 1:]
            for seen, new in zip(left, (2 * pixel - 1, *hidden), strict=True)
        )
        pairs = zip(row, hidden, strict=True)
        return left, tuple(array.write(scratch["column"], new) for array, new in pairs)

    def end_row(self, state, left, pixels):
        rows = [2 * pixels - 1, *(tf.transpose(array.stack(), (1, 0, 2)) for array in left[1])]
        return tuple(
            tf.concat((above, new[:, tf.newaxis]), axis=1)[:, 1:]
            for above, new in zip(state, rows, strict=True)
        )


def _group(features, index, groups):
    size = features.shape[-1] // groups
    return features[:, index * size : (index + 1) * size]
