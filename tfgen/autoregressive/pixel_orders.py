"""Orders of generation of an image's pixels, and what a kernel may see in them."""

from collections.abc import Sequence

import numpy as np


def s_curve_orders(height: int, width: int) -> np.ndarray:
    """The eight S-shaped paths through an image, row by row or column by column, from each corner.

    A path turns at the end of a row, so that each pixel is a neighbour of the one before it (Jain,
    Abbeel & Pathak 2020).

    Args:
        height, width: of the image.
    Returns:
        int32 `[8, height * width]`, pixel row * width + column by the time of its generation; the
        first starts at the upper left, and goes right.

    Example:
        >>> s_curve_orders(2, 3)[0]
        array([0, 1, 2, 5, 4, 3], dtype=int32)
    """
    pixels = np.arange(height * width, dtype="int32").reshape(height, width)
    paths = []
    for grid in (pixels, pixels.T):
        for start in (grid, grid[:, ::-1], grid[::-1], grid[::-1, ::-1]):
            path = start.copy()
            path[1::2] = path[1::2, ::-1]
            paths.append(path.ravel())
    return np.stack(paths)


def check_pixel_orders(
    pixel_orders: Sequence[Sequence[int]] | np.ndarray, height: int, width: int
) -> tuple[tuple[int, ...], ...]:
    """The orders as tuples of ints.

    Raises:
        ValueError: no orders, or one that is no permutation of the pixels.
    """
    size = height * width
    try:
        table = np.array(list(pixel_orders))
    except (TypeError, ValueError):
        table = None
    if table is None or table.ndim != 2 or table.dtype.kind not in "iu" or not len(table):
        raise ValueError(
            "expected pixel_orders to hold at least one order, all of integers and of one length."
            f" Received: {str(pixel_orders)[:80]}"
        )
    orders = [tuple(order) for order in table.tolist()]
    for order in orders:
        if sorted(order) != list(range(size)):
            raise ValueError(
                f"expected every one of pixel_orders to be a permutation of the {size} pixels"
                f" 0..{size - 1}. Received: {str(order)[:80]}, of length {len(order)}"
            )
    return tuple(orders)


def visible_pixels(orders: np.ndarray, height: int, width: int, kernel_size: int) -> np.ndarray:
    """The pixels that a kernel at each pixel sees: those in its reach that come earlier.

    Args:
        orders: int `[K, height * width]`.
        kernel_size: odd int.
    Returns:
        int32 `[K, height * width, kernel_size ** 2]`, the pixel at each offset; height * width,
        which is no pixel, where it comes later, is the kernel's own or lies outside.
    """
    ranks = np.argsort(orders, axis=1)
    reach = kernel_size // 2
    rows, columns = np.divmod(np.arange(height * width), width)
    seen = []
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            i, j = rows + down, columns + right
            inside = (0 <= i) & (i < height) & (0 <= j) & (j < width)
            pixel = np.where(inside, i * width + j, 0)
            earlier = ranks[:, pixel] < ranks
            seen.append(np.where(inside & earlier, pixel, height * width))
    return np.stack(seen, axis=-1).astype("int32")
