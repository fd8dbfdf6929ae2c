"""Grids that strided convolutions halve and transposed ones double back, odd sides too."""

from collections.abc import Sequence

import keras


def halved(sides: Sequence[int]) -> tuple[int, ...]:
    """Half the sides, rounded up: what a "same" convolution of stride 2 leaves."""
    return tuple((side + 1) // 2 for side in sides)


def doubled(
    h: keras.KerasTensor, sides: Sequence[int], filters: int, kernel_size: int, **options: object
) -> keras.KerasTensor:
    """A transposed convolution of stride 2, to sides of which those of h are the halves.

    Args:
        h: `[batch, *halved(sides), channels]`.
        sides: `(height, width)` of the result.
        filters: channels of the result.
        kernel_size: odd.
        **options: other arguments of `keras.layers.Conv2DTranspose`.
    Returns:
        `[batch, *sides, filters]`.
    """
    # "same" transposes to 2 n - 1 cells from n, and output_padding=1 makes that 2 n.
    padding = tuple(1 - 2 * n + m for n, m in zip(h.shape[1:3], sides, strict=True))
    return keras.layers.Conv2DTranspose(
        filters, kernel_size, strides=2, padding="same", output_padding=padding, **options
    )(h)
