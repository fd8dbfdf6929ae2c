"""Residual blocks of masked convolutions, as a whole and channel by channel."""

from typing import NamedTuple

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_odd, check_parts, check_sizes
from tfgen.layers import MaskedConv2D
from tfgen.layers.masked_conv import MaskedConvolution


class MaskedNetwork(NamedTuple):
    """The layers of the network that `MaskedPixelCNN` describes.

    A sampler goes through it channel by channel. `groups` is its notebook for one pixel, a
    dictionary that is empty at the first channel: for the name of each layer, its input's groups
    so far, a list of `[batch, features / channels]`.

    Attributes:
        first: the first convolution.
        blocks: for each block its three layers; the one in the middle sees other pixels.
        readouts: the layers that lead to the logits.
    """

    first: MaskedConvolution
    blocks: list
    readouts: list

    @property
    def seeing(self) -> list[MaskedConvolution]:
        """The layers that see other pixels, from the first on."""
        return [self.first, *(middle for _, middle, _ in self.blocks)]

    def logits(self, x: tf.Tensor, *visible: tf.Tensor) -> tf.Tensor:
        """The logits of all pixels.

        Args:
            x: `[batch, height, width, channels]`, in [0, 1]; it enters as 2 x - 1: the zeros of
                the padding are no pixel value.
            *visible: what each of the `seeing` layers takes beside its input; none if they take
                nothing.
        Returns:
            `[batch, height, width, num_outputs]`.
        """
        beside = {}
        if visible:
            names = (layer.name for layer in self.seeing)
            beside = {name: (each,) for name, each in zip(names, visible, strict=True)}
        run = lambda layer, x: layer(x, *beside.get(layer.name, ()))
        features = run(self.first, 2 * x - 1)
        for block in self.blocks:
            hidden = features
            for layer in block:
                hidden = run(layer, tf.nn.relu(hidden))
            features = features + hidden
        for layer in self.readouts:
            features = run(layer, tf.nn.relu(features))
        return features

    def channel_logits(
        self, owed: list[tf.Tensor], values: list[tf.Tensor], groups: dict[str, list]
    ) -> tf.Tensor:
        """The logits of the next channel of one pixel.

        Args:
            owed: for each of the `seeing` layers, what its output owes to other pixels,
                `[batch, features]`.
            values: list of `[batch]`, the pixel's channels so far, in [0, 1].
            groups: the notebook; it grows.
        Returns:
            `[batch, num_params]`.
        """
        c = len(values)
        from_others = {
            layer.name: tf.split(each, layer.groups, axis=-1)[c]
            for layer, each in zip(self.seeing, owed, strict=True)
        }

        def run(layer, seen):
            return layer.own(c, seen) + from_others.get(layer.name, 0.0)

        def add(layer, group):
            seen = groups.setdefault(layer.name, [])
            seen.append(tf.nn.relu(group))
            return run(layer, seen)

        features = run(self.first, [2 * value[:, tf.newaxis] - 1 for value in values])
        for block in self.blocks:
            hidden = features
            for layer in block:
                hidden = add(layer, hidden)
            features += hidden
        for layer in self.readouts:
            features = add(layer, features)
        return features

    def inputs(self, values: tf.Tensor, groups: dict[str, list]) -> list[tf.Tensor]:
        """The inputs of the `seeing` layers at a pixel, after its last channel.

        Args:
            values: `[batch, channels]`, in [0, 1].
            groups: the notebook.
        Returns:
            List of `[batch, features]`.
        """
        _, *others = self.seeing
        return [2 * values - 1, *(tf.concat(groups[layer.name], axis=-1) for layer in others)]


def masked_network(
    convolution: type[MaskedConvolution],
    groups: int,
    *,
    num_features: int,
    num_layers: int,
    kernel_size: int,
    first_kernel_size: int,
    num_output_features: int,
    num_outputs: int,
    dtype: keras.DTypePolicy,
) -> MaskedNetwork:
    """The layers of a network.

    Args:
        convolution: class of those that see other pixels.
        groups: number of channels of the image.
        num_features: h.
        num_layers: number of blocks.
        kernel_size: of the blocks' convolutions that see other pixels.
        first_kernel_size: of the first convolution.
        num_output_features: features before the logits.
        num_outputs: number of logits of a pixel.
        dtype: policy of the layers.
    Raises:
        ValueError: sizes that do not fit.
    """
    check_sizes(num_features=num_features, num_output_features=num_output_features)
    check_parts(num_layers=num_layers)
    check_odd(kernel_size, "kernel_size")
    check_odd(first_kernel_size, "first_kernel_size")

    def seeing(size, kernel_size, mask, name):
        return convolution(size, kernel_size, mask=mask, groups=groups, name=name, dtype=dtype)

    def own(size, name):
        return MaskedConv2D(size, 1, mask="B", groups=groups, name=name, dtype=dtype)

    first = seeing(2 * num_features, first_kernel_size, "A", "first")
    blocks = [
        [
            own(num_features, f"block_{i}_reduce"),
            seeing(num_features, kernel_size, "B", f"block_{i}_masked"),
            own(2 * num_features, f"block_{i}_expand"),
        ]
        for i in range(num_layers)
    ]
    sizes = (num_output_features, num_outputs)
    return MaskedNetwork(first, blocks, [own(s, f"readout_{i}") for i, s in enumerate(sizes)])
