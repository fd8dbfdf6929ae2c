"""A pair of residual networks for images of any size."""

from collections.abc import Callable

import keras

from tfgen.core.size_checks import check_parts
from tfgen.core.typing import ShapeLike
from tfgen.networks.convolutional_networks import ConvolutionalNetworks


class ResidualNetworks(ConvolutionalNetworks):
    """`ConvolutionalNetworks` with residual blocks on every hidden grid.

    A block is h + W_2 a(W_1 a(h)), convolutions W of activations a (He et al. 2016, "Identity
    mappings in deep residual networks", Figure 1b, without batch normalization). W_2 starts at
    zero: the untrained networks are those without blocks.

    Args:
        filters: channels of the encoder's grids, largest grid first; the decoder has them in
            reverse.
        num_blocks: residual blocks of each grid.
        hidden: widths of the encoder's dense layers behind the smallest grid.
        kernel_size: of all convolutions, odd.
        activation: of the hidden layers, as `keras.layers.Activation` takes it.
    Raises:
        ValueError: a size is not a positive integer, `kernel_size` is even, or there are no
            filters.
    """

    def __init__(
        self,
        filters: ShapeLike = (32, 64),
        num_blocks: int = 1,
        hidden: ShapeLike = (),
        kernel_size: int = 3,
        activation: str | Callable | None = "relu",
    ) -> None:
        super().__init__(filters, hidden, kernel_size, activation)
        check_parts(num_blocks=num_blocks)
        self.num_blocks = num_blocks

    def _refined(self, h: keras.KerasTensor, name: str) -> keras.KerasTensor:
        for i in range(self.num_blocks):
            update = h
            for part, start in enumerate(("glorot_uniform", "zeros")):
                update = keras.layers.Activation(self.activation)(update)
                update = keras.layers.Conv2D(
                    h.shape[-1],
                    self.kernel_size,
                    padding="same",
                    kernel_initializer=start,
                    name=f"{name}_block_{i}_{part}",
                )(update)
            h = keras.layers.Add()([h, update])
        return h
