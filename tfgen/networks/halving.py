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
        kernel_size: at least 2.
        **options: other arguments of `keras.layers.Conv2DTranspose`.
    Returns:
        `[batch, *sides, filters]`.
    """
    missing = [2 * n - m for n, m in zip(h.shape[1:3], sides, strict=True)]
    # "same" transposes n cells to 2 n, or to 2 n - 1 with output_padding=0, of an odd kernel only.
    odd = kernel_size % 2
    h = keras.layers.Conv2DTranspose(
        filters,
        kernel_size,
        strides=2,
        padding="same",
        output_padding=tuple(1 - each for each in missing) if odd else None,
        **options,
    )(h)
    return h if odd or not any(missing) else keras.layers.Cropping2D([(0, m) for m in missing])(h)
