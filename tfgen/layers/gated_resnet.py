"""The residual blocks of PixelCNN++, one for each stream."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_rate, check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.shifted_conv import DownRightShiftedConv2D, DownShiftedConv2D
from tfgen.layers.typing import BatchShape, Pair, Tensors


def concat_elu(x: tf.Tensor) -> tf.Tensor:
    """elu of x and of -x, side by side: twice the features (Shang et al. 2016, with the ELU)."""
    return tf.nn.elu(tf.concat((x, -x), axis=-1))


class GatedResnet(ConfiguredLayer):
    """y = x + a sigma(b), a residual block with short-cut inputs: both streams' base.

    (a, b) = conv(dropout(concat_elu(conv(concat_elu(x)) + sum_k W_k concat_elu(shortcut_k))))
    (Salimans et al. 2017, section 2.3 to 2.5, and their published code, which joins the short-cuts
    before one W: the same function.)

    Args:
        filters: number F of features.
        dropout: rate of the features dropped in training.
    Input: x `[batch, height, width, F]`, and a tuple of short-cuts of the same height and width.
    Output: `[batch, height, width, F]`.
    Raises:
        ValueError: no features, or a rate outside [0, 1).
    """

    convolution = None

    def __init__(self, filters: int, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(filters=filters)
        self.filters = filters
        self.dropout = check_rate(dropout, "dropout")
        # The blocks begin close to the identity, as the paper's do.
        small = keras.initializers.VarianceScaling(0.1, "fan_avg", "uniform")
        policy = self.dtype_policy
        self.first = self.convolution(filters, name="first", dtype=policy)
        self.second = self.convolution(
            2 * filters, kernel_initializer=small, name="second", dtype=policy
        )
        self.dropping = keras.layers.Dropout(dropout, name="dropping", dtype=policy)

    def build(self, x_shape: BatchShape, shortcuts_shape: tuple[BatchShape, ...] = ()) -> None:
        doubled = (*x_shape[:-1], 2 * self.filters)
        self.first.build(doubled)
        self.second.build(doubled)
        self.dropping.build(doubled)
        self.shortcuts = [
            self.add_weight((2 * shape[-1], self.filters), name=f"shortcut_{k}")
            for k, shape in enumerate(shortcuts_shape)
        ]

    def call(self, x: tf.Tensor, shortcuts: Tensors = (), training: bool = False) -> tf.Tensor:
        hidden = self.first(concat_elu(x)) + self._project(shortcuts, self.shortcuts)
        return x + _gate(self.second(self.dropping(concat_elu(hidden), training=training)))

    def _project(self, shortcuts, kernels):
        terms = [
            tf.tensordot(concat_elu(shortcut), tf.convert_to_tensor(kernel), 1)
            for shortcut, kernel in zip(shortcuts, kernels, strict=True)
        ]
        return sum(terms)


class DownShiftedResnet(GatedResnet):
    """The block of the stream that sees the rows above; see `GatedResnet`."""

    convolution = DownShiftedConv2D

    def row(self, x: tf.Tensor, above: Pair, shortcuts: Tensors = ()) -> tuple[tf.Tensor, Pair]:
        """One row of `call`, without dropout.

        Args:
            x: `[batch, 1, width, F]`.
            above: pair of `[batch, 1, width, 2 F]`, what this gave for the row above.
            shortcuts: tuple of `[batch, 1, width, F']`.
        Returns:
            The row, and a pair for the row below.
        """
        first = concat_elu(x)
        hidden = self.first.row(tf.concat((above[0], first), axis=1))
        hidden = concat_elu(hidden + self._project(shortcuts, self.shortcuts))
        return x + _gate(self.second.row(tf.concat((above[1], hidden), axis=1))), (first, hidden)


class DownRightShiftedResnet(GatedResnet):
    """The block of the stream that also sees what is to the left; see `GatedResnet`.

    Its first short-cut is the other stream, of which a whole row is known at once.
    """

    convolution = DownRightShiftedConv2D

    def begin_row(self, above: Pair, shortcut: tf.Tensor) -> Pair:
        """What the pixels of a row owe to the row above and to the first short-cut.

        Args:
            above: pair of `[batch, 1 + width, 2 F]`, what `pixel` gave for the row above, behind
                a pixel of zeros.
            shortcut: `[batch, 1, width, F']`.
        Returns:
            Pair of `[batch, width, F]` and `[batch, width, 2 F]`.
        """
        first, second = (
            layer.from_above(kept[:, tf.newaxis])
            for layer, kept in zip((self.first, self.second), above, strict=True)
        )
        return first + self._project([shortcut[:, 0]], self.shortcuts[:1]), second

    def pixel(
        self, x: tf.Tensor, above: Pair, left: Pair, shortcuts: Tensors = ()
    ) -> tuple[tf.Tensor, Pair]:
        """One pixel of `call`, without dropout.

        Args:
            x: `[batch, F]`.
            above: pair of `[batch, F]` and `[batch, 2 F]`, the pixel's part of `begin_row`.
            left: pair of `[batch, 2 F]`, what this gave for the pixel to the left.
            shortcuts: tuple of `[batch, F']`, those after the first.
        Returns:
            The pixel, and a pair for the pixel to the right and the row below.
        """
        first = concat_elu(x)
        hidden = self.first.pixel((left[0], first), above[0])
        hidden = concat_elu(hidden + self._project(shortcuts, self.shortcuts[1:]))
        return x + _gate(self.second.pixel((left[1], hidden), above[1])), (first, hidden)


def _gate(gates):
    value, gate = tf.split(gates, 2, axis=-1)
    return value * tf.sigmoid(gate)
