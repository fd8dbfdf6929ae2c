"""Laplacian pyramids of images (Burt & Adelson 1983)."""

import numpy as np

# Binomial, the paper's "a = 0.375".
_KERNEL = np.array([1, 4, 6, 4, 1], "float32") / 16


def laplacian_pyramid(images: np.ndarray, smallest: int) -> list[np.ndarray]:
    """What each halving of the images leaves out, the finest first, and the coarsest level.

    Adding each level to the enlarged sum of those below it gives the images back.

    Args:
        images: `[n, height, width, channels]`, float32.
        smallest: levels whose shorter side would be below it are not made; there is one always.
    Returns:
        float32 arrays `[n, height / 2^i, width / 2^i, channels]`, sides rounded up.
    """
    levels = []
    while (min(images.shape[1:3]) + 1) // 2 >= smallest:
        smaller = halve(images)
        levels.append(images - enlarge(smaller, images.shape[1:3]))
        images = smaller
    return [*levels, images]


def halve(images: np.ndarray) -> np.ndarray:
    """Blurred, and every other pixel: `[n, ceil(height / 2), ceil(width / 2), channels]`."""
    return _blur(images)[:, ::2, ::2]


def enlarge(images: np.ndarray, sides: tuple[int, int]) -> np.ndarray:
    """Zeros between the pixels, blurred, at the brightness of the images.

    Args:
        images: `[n, ceil(height / 2), ceil(width / 2), channels]`.
        sides: height and width.
    """
    n, _, _, channels = images.shape
    spread = np.zeros((n, *sides, channels), images.dtype)
    spread[:, ::2, ::2] = images
    return 4 * _blur(spread)


def _blur(images):
    for axis in (1, 2):
        width = [(0, 0)] * 4
        width[axis] = (2, 2)
        padded = np.pad(images, width, mode="reflect")
        length = images.shape[axis]
        images = sum(
            weight * np.take(padded, np.arange(shift, shift + length), axis)
            for shift, weight in enumerate(_KERNEL)
        )
    return images
