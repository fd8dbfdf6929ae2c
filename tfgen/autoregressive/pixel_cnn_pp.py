"""PixelCNN++ (Salimans, Karpathy, Chen & Kingma, 2017)."""

from typing import Any, NamedTuple, Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive.raster_model import BegunRow, RasterModel
from tfgen.core import Adam
from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.distributions import CoupledLogisticMixture
from tfgen.layers import DownRightShiftedConv2D, DownShiftedConv2D, ShiftedUNet

tfd = tfp.distributions


class Above(NamedTuple):
    """What the rows above leave to the next one; for the last three see `ShiftedUNet.begin_row`.

    Attributes:
        i: int32 scalar, the row.
        image: `[batch, 2, width, channels + 1]`, the last two rows, as they enter the network.
        u_kept: stream u's `Kept` at each resolution.
        ul_kept: stream ul's.
        owed: `Above` of the streams, at each resolution.
    """

    i: tf.Tensor
    image: tf.Tensor
    u_kept: tuple
    ul_kept: tuple
    owed: tuple


class Row(NamedTuple):
    """What the pixels of a row owe to what comes before the row; the width is the first axis.

    Attributes:
        i: int32 scalar, the row.
        ul: `[width, batch, F]`, what stream ul enters with.
        owed: `Above` of the streams, at each resolution.
    """

    i: tf.Tensor
    ul: tf.Tensor
    owed: tuple


class Left(NamedTuple):
    """What is to the left of a pixel.

    Attributes:
        image: `[batch, channels + 1]`, the pixel there, as it enters the network.
        ul_kept: stream ul's `Kept` at each resolution, as arrays: of this row to the left, of the
            last one from the pixel on.
    """

    image: tf.Tensor
    ul_kept: tuple


class Pixel(NamedTuple):
    """One pixel, while its channels are drawn.

    Attributes:
        columns: its column at each resolution, int32 scalars.
        kept: stream ul's `Kept` at each resolution.
        params: of its mixture, `[batch, params_size]`.
        log_weights: list of the components' log-weights, given no channel, one, ...
        channels: list of the mixtures of the channels so far.
    """

    columns: list
    kept: tuple
    params: tf.Tensor
    log_weights: list
    channels: list


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

    Example:
        >>> sizes = {"num_features": 4, "num_blocks": 1, "num_resolutions": 1}
        >>> model = PixelCNNPlusPlus.default((4, 4, 1), levels=4, **sizes)
        >>> x = model.sample(3, seed=0)
        >>> x.shape, model.log_prob(x).shape
        (TensorShape([3, 4, 4, 1]), TensorShape([3]))
    """

    paper = "Salimans et al. 2017"
    default_batch_size = 50

    def __init__(
        self,
        *,
        event_shape: ShapeLike,
        levels: int = 2,
        num_features: int = 32,
        num_blocks: int = 2,
        num_resolutions: int = 3,
        num_components: int = 5,
        dropout: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(event_shape=event_shape, levels=levels, **kwargs)
        check_sizes(num_features=num_features)
        self.num_features = num_features
        self.num_blocks = num_blocks
        self.num_resolutions = num_resolutions
        self.num_components = num_components
        self.dropout = dropout
        self.head = CoupledLogisticMixture(num_components, levels)
        policy = self.dtype_policy
        self.u_first = DownShiftedConv2D(num_features, name="u_first", dtype=policy)
        self.ul_above = DownShiftedConv2D(num_features, (1, 3), name="ul_above", dtype=policy)
        self.ul_left = DownRightShiftedConv2D(num_features, (2, 1), name="ul_left", dtype=policy)
        self.streams = ShiftedUNet(
            num_features, num_blocks, num_resolutions, dropout, name="streams", dtype=policy
        )
        self.readout = DownRightShiftedConv2D(
            self.head.params_size(self.event_shape),
            (1, 1),
            kernel_initializer=keras.initializers.VarianceScaling(0.1, "fan_avg", "uniform"),
            name="readout",
            dtype=policy,
        )
        self.logits(tf.zeros((1, *self.event_shape)))

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        levels: int = 2,
        num_features: int = 32,
        num_blocks: int = 2,
        num_resolutions: int = 3,
        num_components: int = 5,
        dropout: float = 0.1,
        **kwargs: Any,
    ) -> Self:
        """A PixelCNN++ that trains on a CPU.

        Args:
            event_shape: `(height, width, channels)`.
            levels: values of each channel.
            num_features: features of each stream.
            num_blocks: residual blocks of each stream and resolution.
            num_resolutions: the image's, and those of half its size, a quarter, ...
            num_components: of the mixture.
            dropout: rate in training.
            **kwargs: the constructor's other arguments.
        """
        return cls(
            event_shape=event_shape,
            levels=levels,
            num_features=num_features,
            num_blocks=num_blocks,
            num_resolutions=num_resolutions,
            num_components=num_components,
            dropout=dropout,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam at a constant rate, gradients clipped.

        The authors' code lowers the rate, and averages the weights.
        """
        return {"likelihood": Adam(1e-3, global_clipnorm=1.0)}

    def conditionals(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """p(x_d | x_<d) of all pixels and channels: one pass of the network.

        Args:
            x: `[batch, height, width, channels]`, float32 in [0, 1], on the levels.
            given: None, there is no condition.
            training: whether features drop out.
        Returns:
            `tfd.Independent` over the event, of mixtures of `DiscretizedLogistic`.
        """
        return self.head(self.logits(x, given, training), x)

    def logits(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The params of the mixtures, `[batch, height, width, params_size]`: the head's."""
        image = _with_ones(x)
        # Neither stream may see the pixel itself: they get the image one row lower or to the right.
        lower = tf.pad(image[:, :-1], ((0, 0), (1, 0), (0, 0), (0, 0)))
        to_the_right = tf.pad(image[:, :, :-1], ((0, 0), (0, 0), (1, 0), (0, 0)))
        ul = self.ul_above(lower) + self.ul_left(to_the_right)
        _, ul = self.streams(self.u_first(lower), ul, training=training)
        return self.readout(tf.nn.elu(ul))

    def start(self, batch: tf.Tensor) -> Above:
        width, channels = self.event_shape[1:]
        image = tf.zeros((batch, 2, width, channels + 1))
        return Above(tf.constant(0), image, *self.streams.start(batch, width))

    def begin_row(self, above: Above, given: tf.Tensor | None = None) -> BegunRow:
        to_the_right = tf.pad(above.image[:, 1:, :-1], ((0, 0), (0, 0), (1, 0), (0, 0)))
        ul = self.ul_above.row(above.image[:, 1:])[:, 0]
        ul = ul + self.ul_left.from_above(to_the_right)
        u = self.u_first.row(above.image)
        u_kept, owed = self.streams.begin_row(above.i, u, above.u_kept, above.ul_kept, above.owed)
        left = Left(
            tf.zeros_like(above.image[:, 0, 0]), tf.nest.map_structure(_to_array, above.ul_kept)
        )
        row = Row(above.i, *tf.nest.map_structure(_swap, (ul, owed)))
        return BegunRow(above._replace(u_kept=u_kept, owed=owed), row, left)

    def begin_pixel(self, row: Row, left: Left, column: tf.Tensor) -> Pixel:
        columns = [column // 2**s for s in range(self.num_resolutions)]

        def at(get, states, offset=0):
            return tuple(
                tf.nest.map_structure(lambda each, j=j: get(each, j + offset), state)
                for state, j in zip(states, columns, strict=True)
            )

        kept = self.streams.pixel(
            row.i,
            column,
            self.ul_left.pixel([left.image], row.ul[column]),
            at(lambda rows, j: rows[j], row.owed),
            # The arrays begin with the zeros left of the first column.
            at(lambda array, j: array.read(j), left.ul_kept),
            at(lambda array, j: array.read(j), left.ul_kept, offset=1),
        )
        params = self.readout.pixel([tf.nn.elu(kept[0].result)])
        return Pixel(columns, kept, params, [self.head.log_weights(params)], [])

    def channel_logits(self, pixel: Pixel, values: list[tf.Tensor]) -> tf.Tensor:
        if values:
            seen = self.head.component_log_prob(pixel.channels[-1], values[-1])
            pixel.log_weights.append(pixel.log_weights[-1] + seen)
        channel = self.head.channel(pixel.params, pixel.log_weights[-1], values)
        pixel.channels.append(channel)
        return self.head.level_logits(channel)

    def end_pixel(self, left: Left, pixel: Pixel, values: tf.Tensor) -> Left:
        ul_kept = tuple(
            tf.nest.map_structure(lambda array, new, j=j: array.write(j + 1, new), *states)
            for *states, j in zip(left.ul_kept, pixel.kept, pixel.columns, strict=True)
        )
        return Left(_with_ones(values), ul_kept)

    def end_row(self, above: Above, left: Left, values: tf.Tensor) -> Above:
        image = tf.concat((above.image[:, 1:], _with_ones(values)[:, tf.newaxis]), axis=1)
        ul_kept = tf.nest.map_structure(lambda array: _swap(array.stack()), left.ul_kept)
        return above._replace(i=above.i + 1, image=image, ul_kept=ul_kept)


def _with_ones(x):
    return tf.concat((2 * x - 1, tf.ones_like(x[..., :1])), axis=-1)


def _swap(rows):
    """Columns first, or the batch first again: `[a, b, ...]` to `[b, a, ...]`."""
    return tf.transpose(rows, (1, 0, 2))


def _to_array(rows):
    array = tf.TensorArray(tf.float32, rows.shape[1], element_shape=(None, rows.shape[-1]))
    return array.unstack(_swap(rows))
