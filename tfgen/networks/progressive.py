"""The networks of ProgressiveGAN, for square images whose side is a power of two.

Karras et al. (2018), Table 2. At side s all hidden grids have min(max_channels, base_channels S /
s) features, S the full side: `base_channels` on the full grid, twice as many with each halving.
Weights start at N(0, 1) and are scaled where they are read (equalized learning rate); leaky
rectifiers have slope 0.2; images are about [-1, 1], and nothing bounds what the generator gives.
"""

from collections.abc import Sequence

import keras
from keras import layers

from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.layers import (
    ChannelBias,
    EqualizedConv2D,
    EqualizedDense,
    EqualizedDownConv2D,
    EqualizedUpConv2D,
    MinibatchDeviation,
    PixelNormalization,
)
from tfgen.networks.growing import FIRST_SIDE, GrowingCritic, GrowingGenerator


def progressive_generator(
    latent_dim: int,
    image_shape: ShapeLike,
    base_channels: int = 16,
    max_channels: int = 512,
    name: str = "generator",
) -> GrowingGenerator:
    """Builds the generator: z `[batch, latent_dim]` -> images of every stage, float32.

    z is normalized to one length and spread over 4x4 by a dense layer, which a 3x3 convolution
    follows; each other block has two 3x3 convolutions, the first of the doubled grid. Every one is
    followed by LeakyReLU and pixel normalization.

    Args:
        latent_dim: size of z, 512 in the paper.
        image_shape: `(side, side, channels)`, side 4, 8, 16 and so on; the paper's is 1024.
        base_channels: features of the full grid; the paper's 1024x1024 has 16.
        max_channels: most features of a grid.
        name: name of the network.
    Returns:
        A built `GrowingGenerator`.
    Raises:
        ValueError: another shape, or a size below 1.
    """
    check_sizes(latent_dim=latent_dim)
    widths = _widths(image_shape, base_channels, max_channels)
    after = lambda: (layers.LeakyReLU(0.2), PixelNormalization())
    first = (
        PixelNormalization(),
        # A gain of sqrt(2) by the fan-in of a 4x4 convolution, which this is one of.
        EqualizedDense(16 * widths[0], gain=2**0.5 / 4, use_bias=False),
        layers.Reshape((FIRST_SIDE, FIRST_SIDE, widths[0])),
        ChannelBias(),
        *after(),
        EqualizedConv2D(widths[0], 3, padding="same"),
        *after(),
    )
    blocks = [_network((latent_dim,), first, "block_4")]
    for width in widths[1:]:
        parts = (
            EqualizedUpConv2D(width),
            *after(),
            EqualizedConv2D(width, 3, padding="same"),
            *after(),
        )
        shape = blocks[-1].output_shape[1:]
        blocks.append(_network(shape, parts, f"block_{2 * shape[0]}"))
    colours = [
        _network(
            block.output_shape[1:],
            (EqualizedConv2D(image_shape[-1], 1, gain=1.0, dtype="float32"),),
            f"colour_{block.output_shape[1]}",
        )
        for block in blocks
    ]
    return GrowingGenerator(blocks=blocks, colours=colours, name=name)


def progressive_critic(
    image_shape: ShapeLike,
    base_channels: int = 16,
    max_channels: int = 512,
    name: str = "critic",
) -> GrowingCritic:
    """Builds the critic: images of a stage -> one output each, the generator's mirror.

    Each block has two 3x3 convolutions, the means of 2x2 cells of the second; that of 4x4 has the
    deviation over the batch as one more feature (see `MinibatchDeviation`), a convolution and two
    dense layers. LeakyReLU follows all but the last.

    Args:
        image_shape: `(side, side, channels)`, side 4, 8, 16 and so on; the paper's is 1024.
        base_channels: features of the full grid; the paper's 1024x1024 has 16.
        max_channels: most features of a grid.
        name: name of the network.
    Returns:
        A built `GrowingCritic`.
    Raises:
        ValueError: another shape, or a size below 1.
    """
    widths = _widths(image_shape, base_channels, max_channels)
    after = lambda: layers.LeakyReLU(0.2)
    first = (
        MinibatchDeviation(),
        EqualizedConv2D(widths[0], 3, padding="same"),
        after(),
        layers.Flatten(),
        EqualizedDense(widths[0]),
        after(),
        EqualizedDense(1, gain=1.0),
        layers.Reshape(()),
    )
    blocks, colours = [], []
    for stage, width in enumerate(widths):
        side = FIRST_SIDE * 2**stage
        own = (EqualizedConv2D(width, 3, padding="same"), after())
        down = (EqualizedDownConv2D(widths[stage - 1]), after())
        parts = (*own, *down) if stage else first
        blocks.append(_network((side, side, width), parts, f"block_{side}"))
        from_images = (EqualizedConv2D(width, 1), after())
        colours.append(_network((side, side, image_shape[-1]), from_images, f"colour_{side}"))
    return GrowingCritic(blocks=blocks, colours=colours, name=name)


def _widths(image_shape: ShapeLike, base_channels: int, max_channels: int) -> list[int]:
    """Features of the grids, the smallest grid first."""
    check_sizes(base_channels=base_channels, max_channels=max_channels)
    shape = tuple(image_shape)
    side = shape[0] if shape else 0
    sizes_of_power = side >= FIRST_SIDE and side & (side - 1) == 0
    if len(shape) != 3 or shape[1] != side or not sizes_of_power or shape[2] < 1:
        raise ValueError(
            "expected image_shape (side, side, channels) with a side of 4, 8, 16, 32 and so on, a"
            " power of two; pad or resize other images, MNIST's 28 by 2 on each edge to 32."
            f" Received: {image_shape!r}"
        )
    halvings = range((side // FIRST_SIDE).bit_length())
    return [min(max_channels, base_channels * 2**k) for k in reversed(halvings)]


def _network(shape: Sequence[int], parts: Sequence[keras.layers.Layer], name: str) -> keras.Model:
    return keras.Sequential([keras.Input(tuple(shape)), *parts], name=name)
