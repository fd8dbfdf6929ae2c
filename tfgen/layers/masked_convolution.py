"""What masked convolutions have in common: the channels of a pixel, one after the other."""

import abc
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.core.size_checks import check_odd, check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class MaskedConvolution(ConfiguredLayer):
    """A convolution whose kernel is masked at its centre, where a pixel's channels see each other.

    The channels come one after the other, R before G before B: inputs and outputs are split in
    `groups` equal parts, and part c of the outputs sees the parts before c of its own pixel (mask
    A), or those up to c (mask B). Which of the other pixels are seen is the subclass's to say.

    Args:
        filters: output features, a multiple of `groups`.
        kernel_size: odd int, or `(height, width)`, both odd.
        mask: "A" for the first layer, whose input is the image; "B" for all others.
        groups: number of channels of the image.
        use_bias: whether there is a bias.
        kernel_initializer: of the kernel, before it is masked.
    Raises:
        ValueError: sizes below 1, even kernel sizes, another mask, or features that do not split
            into the groups.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        *,
        mask: str,
        groups: int = 1,
        use_bias: bool = True,
        kernel_initializer: str | keras.Initializer = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_sizes(filters=filters, groups=groups)
        if not isinstance(kernel_size, (tuple, list)):
            kernel_size = (kernel_size, kernel_size)
        if len(kernel_size) != 2:
            raise ValueError(f"expected kernel_size to be one or two. Received: {kernel_size}")
        kernel_size = tuple(check_odd(size, "kernel_size") for size in kernel_size)
        if mask not in ("A", "B"):
            raise ValueError(f'expected mask to be "A" or "B". Received: {mask!r}')
        if filters % groups:
            raise ValueError(
                f"expected filters to be a multiple of groups={groups}. Received: {filters!r}"
            )
        self.filters = filters
        self.kernel_size = kernel_size
        self.mask = mask
        self.groups = groups
        self.use_bias = use_bias
        self.kernel_initializer = kernel_initializer

    def build(self, input_shape: BatchShape) -> None:
        features = input_shape[-1]
        if features % self.groups:
            raise ValueError(
                f"expected input features that are a multiple of groups={self.groups}."
                f" Received: {features}"
            )
        shape = (*self.kernel_size, features, self.filters)
        self.kernel = self.add_weight(shape, self.kernel_initializer, name="kernel")
        self.bias = (
            self.add_weight((self.filters,), "zeros", name="bias") if self.use_bias else None
        )
        self._kernel_mask = self._mask(*shape)

    @abc.abstractmethod
    def _mask(self, height, width, features, filters):
        """1 where the kernel is kept, `[height, width, features, filters]`."""

    def _own_pixel(self, features, filters):
        """1 where an output sees an input of its own pixel, `[features, filters]`."""
        seen = np.arange(features)[:, None] * self.groups // features
        seeing = np.arange(filters) * self.groups // filters
        return seen < seeing if self.mask == "A" else seen <= seeing

    @property
    def masked_kernel(self) -> tf.Tensor:
        """The kernel times its mask, `[height, width, features, filters]`."""
        kernel = tf.convert_to_tensor(self.kernel)
        return kernel * tf.cast(self._kernel_mask, kernel.dtype)

    @property
    def num_idle_weights(self) -> int:
        """Number of the kernel's entries that the mask hides."""
        return int(self._kernel_mask.size - self._kernel_mask.sum())

    def own(self, index: int, groups: list[tf.Tensor]) -> tf.Tensor:
        """What one group of a pixel owes to the groups of the same pixel, and to the bias.

        Args:
            index: the group c of the output.
            groups: list of `[batch, features / groups]`, the input's groups seen by c; more
                than those are not looked at.
        Returns:
            `[batch, filters / groups]`, float32.
        """
        height, width = (size // 2 for size in self.kernel_size)
        size = self.filters // self.groups
        columns = slice(index * size, (index + 1) * size)
        result = tf.cast(self.bias, tf.float32)[columns] if self.use_bias else 0.0
        seen = groups[: index if self.mask == "A" else index + 1]
        if seen:
            seen = tf.concat(seen, axis=-1)
            kernel = tf.cast(self.kernel, tf.float32)
            return result + seen @ kernel[height, width, : seen.shape[-1], columns]
        return tf.broadcast_to(result, (1, size))

    def compute_output_shape(self, input_shape: BatchShape) -> BatchShape:
        return (*input_shape[:-1], self.filters)
