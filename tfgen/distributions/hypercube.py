"""All binary images of a small size, numbered, and noise that flips their pixels."""

import math

import numpy as np

from tfgen.core.size_checks import check_size_list
from tfgen.core.typing import ArrayLike, ShapeLike

MOST_PIXELS = 20


def num_pixels(event_shape: ShapeLike) -> int:
    """The pixels of an image, few enough for all images to be listed.

    Args:
        event_shape: of an image, any rank.
    Raises:
        ValueError: no sizes, or more than 20 pixels.
    """
    event_shape = check_size_list(event_shape, "event_shape", least=1)
    pixels = math.prod(event_shape)
    if pixels > MOST_PIXELS:
        raise ValueError(
            f"expected at most {MOST_PIXELS} pixels, to list all images. Received: event_shape"
            f" {event_shape}"
        )
    return pixels


def all_images(event_shape: ShapeLike) -> np.ndarray:
    """Every binary image once, in the order of their numbers.

    The pixels are the digits of the number in base 2, the first pixel's the most significant.

    Args:
        event_shape: of an image, at most 20 pixels.
    Returns:
        `[2**num_pixels, *event_shape]`, float32, 0 or 1.
    Raises:
        ValueError: too many pixels.
    """
    pixels = num_pixels(event_shape)
    numbers = np.arange(2**pixels)[:, None]
    digits = numbers >> np.arange(pixels)[::-1] & 1
    return digits.astype("float32").reshape(-1, *event_shape)


def image_numbers(x: ArrayLike) -> np.ndarray:
    """The numbers of binary images (see `all_images`).

    Args:
        x: `[n, *event_shape]`; a value above 1/2 is read as 1.
    Returns:
        `[n]`, int64.
    """
    digits = np.asarray(x).reshape(len(x), -1) > 0.5
    return digits @ (2 ** np.arange(digits.shape[1])[::-1])


def flip_pixels(probabilities: np.ndarray, flip_probability: float) -> np.ndarray:
    """The distribution of images whose pixels are then each flipped, independently.

    q(x) = sum_y p(y) f^h(x, y) (1 - f)^(D - h(x, y)), h the number of pixels that differ: one 2x2
    matrix along each of the D axes, so that it takes D 2^D steps in place of 4^D.

    Args:
        probabilities: `[2**D]`, float64, of the images in the order of their numbers.
        flip_probability: f, from 0 to 1.
    Returns:
        `[2**D]`, float64.
    """
    flipped = probabilities
    for axis in range(int(math.log2(len(probabilities)))):
        pairs = flipped.reshape(2**axis, 2, -1)
        flipped = (1 - flip_probability) * pairs + flip_probability * pairs[:, ::-1]
    return flipped.reshape(-1)
