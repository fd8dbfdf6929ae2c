"""PixelCNN++ (Salimans, Karpathy, Chen & Kingma, 2017)."""

import keras
import tensorflow as tf

from tfgen.autoregressive.raster_model import RasterModel
from tfgen.core import check_count
from tfgen.distributions import CoupledLogisticMixture
from tfgen.layers import DownRightShiftedConv2D, DownShiftedConv2D, ShiftedUNet


class PixelCNNPlusPlus(RasterModel):
    """A mixture of discretized logistics for each whole pixel, given all the pixels before it.

    p(x) = prod_i sum_k pi_k(x_<i) prod_c P(x_ic; mu_kc(x_<i, x_i,<c), s_kc(x_<i)) (Salimans et al.
    2017, Eq. 2 and 3): the network sees whole pixels, the channels of one are coupled in the
    mixture alone. Two streams, of the rows above (u) and of what is above or to the left (ul), run
    through gated residual blocks at several resolutions, with short-cuts from the way down to the
    way up and dropout (sections 2.3 to 2.5; see `ShiftedUNet`). Pixels enter as 2 x - 1, beside a
    channel of ones that tells the image from its padding. The weights are plain: no weight
    normalization. Sampling runs the network once for each pixel, and computes no activation twice.
    The paper's model of CIFAR-10 has 160 features, 5 blocks, 10 components and dropout 0.5.

    Args:
        event_shape: `(height, width, channels)`.
        levels: values of each channel; level k is read as k / (levels - 1).
        num_features: features of each stream.
        num_blocks: residual blocks of each stream and resolution, going down.
        num_resolutions: the image's, and those of half its size, a quarter, ...
        num_components: of the mixture.
        dropout: rate in the blocks, in training, at least 0 and below 1.
    Raises:
        ValueError: events that are no images, or sizes that do not fit.
    """

    paper = "Salimans et al. 2017"
    default_batch_size = 50

    def __init__(
        self,
        *,
        event_shape,
        levels=2,
        num_features=32,
        num_blocks=2,
        num_resolutions=3,
        num_components=5,
        dropout=0.1,
        **kwargs,
    ):
        super().__init__(event_shape=event_shape, levels=levels, **kwargs)
        self.num_features = check_count(num_features, "num_features")
        self.num_blocks = check_count(num_blocks, "num_blocks")
        self.num_resolutions = check_count(num_resolutions, "num_resolutions")
        self.num_components = check_count(num_components, "num_components")
        if not 0 <= dropout < 1:
            raise ValueError(f"expected dropout from 0 to less than 1. Received: {dropout!r}")
        self.dropout = dropout
        self.head = CoupledLogisticMixture(num_components, levels)
        self.u_first = DownShiftedConv2D(num_features, name="u_first")
        self.ul_above = DownShiftedConv2D(num_features, (1, 3), name="ul_above")
        self.ul_left = DownRightShiftedConv2D(num_features, (2, 1), name="ul_left")
        self.streams = ShiftedUNet(
            num_features, num_blocks, num_resolutions, dropout, name="streams"
        )
        self.readout = DownRightShiftedConv2D(
            self.head.params_size(self.event_shape),
            (1, 1),
            kernel_initializer=keras.initializers.VarianceScaling(0.1, "fan_avg", "uniform"),
            name="readout",
        )
        self.logits(tf.zeros((1, *self.event_shape)))

    @classmethod
    def default(
        cls,
        event_shape,
        levels=2,
        num_features=32,
        num_blocks=2,
        num_resolutions=3,
        num_components=5,
        dropout=0.1,
    ):
        """A PixelCNN++ that trains on a CPU.

        Args:
            event_shape: `(height, width, channels)`.
            levels: values of each channel.
            num_features: features of each stream.
            num_blocks: residual blocks of each stream and resolution.
            num_resolutions: the image's, and those of half its size, a quarter, ...
            num_components: of the mixture.
            dropout: rate in training.
        """
        return cls(
            event_shape=event_shape,
            levels=levels,
            num_features=num_features,
            num_blocks=num_blocks,
            num_resolutions=num_resolutions,
            num_components=num_components,
            dropout=dropout,
        )

    def default_optimizers(self):
        return {"likelihood": keras.optimizers.Adam(1e-3, global_clipnorm=1.0)}

    def conditionals(self, x, training=False):
        """p(x_d | x_<d) of all pixels and channels: one pass of the network.

        Args:
            x: `[batch, height, width, channels]`, float32 in [0, 1], on the levels.
            training: whether features drop out.
        Returns:
            `tfd.Independent` over the event, of mixtures of `DiscretizedLogistic`.
        """
        return self.head(self.logits(x, training), x)

    def logits(self, x, training=False):
        """The params of the mixtures, `[batch, height, width, params_size]`: the head's."""
        image = _with_ones(x)
        # Neither stream may see the pixel itself: they get the image one row lower or to the right.
        lower = tf.pad(image[:, :-1], ((0, 0), (1, 0), (0, 0), (0, 0)))
        to_the_right = tf.pad(image[:, :, :-1], ((0, 0), (0, 0), (1, 0), (0, 0)))
        ul = self.ul_above(lower) + self.ul_left(to_the_right)
        _, ul = self.streams(self.u_first(lower), ul, training=training)
        return self.readout(tf.nn.elu(ul))

    def start(self, batch):
        width, channels = self.event_shape[1:]
        image = tf.zeros((batch, 2, width, channels + 1))
        return tf.constant(0), image, self.streams.start(batch, width)

    def begin_row(self, state):
        i, image, (u_kept, ul_kept, above) = state
        to_the_right = tf.pad(image[:, 1:, :-1], ((0, 0), (0, 0), (1, 0), (0, 0)))
        ul = self.ul_above.row(image[:, 1:])[:, 0] + self.ul_left.from_above(to_the_right)
        u = self.u_first.row(image)
        u_kept, above = self.streams.begin_row(i, u, u_kept, ul_kept, above)
        row = (i, *tf.nest.map_structure(_swap, (ul, above)))
        left = tf.nest.map_structure(_to_array, ul_kept)
        return (i, image, (u_kept, ul_kept, above)), row, (tf.zeros_like(image[:, 0, 0]), left)

    def channel_logits(self, row, left, column, values, scratch):
        if values:
            scratch["log_weights"] += self.head.component_log_prob(scratch["channel"], values[-1])
        else:
            scratch["params"] = self._pixel(row, left, column, scratch)
            scratch["log_weights"] = self.head.log_weights(scratch["params"])
        scratch["channel"] = self.head.channel(scratch["params"], scratch["log_weights"], values)
        return self.head.level_logits(scratch["channel"])

    def _pixel(self, row, left, column, scratch):
        """The params of one pixel's mixture, `[batch, params_size]`."""
        i, ul, above = row
        pixel, arrays = left
        columns = scratch["columns"] = [column // 2**s for s in range(self.num_resolutions)]

        def at(get, states, offset=0):
            return tuple(
                tf.nest.map_structure(lambda each, j=j: get(each, j + offset), state)
                for state, j in zip(states, columns, strict=True)
            )

        scratch["kept"] = self.streams.pixel(
            i,
            column,
            self.ul_left.pixel([pixel], ul[column]),
            at(lambda rows, j: rows[j], above),
            # The arrays begin with the zeros left of the first column.
            at(lambda array, j: array.read(j), arrays),
            at(lambda array, j: array.read(j), arrays, offset=1),
        )
        return self.readout.pixel([tf.nn.elu(scratch["kept"][0].result)])

    def end_pixel(self, left, pixel, scratch):
        kept = tuple(
            tf.nest.map_structure(lambda array, new, j=j: array.write(j + 1, new), *states)
            for *states, j in zip(left[1], scratch["kept"], scratch["columns"], strict=True)
        )
        return _with_ones(pixel), kept

    def end_row(self, state, left, pixels):
        i, image, (u_kept, _, above) = state
        image = tf.concat((image[:, 1:], _with_ones(pixels)[:, tf.newaxis]), axis=1)
        ul_kept = tf.nest.map_structure(lambda array: _swap(array.stack()), left[1])
        return i + 1, image, (u_kept, ul_kept, above)


def _with_ones(x):
    return tf.concat((2 * x - 1, tf.ones_like(x[..., :1])), axis=-1)


def _swap(rows):
    """Columns first, or the batch first again: `[a, b, ...]` to `[b, a, ...]`."""
    return tf.transpose(rows, (1, 0, 2))


def _to_array(rows):
    array = tf.TensorArray(tf.float32, rows.shape[1], element_shape=(None, rows.shape[-1]))
    return array.unstack(_swap(rows))
