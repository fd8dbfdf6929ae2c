"""A discriminator of patches, for images of any size from 8x8 up."""

import keras
from keras import layers

from tfgen.core.size_checks import check_parts, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.networks.image_to_image import check_grids, check_image, normalized

_MOST_HALVINGS = 3


def patchgan_discriminator(
    image_shape: ShapeLike,
    base_filters: int = 64,
    num_halvings: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator: images [batch, *image_shape] in [0, 1] -> an output for each patch.

    4x4 convolutions, `num_halvings` of them of stride 2, then one of stride 1, each followed by
    LeakyReLU of slope 0.2, and all but the first by instance normalization before that; then a
    convolution to one output. The filters double at each, to 8 times the first ones' at most. But
    for the normalization, an output depends on a patch of the image alone (see `patch_side`).

    Isola et al. (2017), section 3.2.2, as Zhu et al. (2017), appendix 7.2, have it: 64 filters and
    patches of 70x70. Here edges are padded by zeros to the halves of the sides, rounded up, which
    does not change the patches.

    Args:
        image_shape: `(height, width, channels)`, each side at least 8.
        base_filters: filters of the first convolution.
        num_halvings: of the sides, at least one; None for the paper's three, or fewer where a
            patch would be larger than the image.
        name: name of the model.
    Returns:
        A built `keras.Model`, to `[batch, rows, columns, 1]`.
    Raises:
        ValueError: a size is too small, or `num_halvings` leaves less than two rows or columns.
    """
    image_shape = check_image(image_shape)
    check_sizes(base_filters=base_filters)
    if num_halvings is None:
        fitting = (n for n in range(_MOST_HALVINGS, 1, -1) if patch_side(n) <= min(image_shape[:2]))
        num_halvings = next(fitting, 1)
    check_parts(num_halvings=num_halvings)
    check_grids(image_shape[:2], num_halvings)
    inputs = keras.Input(image_shape)
    h = layers.Rescaling(2.0, -1.0)(inputs)
    for step in range(num_halvings + 1):
        first, last = step == 0, step == num_halvings
        h = layers.Conv2D(
            base_filters * min(2**step, 8),
            4,
            strides=1 if last else 2,
            padding="same",
            use_bias=first,
            kernel_initializer=_normal(),
        )(h)
        h = h if first else normalized(h)
        h = layers.LeakyReLU(0.2)(h)
    outputs = layers.Conv2D(1, 4, padding="same", kernel_initializer=_normal())(h)
    return keras.Model(inputs, outputs, name=name)


def patch_side(num_halvings: int) -> int:
    """The side of the patches that the outputs of `patchgan_discriminator` depend on, in pixels.

    7 of one output's two last 4x4 kernels, and twice as many and two more by each of stride 2: 16,
    34, 70.
    """
    side = 7
    for _ in range(num_halvings):
        side = 2 * side + 2
    return side


def _normal():
    return keras.initializers.RandomNormal(stddev=0.02)
