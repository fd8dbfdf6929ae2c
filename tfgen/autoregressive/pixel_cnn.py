"""The gated PixelCNN (van den Oord et al., 2016b)."""

import keras
import tensorflow as tf

from tfgen.autoregressive.raster_model import RasterModel, round_up
from tfgen.core import check_condition, check_count, check_spec
from tfgen.layers import GatedPixelLayer, LeftConv2D


class PixelCNN(RasterModel):
    """Gated convolutions in two stacks, each pixel given all those before it.

    p(x | h) = prod_i p(x_i | x_<i, h), the channels of a pixel one after the other (van den Oord
    et al. 2016b, Eq. 3; the layers, Eq. 4). A vertical stack sees the rows above, a horizontal one
    what is to the left, so that together they see everything before a pixel, as far as the kernels
    reach. Pixels enter as 2 x - 1: the zeros of the padding are no pixel value. Sampling computes
    each activation once: a row of the vertical stack when the row above is drawn, a pixel of the
    horizontal one when its left neighbour is. With `condition_dim`, `fit(x, y)` takes the
    conditions h as y, and the other methods take them as `condition`.

    Args:
        event_shape: `(height, width, channels)`.
        levels: values of each channel; level k is read as k / (levels - 1).
        num_features: features of each stack, a multiple of the channels.
        num_layers: gated layers, the first included.
        kernel_size: odd, of the layers after the first.
        first_kernel_size: odd, of the first layer.
        num_output_features: features between the stacks and the logits, a multiple of the channels.
        condition_dim: size of h: the number of classes, or the length of the vectors; None for no
            condition.
    Raises:
        ValueError: events that are no images, or sizes that do not fit.
    """

    paper = "van den Oord et al. 2016b"
    default_batch_size = 50

    def __init__(
        self,
        *,
        event_shape,
        levels=2,
        num_features=32,
        num_layers=8,
        kernel_size=3,
        first_kernel_size=7,
        num_output_features=64,
        condition_dim=None,
        **kwargs,
    ):
        super().__init__(event_shape=event_shape, levels=levels, **kwargs)
        self.num_features = check_count(num_features, "num_features")
        self.num_layers = check_count(num_layers, "num_layers")
        self.kernel_size = _odd(kernel_size, "kernel_size")
        self.first_kernel_size = _odd(first_kernel_size, "first_kernel_size")
        self.num_output_features = check_count(num_output_features, "num_output_features")
        self.condition_dim = condition_dim
        if condition_dim is not None:
            check_count(condition_dim, "condition_dim")
        channels = self.event_shape[-1]
        self.stacks = [
            GatedPixelLayer(
                num_features,
                kernel_size if i else first_kernel_size,
                "B" if i else "A",
                channels,
                conditional=condition_dim is not None,
                name=f"layer_{i}",
            )
            for i in range(num_layers)
        ]
        self.outputs = [
            LeftConv2D(size, 1, "B", channels, name=f"output_{i}")
            for i, size in enumerate((num_output_features, self.head.params_size(self.event_shape)))
        ]
        condition = None if condition_dim is None else tf.zeros((1, condition_dim))
        self.logits(tf.zeros((1, *self.event_shape)), condition=condition)

    @classmethod
    def default(
        cls,
        event_shape,
        levels=2,
        num_features=32,
        num_layers=8,
        kernel_size=3,
        first_kernel_size=7,
        num_output_features=64,
        condition_dim=None,
    ):
        """A PixelCNN that trains on a CPU; features are rounded up to a multiple of the channels.

        Args:
            event_shape: `(height, width, channels)`.
            levels: values of each channel.
            num_features: features of each stack.
            num_layers: gated layers.
            kernel_size: odd, of the layers after the first.
            first_kernel_size: odd, of the first layer.
            num_output_features: features between the stacks and the logits.
            condition_dim: number of classes, or size of the vectors, that are given; None for none.
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
            condition_dim=condition_dim,
        )

    def default_optimizers(self):
        return {"likelihood": keras.optimizers.Adam(1e-3, global_clipnorm=1.0)}

    def check_conditions(self, num_examples, condition=None):
        """Reads h: `{"condition": [num_examples, condition_dim]}`, or nothing without an h.

        Args:
            num_examples: int or int32 scalar.
            condition: integer classes, which become one-hot vectors, or float vectors: one for
                each example, or one for all of them.
        Raises:
            ValueError: a condition that is missing or not expected, or that does not fit.
        """
        if (condition is None) != (self.condition_dim is None):
            raise ValueError(
                f"expected {'no' if self.condition_dim is None else 'a'} condition: condition_dim"
                f" is {self.condition_dim}. Received: {condition}"
            )
        if condition is None:
            return {}
        return {"condition": check_condition(condition, self.condition_dim, num_examples)}

    def check_data(self, x, y=None, name="x"):
        x = self.check(x, name)
        return (x, *self.check_conditions(len(x), condition=y).values())

    def check_dataset(self, dataset):
        if self.condition_dim is None:
            return super().check_dataset(dataset)
        spec = dataset.element_spec
        if not (isinstance(spec, tuple) and len(spec) == 2):
            raise ValueError(f"expected batches (x, y), y the conditions. Received: {spec}")
        check_spec(spec[0], self.event_shape, name="the data set's x")

    def unpack(self, data):
        if self.condition_dim is None:
            return super().unpack(data)
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        self._refuse(sample_weight=sample_weight)
        return x, self.check_conditions(tf.shape(x)[0], condition=y)["condition"]

    def call(self, x, training=False):
        """log p(x), `[batch]`, in nats; or log p(x | h), where the input is the pair (x, h)."""
        x, condition = (x, None) if self.condition_dim is None else x
        return self.conditionals(x, training, condition=condition).log_prob(x)

    def negative_log_likelihood(self, x, training):
        """-log p(x | h), in nats, the mean over the batch, which is the pair (x, h) or x alone."""
        return {"negative_log_prob": -tf.reduce_mean(self.call(x, training))}

    def signatures(self):
        signatures = super().signatures()
        if self.condition_dim is None:
            return signatures
        condition = tf.TensorSpec((None, self.condition_dim), tf.float32, name="condition")
        sample, log_prob = signatures["sample"], signatures["log_prob"]
        return {
            "sample": (
                lambda num_samples, seed, condition: {
                    "samples": self.sample(num_samples, seed=seed, condition=condition)
                },
                [*sample[1], condition],
            ),
            "log_prob": (
                lambda x, condition: {"log_prob": self._log_prob(x, condition=condition)},
                [*log_prob[1], condition],
            ),
        }

    def logits(self, x, training=False, condition=None):
        horizontal = 2 * x - 1
        # The vertical stack must not see a pixel's own row: it gets the image one row lower.
        vertical = tf.pad(horizontal[:, :-1], ((0, 0), (1, 0), (0, 0), (0, 0)))
        for layer in self.stacks:
            vertical, horizontal = layer(vertical, horizontal, condition)
        for layer in self.outputs:
            horizontal = layer(tf.nn.relu(horizontal))
        return horizontal

    def start(self, batch, condition=None):
        width, channels = self.event_shape[1:]
        image = tf.zeros((batch, self.stacks[0].rows, width, channels))
        above = [
            tf.zeros((batch, layer.rows - 1, width, self.num_features)) for layer in self.stacks[1:]
        ]
        return (condition,) if condition is not None else (), (image, *above)

    def begin_row(self, state):
        conditions, (window, *above) = state
        below, links, left = [window[:, 1:]], [], []
        for layer in self.stacks:
            left.append(tf.zeros_like(window[:, 1:, 0]))
            row, link = layer.row(window, *conditions)
            links.append(tf.transpose(tf.cast(link[:, 0], tf.float32), (1, 0, 2)))
            if above:
                window = tf.concat((above.pop(0), tf.cast(row, tf.float32)), axis=1)
                below.append(window[:, 1:])
        return (conditions, tuple(below)), tuple(links), tuple(left)

    def channel_logits(self, row, left, column, values, scratch):
        c = len(values)
        if not scratch:
            scratch["inputs"] = [[] for _ in range(len(self.stacks) + 1)]
            scratch["gated"] = [[] for _ in self.stacks]
            scratch["outputs"] = [[] for _ in self.outputs]
        inputs = scratch["inputs"]
        inputs[0] = [2 * value[:, tf.newaxis] - 1 for value in values]
        for i, layer in enumerate(self.stacks):
            group = layer.group(c, row[i][column], inputs[i], left[i], scratch["gated"][i])
            inputs[i + 1].append(group)
        group = inputs[-1][c]
        for layer, groups in zip(self.outputs, scratch["outputs"], strict=True):
            groups.append(tf.nn.relu(group))
            group = layer.group(c, groups)
        return group

    def end_pixel(self, left, pixel, scratch):
        image = 2 * pixel - 1
        features = [image, *(tf.concat(groups, axis=-1) for groups in scratch["inputs"][1:-1])]
        return tuple(
            tf.concat((seen[:, 1:], new[:, tf.newaxis]), axis=1)
            for seen, new in zip(left, features, strict=True)
        )

    def end_row(self, state, left, pixels):
        conditions, (image, *above) = state
        image = tf.concat((image, 2 * pixels[:, tf.newaxis] - 1), axis=1)
        return conditions, (image, *above)


def _odd(size, name):
    if check_count(size, name) % 2 == 0 or size < 3:
        raise ValueError(f"expected {name} to be odd, 3 or more. Received: {size}")
    return size
