"""A convolution along the rows of an image that sees only what is to the left."""

from typing import Any

import tensorflow as tf

from tfgen.core.size_checks import check_parts, check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class LeftConv2D(ConfiguredLayer):
    """Masked 1 x width convolution: pixel j sees the pixels j - width + 1 ... j of its row.

    The half of a masked convolution's kernel that is not zero (van den Oord et al. 2016, section
    3.4), so that nothing is computed only to be masked. The features of a pixel are in `groups`
    equal parts, one for each colour channel: of its own pixel, group c of the
    output sees the groups before c (mask "A") or up to c (mask "B") of the input.

    Args:
        filters: number of output features, a multiple of `groups`.
        width: number of pixels that the kernel spans, its own included.
        mask: "A" or "B".
        groups: number of colour channels.
    Input: `[batch, height, width, features]`, a multiple of `groups`.
    Output: `[batch, height, width, filters]`.
    Raises:
        ValueError: sizes below 1, features that are no multiple of `groups`, or another mask.
    """

    def __init__(
        self, filters: int, width: int, mask: str = "B", groups: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        check_sizes(filters=filters, groups=groups)
        check_parts(width=width)
        if mask not in ("A", "B"):
            raise ValueError(f'expected mask to be "A" or "B". Received: {mask!r}')
        self.filters = _multiple(filters, groups, "filters")
        self.width = width
        self.mask = mask
        self.groups = groups

    def build(self, input_shape: BatchShape) -> None:
        features = _multiple(input_shape[-1], self.groups, "the input's features")
        self.kernel = self.add_weight((self.width, features, self.filters), name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")
        source = tf.range(features) // (features // self.groups)
        target = tf.range(self.filters) // (self.filters // self.groups)
        sees = source[:, None] < target if self.mask == "A" else source[:, None] <= target
        self._own = sees.numpy().astype("float32")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        own = self.kernel[-1:] * tf.cast(self._own, self.compute_dtype)
        kernel = tf.concat((self.kernel[:-1], own), axis=0)[tf.newaxis]
        padding = ((0, 0), (0, 0), (self.width - 1, 0), (0, 0))
        return tf.nn.conv2d(inputs, kernel, 1, padding) + self.bias

    @property
    def num_idle_weights(self) -> int:
        """Number of the kernel's entries that the mask hides."""
        return int(self._own.size - self._own.sum())

    def group(self, index: int, own: list[tf.Tensor], left: tf.Tensor | None = None) -> tf.Tensor:
        """One group of features of one pixel: a slice of `call`, computed alone.

        Args:
            index: the group c.
            own: list of the pixel's own input groups, `[batch, features / groups]` each; those
                from c (mask "A") or after c (mask "B") on may be missing.
            left: the width - 1 pixels to the left, `[batch, width - 1, features]`.
        Returns:
            `[batch, filters / groups]`.
        """
        size = self.filters // self.groups
        kernel = tf.convert_to_tensor(self.kernel)[:, :, index * size : (index + 1) * size]
        result = self.bias[index * size : (index + 1) * size]
        seen = own[: index if self.mask == "A" else index + 1]
        if seen:
            seen = tf.concat(seen, axis=-1)
            result += tf.matmul(seen, kernel[-1, : seen.shape[-1]])
        if self.width > 1:
            flat = tf.reshape(left, (-1, (self.width - 1) * left.shape[-1]))
            result += tf.matmul(flat, tf.reshape(kernel[:-1], (flat.shape[-1], size)))
        return result


def _multiple(value, groups, name):
    if value % groups:
        raise ValueError(f"expected {name} to be a multiple of {groups} groups. Received: {value}")
    return value
