"""The gated PixelCNN (van den Oord et al., 2016b)."""

from typing import Any, NamedTuple, Self

import keras
import tensorflow as tf

from tfgen.autoregressive.raster_model import BegunRow, RasterModel, round_up
from tfgen.core import Adam, Condition
from tfgen.core.size_checks import check_odd, check_parts, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.layers import GatedPixelLayer, LeftConv2D
from tfgen.networks.condition_features import condition_features


class Above(NamedTuple):
    """What the rows above leave to the next one.

    Attributes:
        image: `[batch, rows, width, channels]`, pixels in [-1, 1]: the first layer's window, which
            ends in the last row drawn; without it after `begin_row`.
        vertical: for each further layer, the rows above of its vertical input.
    """

    image: tf.Tensor
    vertical: tuple


class Row(NamedTuple):
    """What the pixels of a row owe to the rows above.

    Attributes:
        links: for each layer, `[width, batch, 2 F]`, what its vertical stack adds to the gates.
    """

    links: tuple


class Left(NamedTuple):
    """What is to the left of a pixel.

    Attributes:
        horizontal: for each layer, the pixels of its horizontal input, `[batch, columns, F]`.
    """

    horizontal: tuple


class Pixel(NamedTuple):
    """One pixel, while its channels are drawn.

    Attributes:
        links: for each layer, `[batch, 2 F]`, see `Row`.
        left: for each layer, see `Left`.
        inputs: for each layer, and for the outputs, the list of its horizontal input's groups.
        gated: for each layer, the list of its gated groups.
        outputs: for each output layer, the list of its input's groups.
    """

    links: list
    left: list
    inputs: list
    gated: list
    outputs: list


class PixelCNN(RasterModel):
    """Gated convolutions in two stacks, each pixel given all those before it.

    p(x | h) = prod_i p(x_i | x_<i, h), the channels of a pixel one after the other (van den Oord
    et al. 2016b, Eq. 3; the layers, Eq. 4). A vertical stack sees the rows above, a horizontal one
    what is to the left, so that together they see everything before a pixel, as far as the kernels
    reach. Pixels enter as 2 x - 1: the zeros of the padding are no pixel value. Sampling computes
    each activation once: a row of the vertical stack when the row above is drawn, a pixel of the
    horizontal one when its left neighbour is. With a condition, h is what networks read of y; the
    words of a caption become learned vectors, side by side.

    Args:
        event_shape: `(height, width, channels)`.
        levels: values of each channel; level k is read as k / (levels - 1).
        num_features: features of each stack, a multiple of the channels.
        num_layers: gated layers, the first included.
        kernel_size: odd, of the layers after the first.
        first_kernel_size: odd, of the first layer.
        num_output_features: features between the stacks and the logits, a multiple of the channels.
        condition: what y is, such as `Classes(10)`; None for a model of x alone.
    Raises:
        ValueError: events that are no images, or sizes that do not fit.

    Example:
        >>> from tfgen.conditions import Classes
        >>> sizes = {"num_features": 4, "num_layers": 1}
        >>> model = PixelCNN.default((4, 4, 1), condition=Classes(3), **sizes)
        >>> x = model.sample(3, condition=[0, 1, 2], seed=0)
        >>> x.shape, model.log_prob(x, condition=[0, 1, 2]).shape
        (TensorShape([3, 4, 4, 1]), TensorShape([3]))
    """

    paper = "van den Oord et al. 2016b"
    default_batch_size = 50
    takes_condition = True

    def __init__(
        self,
        *,
        event_shape: ShapeLike,
        levels: int = 2,
        num_features: int = 32,
        num_layers: int = 8,
        kernel_size: int = 3,
        first_kernel_size: int = 7,
        num_output_features: int = 64,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(event_shape=event_shape, levels=levels, condition=condition, **kwargs)
        check_sizes(num_features=num_features, num_output_features=num_output_features)
        check_parts(num_layers=num_layers)
        self.num_features = num_features
        self.num_layers = num_layers
        self.kernel_size = check_odd(kernel_size, "kernel_size", least=3)
        self.first_kernel_size = check_odd(first_kernel_size, "first_kernel_size", least=3)
        self.num_output_features = num_output_features
        channels, policy = self.event_shape[-1], self.dtype_policy
        self.given_network = None
        if condition is not None and (condition.num_words or condition.given_spec.shape.rank > 2):
            self.given_network = condition_features(condition, dtype=policy)
        self.stacks = [
            GatedPixelLayer(
                num_features,
                kernel_size if i else first_kernel_size,
                "B" if i else "A",
                channels,
                conditional=condition is not None,
                name=f"layer_{i}",
                dtype=policy,
            )
            for i in range(num_layers)
        ]
        self.outputs = [
            LeftConv2D(size, 1, "B", channels, name=f"output_{i}", dtype=policy)
            for i, size in enumerate((num_output_features, self.head.params_size(self.event_shape)))
        ]
        given = None if condition is None else condition.nothing(1)
        self.logits(tf.zeros((1, *self.event_shape)), given)

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        levels: int = 2,
        num_features: int = 32,
        num_layers: int = 8,
        kernel_size: int = 3,
        first_kernel_size: int = 7,
        num_output_features: int = 64,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> Self:
        """A PixelCNN that trains on a CPU; features are rounded up to a multiple of the channels.

        Args:
            event_shape: `(height, width, channels)`.
            levels: values of each channel.
            num_features: features of each stack.
            num_layers: gated layers.
            kernel_size: odd, of the layers after the first.
            first_kernel_size: odd, of the first layer.
            num_output_features: features between the stacks and the logits.
            condition: what y is; None for a model of x alone.
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
            condition=condition,
            **features,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam with clipped gradients; both are ours, and so is the rate."""
        return {"likelihood": Adam(1e-3, global_clipnorm=1.0)}

    def logits(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        given = self._read(given)
        horizontal = 2 * x - 1
        # The vertical stack must not see a pixel's own row: it gets the image one row lower.
        vertical = tf.pad(horizontal[:, :-1], ((0, 0), (1, 0), (0, 0), (0, 0)))
        for layer in self.stacks:
            vertical, horizontal = layer(vertical, horizontal, given)
        for layer in self.outputs:
            horizontal = layer(tf.nn.relu(horizontal))
        return horizontal

    def _read(self, given):
        """The vectors that enter the layers."""
        return given if self.given_network is None else self.given_network(given)

    def start(self, batch: tf.Tensor) -> Above:
        width, channels = self.event_shape[1:]
        first, *others = self.stacks
        image = tf.zeros((batch, first.rows, width, channels))
        vertical = [tf.zeros((batch, each.rows - 1, width, self.num_features)) for each in others]
        return Above(image, tuple(vertical))

    def begin_row(self, above: Above, given: tf.Tensor | None = None) -> BegunRow:
        given = self._read(given)
        window, kept = above.image, list(above.vertical)
        below, links, left = [window[:, 1:]], [], []
        for layer in self.stacks:
            left.append(tf.zeros_like(window[:, 1:, 0]))
            row, link = layer.row(window, given)
            links.append(tf.transpose(tf.cast(link[:, 0], tf.float32), (1, 0, 2)))
            if kept:
                window = tf.concat((kept.pop(0), tf.cast(row, tf.float32)), axis=1)
                below.append(window[:, 1:])
        return BegunRow(Above(below[0], tuple(below[1:])), Row(tuple(links)), Left(tuple(left)))

    def begin_pixel(self, row: Row, left: Left, column: tf.Tensor) -> Pixel:
        empty = lambda count: [[] for _ in range(count)]
        links = [link[column] for link in row.links]
        return Pixel(
            links,
            list(left.horizontal),
            inputs=empty(len(self.stacks) + 1),
            gated=empty(len(self.stacks)),
            outputs=empty(len(self.outputs)),
        )

    def channel_logits(self, pixel: Pixel, values: list[tf.Tensor]) -> tf.Tensor:
        c, inputs = len(values), pixel.inputs
        inputs[0] = [2 * value[:, tf.newaxis] - 1 for value in values]
        for i, layer in enumerate(self.stacks):
            group = layer.group(c, pixel.links[i], inputs[i], pixel.left[i], pixel.gated[i])
            inputs[i + 1].append(group)
        group = inputs[-1][c]
        for layer, groups in zip(self.outputs, pixel.outputs, strict=True):
            groups.append(tf.nn.relu(group))
            group = layer.group(c, groups)
        return group

    def end_pixel(self, left: Left, pixel: Pixel, values: tf.Tensor) -> Left:
        inputs = [2 * values - 1, *(tf.concat(each, axis=-1) for each in pixel.inputs[1:-1])]
        pairs = zip(left.horizontal, inputs, strict=True)
        seen = [tf.concat((old[:, 1:], new[:, tf.newaxis]), axis=1) for old, new in pairs]
        return Left(tuple(seen))

    def end_row(self, above: Above, left: Left, values: tf.Tensor) -> Above:
        image = tf.concat((above.image, 2 * values[:, tf.newaxis] - 1), axis=1)
        return above._replace(image=image)
