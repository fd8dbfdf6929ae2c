"""A residual network from image to image, for images of any size from 8x8 up."""

import keras
from keras import layers

from tfgen.core.size_checks import check_odd, check_parts, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.layers import ReflectionPadding2D
from tfgen.networks.halving import doubled, halved
from tfgen.networks.image_to_image import (
    SMALLEST_IMAGE,
    check_grids,
    check_image,
    normalized,
    rectified,
)

_MOST_HALVINGS = 2


def resnet_generator(
    image_shape: ShapeLike,
    num_channels: int | None = None,
    base_filters: int = 64,
    num_blocks: int | None = None,
    num_halvings: int | None = None,
    kernel_size: int = 7,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator: images [batch, *image_shape] in [0, 1] -> images in [0, 1].

    A convolution, others of stride 2, residual blocks of two 3x3 convolutions, transposed 3x3
    convolutions of stride 2 back to the image's size, and a convolution that ends in tanh, rescaled
    to [0, 1]. Filters double at each halving. Instance normalization follows each convolution but
    the last one, and a ReLU that, but where a block adds to its input. Those of stride 1 pad by
    reflection. Kernels start at N(0, 0.02^2).

    Johnson et al. (2016), as Zhu et al. (2017), appendix 7.2, have it: there 7x7, 64 filters, two
    halvings, and 6 blocks for images of 128x128, 9 for those of 256x256.

    Args:
        image_shape: `(height, width, channels)` of the input, each side at least 8.
        num_channels: of the output; None for those of the input.
        base_filters: filters at the image's size.
        num_blocks: residual blocks; None for the paper's, 9 from 256 up and 6 below.
        num_halvings: of the sides, which round up; None for two, or as many as leave 8 or more.
        kernel_size: of the first and the last convolution, odd, at most 15.
        name: name of the model.
    Returns:
        A built `keras.Model`. Its output is float32 under every dtype policy.
    Raises:
        ValueError: a size is too small, or `num_halvings` leaves less than two pixels.
    """
    image_shape = check_image(image_shape)
    side = min(image_shape[:2])
    num_channels = image_shape[-1] if num_channels is None else num_channels
    num_blocks = (9 if side >= 256 else 6) if num_blocks is None else num_blocks
    check_sizes(num_channels=num_channels, base_filters=base_filters)
    check_parts(num_blocks=num_blocks)
    check_odd(kernel_size, "kernel_size")
    grids = _grids(image_shape[:2], num_halvings)

    inputs = keras.Input(image_shape)
    h = layers.Rescaling(2.0, -1.0)(inputs)
    h = rectified(_convolved(h, base_filters, kernel_size))
    for step in range(1, len(grids)):
        h = layers.Conv2D(base_filters * 2**step, 3, strides=2, padding="same", **_kernel())(h)
        h = rectified(h)
    for _ in range(num_blocks):
        inside = rectified(_convolved(h, h.shape[-1], 3))
        h = layers.Add()([h, normalized(_convolved(inside, h.shape[-1], 3))])
    for step, grid in reversed(list(enumerate(grids[:-1]))):
        h = rectified(doubled(h, grid, base_filters * 2**step, 3, **_kernel()))
    h = _convolved(h, num_channels, kernel_size, use_bias=True)
    h = layers.Activation("tanh", dtype="float32")(h)
    outputs = layers.Rescaling(0.5, 0.5, dtype="float32")(h)
    return keras.Model(inputs, outputs, name=name)


def _grids(sides, num_halvings):
    """The (height, width) of every grid, the image's first."""
    if num_halvings is not None:
        if num_halvings != 0:
            check_parts(num_halvings=num_halvings)
        return check_grids(sides, num_halvings)
    grids = [tuple(sides)]
    while len(grids) <= _MOST_HALVINGS and min(halved(grids[-1])) >= SMALLEST_IMAGE:
        grids.append(halved(grids[-1]))
    return grids


def _convolved(h, filters, kernel_size, use_bias=False):
    if kernel_size > 1:
        h = ReflectionPadding2D(kernel_size // 2)(h)
    return layers.Conv2D(filters, kernel_size, **_kernel(use_bias))(h)


def _kernel(use_bias=False):
    start = keras.initializers.RandomNormal(stddev=0.02)
    return {"use_bias": use_bias, "kernel_initializer": start}
