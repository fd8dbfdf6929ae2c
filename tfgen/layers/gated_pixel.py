"""The layer of the gated PixelCNN: a vertical and a horizontal stack."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_odd, check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.left_conv import LeftConv2D
from tfgen.layers.typing import BatchShape, Pair


class GatedPixelLayer(ConfiguredLayer):
    """Two stacks of gated convolutions without a blind spot (van den Oord et al. 2016b, Figure 2).

    y = tanh(W_f * x + V_f h) sigma(W_g * x + V_g h), Eq. 4, in both stacks. The vertical stack
    sees whole rows, the horizontal one what is to the left in its row and, by a 1 x 1 convolution,
    the vertical stack. The vertical input of row i must hold nothing of row i or below; so does
    its output then. Each stack is a method for all pixels at once (`call`) and one for the part
    that a new row or a new pixel adds (`row`, `group`): the two compute the same numbers.

    Args:
        features: number F of features of each stack, a multiple of `groups`.
        kernel_size: odd size k: the vertical kernel is (k + 1) / 2 rows by k columns, the
            horizontal one (k + 1) / 2 columns.
        mask: "A" for a first layer, whose horizontal input is the image; then there is no
            residual connection. "B" for the others.
        groups: number of colour channels; see `LeftConv2D`.
        conditional: whether a condition h is given.
    Input: vertical `[batch, height, width, F']`, horizontal `[batch, height, width, F'']`, and the
        encoded condition h `[batch, size]` or None.
    Output: the same two, with F features each.
    Raises:
        ValueError: sizes below 1, an even kernel size, another mask, or features that do not split
            into the groups.
    """

    def __init__(
        self,
        features: int,
        kernel_size: int,
        mask: str = "B",
        groups: int = 1,
        conditional: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_sizes(features=features, groups=groups)
        self.features = features
        self.kernel_size = check_odd(kernel_size, "kernel_size")
        self.mask = mask
        self.groups = groups
        self.conditional = conditional
        self.rows = (kernel_size + 1) // 2
        gates, policy = 2 * features, self.dtype_policy
        self.vertical = keras.layers.Conv2D(
            gates, (self.rows, kernel_size), name="vertical", dtype=policy
        )
        self.link = keras.layers.Dense(gates, use_bias=False, name="link", dtype=policy)
        self.horizontal = LeftConv2D(
            gates, self.rows, mask, groups, name="horizontal", dtype=policy
        )
        self.residual = LeftConv2D(features, 1, "B", groups, name="residual", dtype=policy)
        if conditional:
            self.vertical_condition = keras.layers.Dense(
                gates, use_bias=False, name="vertical_condition", dtype=policy
            )
            self.horizontal_condition = keras.layers.Dense(
                gates, use_bias=False, name="horizontal_condition", dtype=policy
            )

    def build(
        self,
        vertical_shape: BatchShape,
        horizontal_shape: BatchShape,
        given_shape: BatchShape | None = None,
    ) -> None:
        self.vertical.build((None, None, None, vertical_shape[-1]))
        self.link.build((*vertical_shape[:-1], 2 * self.features))
        self.horizontal.build(horizontal_shape)
        self.residual.build((*horizontal_shape[:-1], self.features))
        if self.conditional:
            self.vertical_condition.build(given_shape)
            self.horizontal_condition.build(given_shape)

    def call(
        self, vertical: tf.Tensor, horizontal: tf.Tensor, given: tf.Tensor | None = None
    ) -> Pair:
        above = ((0, 0), (self.rows - 1, 0), (0, 0), (0, 0))
        vertical, link = self.row(tf.pad(vertical, above), given)
        gates = self.horizontal(horizontal) + link
        shape = tf.shape(gates)
        grouped = tf.reshape(gates, (*tf.unstack(shape[:3]), self.groups, -1))
        gated = self.residual(tf.reshape(_gate(grouped), (*tf.unstack(shape[:3]), self.features)))
        return vertical, gated if self.mask == "A" else gated + horizontal

    def row(self, vertical: tf.Tensor, given: tf.Tensor | None = None) -> Pair:
        """The vertical stack, and what it adds to the gates of the horizontal one.

        Args:
            vertical: `[batch, rows - 1 + height, width, F']`, height rows with those above them.
            given: h, `[batch, size]` or None.
        Returns:
            `[batch, height, width, F]` and `[batch, height, width, 2 F]`.
        """
        side = self.kernel_size // 2
        gates = self.vertical(tf.pad(vertical, ((0, 0), (0, 0), (side, side), (0, 0))))
        if self.conditional:
            gates += self.vertical_condition(given)[:, tf.newaxis, tf.newaxis]
        link = self.link(gates)
        if self.conditional:
            link += self.horizontal_condition(given)[:, tf.newaxis, tf.newaxis]
        return _gate(gates), link

    def group(
        self,
        index: int,
        link: tf.Tensor,
        own: list[tf.Tensor],
        left: tf.Tensor | None,
        gated: list[tf.Tensor],
    ) -> tf.Tensor:
        """One group of the horizontal stack's features of one pixel.

        Args:
            index: the group c.
            link: `[batch, 2 F]`, what `row` gives for this pixel.
            own: list of the pixel's input groups, up to c.
            left: `[batch, rows - 1, F'']`, the input pixels to the left.
            gated: list of the pixel's gated groups before c; group c is appended.
        Returns:
            `[batch, F / groups]`.
        """
        size = 2 * self.features // self.groups
        gates = self.horizontal.group(index, own, left) + link[:, index * size : (index + 1) * size]
        gated.append(_gate(gates))
        result = self.residual.group(index, gated)
        return result if self.mask == "A" else result + own[index]


def _gate(gates):
    tangent, sigmoid = tf.split(gates, 2, axis=-1)
    return tf.tanh(tangent) * tf.sigmoid(sigmoid)
