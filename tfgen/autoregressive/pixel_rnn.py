"""What both PixelRNNs share: residual LSTM layers between masked convolutions."""

import keras
import tensorflow as tf

from tfgen.autoregressive.raster_model import RasterModel, round_up
from tfgen.core import check_count
from tfgen.layers import MaskedConv2D


class PixelRNN(RasterModel):
    """Residual LSTM layers between masked convolutions: what its two families share.

    p(x) = prod_i p(x_i,R | x_<i) p(x_i,G | x_<i, x_i,R) p(x_i,B | x_<i, x_i,R, x_i,G)
    (van den Oord, Kalchbrenner & Kavukcuoglu 2016, Eq. 1 and 2; Table 1). A convolution with mask A
    gives 2 h features. The output of each LSTM, of h units, is brought to 2 h features by a 1 x 1
    convolution and added to its input. A ReLU and a 1 x 1 convolution, twice, lead to the logits.
    All convolutions but the first have mask B. Pixels enter as 2 x - 1: the zeros of the padding
    are no pixel value. The samplers compute each number once: a new row costs one row.

    Args:
        make_lstm: `(groups, name)` to a `SpatialLSTMLayer` of h units.
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
        make_lstm,
        *,
        event_shape,
        levels,
        num_features,
        num_layers,
        first_kernel_size,
        num_output_features,
        **kwargs,
    ):
        super().__init__(event_shape=event_shape, levels=levels, **kwargs)
        self.num_features = check_count(num_features, "num_features")
        self.num_layers = check_count(num_layers, "num_layers")
        self.first_kernel_size = first_kernel_size
        self.num_output_features = num_output_features
        groups = self.event_shape[-1]

        def convolution(filters, size, mask, name):
            return MaskedConv2D(filters, size, mask=mask, groups=groups, name=name)

        self.first = convolution(2 * num_features, first_kernel_size, "A", "first")
        self.lstms = [make_lstm(groups=groups, name=f"lstm_{i}") for i in range(num_layers)]
        self.upsamplings = [
            convolution(2 * num_features, 1, "B", f"upsampling_{i}") for i in range(num_layers)
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
        first_kernel_size=7,
        num_output_features=32,
        **sizes,
    ):
        """The paper's network for MNIST; features are rounded up to a multiple of the channels.

        Args:
            event_shape: `(height, width, channels)`.
            levels: values of each channel.
            num_features: h, units of each LSTM.
            num_layers: LSTM layers.
            first_kernel_size: odd, of the first convolution.
            num_output_features: features between the LSTMs and the logits.
            **sizes: further sizes of the constructor.
        """
        channels = event_shape[-1]
        return cls(
            event_shape=event_shape,
            levels=levels,
            num_features=round_up(num_features, channels),
            num_layers=num_layers,
            first_kernel_size=first_kernel_size,
            num_output_features=round_up(num_output_features, channels),
            **sizes,
        )

    def default_optimizers(self):
        return {"likelihood": keras.optimizers.RMSprop(1e-3)}

    def logits(self, x, training=False):
        x = tf.pad(x, ((0, 0), (0, 0), (0, self.num_extra_columns), (0, 0)))
        features = self.first(2 * x - 1)
        for lstm, upsampling in zip(self.lstms, self.upsamplings, strict=True):
            features = features + upsampling(lstm(features))
        for layer in self.readouts:
            features = layer(tf.nn.relu(features))
        return features[:, :, : self.event_shape[1]]

    def start(self, batch):
        width, channels = self.drawn_width, self.event_shape[2]
        image = tf.zeros((batch, self.first_kernel_size // 2, width, channels))
        return image, tuple(lstm.start(batch, width) for lstm in self.lstms)

    def begin_row(self, state):
        image, above = state
        first = tf.transpose(self.first.from_above(image), (1, 0, 2))
        begun = [lstm.begin_row(each) for lstm, each in zip(self.lstms, above, strict=True)]
        rows, left = zip(*begun, strict=True)
        batch, width, channels = tf.shape(image)[0], self.drawn_width, self.event_shape[2]
        window = tf.zeros((batch, self.first_kernel_size // 2, channels))
        kept = [
            tuple(tf.TensorArray(tf.float32, width, element_shape=(None, size)) for size in sizes)
            for sizes in (lstm.kept_sizes for lstm in self.lstms)
        ]
        return state, (first, rows), (window, left, tuple(kept))

    def channel_logits(self, row, left, column, values, scratch):
        c = len(values)
        if not scratch:
            scratch.update(self._begin_pixel(row, left, column))
        size = 2 * self.num_features // self.event_shape[-1]
        features = scratch["first"][:, c * size : (c + 1) * size]
        features += self.first.own(c, [2 * value[:, tf.newaxis] - 1 for value in values])
        for lstm, upsampling, pixel, lists in zip(
            self.lstms, self.upsamplings, scratch["pixels"], scratch["lstms"], strict=True
        ):
            lists["inputs"].append(features)
            group = lstm.group(c, lists["inputs"], pixel)
            for name, value in zip(("outputs", "hidden", "cell"), group, strict=True):
                lists[name].append(value)
            features = features + upsampling.own(c, lists["outputs"])
        for layer, groups in zip(self.readouts, scratch["readouts"], strict=True):
            groups.append(tf.nn.relu(features))
            features = layer.own(c, groups)
        return features

    def _begin_pixel(self, row, left, column):
        """What a pixel owes to the others, and empty lists of the groups of its own features."""
        first, rows = row
        window, left, _ = left
        pixels = [
            lstm.begin_pixel(tuple(each[column] for each in row), left)
            for lstm, row, left in zip(self.lstms, rows, left, strict=True)
        ]
        names = ("inputs", "outputs", "hidden", "cell")
        return {
            "column": column,
            "first": first[column] + self.first.from_left(window),
            "pixels": pixels,
            "lstms": [{name: [] for name in names} for _ in self.lstms],
            "readouts": [[] for _ in self.readouts],
        }

    def end_pixel(self, left, pixel, scratch):
        window, left, kept = left
        window = tf.concat((window, 2 * pixel[:, tf.newaxis] - 1), axis=1)[:, 1:]
        new_left, new_kept = [], []
        for lstm, seen, arrays, lists in zip(self.lstms, left, kept, scratch["lstms"], strict=True):
            whole = [tf.concat(lists[name], axis=-1) for name in ("inputs", "hidden", "cell")]
            seen, values = lstm.end_pixel(seen, *whole)
            new_left.append(seen)
            pairs = zip(arrays, values, strict=True)
            new_kept.append(tuple(array.write(scratch["column"], value) for array, value in pairs))
        return window, tuple(new_left), tuple(new_kept)

    def end_row(self, state, left, pixels):
        image, above = state
        image = tf.concat((image, 2 * pixels[:, tf.newaxis] - 1), axis=1)[:, 1:]
        kept = [
            tuple(tf.transpose(array.stack(), (1, 0, 2)) for array in arrays) for arrays in left[2]
        ]
        return image, tuple(map(lambda lstm, *each: lstm.end_row(*each), self.lstms, above, kept))
