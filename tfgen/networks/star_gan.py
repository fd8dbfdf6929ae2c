"""The networks of StarGAN, for images of any size from 8x8 up.

Strided convolutions halve the sides, rounding up; transposed convolutions undo these steps.
Kernels start at Glorot's, as no normalization of the judge's makes up for small ones.
"""

import keras
from keras import layers

from tfgen.core import Condition
from tfgen.core.size_checks import check_odd, check_parts, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.networks.condition_features import given_input
from tfgen.networks.halving import doubled
from tfgen.networks.image_to_image import check_grids, check_image, normalized, rectified

_SLOPE = 0.01


def star_gan_generator(
    image_shape: ShapeLike,
    condition: Condition,
    base_filters: int = 64,
    num_blocks: int = 6,
    num_halvings: int = 2,
    kernel_size: int = 7,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator: images in [0, 1] and a condition -> images in [0, 1].

    Each feature of the condition is one more channel of the image, constant over it. A
    convolution, others of 4x4 and stride 2, residual blocks of two 3x3 convolutions, transposed
    4x4 convolutions of stride 2 back to the image's size, and a convolution that ends in tanh,
    rescaled to [0, 1]. Filters double at each halving. Instance normalization and ReLU follow the
    convolutions, as in Choi et al. (2018), Table 4, but for the first one: what constant channels
    add to it is constant, and instance normalization would take just that away.

    Args:
        image_shape: `(height, width, channels)`, each side at least 8.
        condition: what an image is to become.
        base_filters: filters at the image's size.
        num_blocks: residual blocks.
        num_halvings: of the sides, 0 or more; the paper's blocks are on 32x32.
        kernel_size: of the first and the last convolution, odd.
        name: name of the model.
    Returns:
        A built `keras.Model` of `[x, given]`. Its output is float32 under every dtype policy.
    Raises:
        ValueError: a size is too small, or `num_halvings` leaves less than two pixels.
    """
    image_shape = check_image(image_shape)
    check_sizes(base_filters=base_filters)
    check_parts(num_blocks=num_blocks)
    if num_halvings != 0:
        check_parts(num_halvings=num_halvings)
    check_odd(kernel_size, "kernel_size")
    grids = check_grids(image_shape[:2], num_halvings)
    x = keras.Input(image_shape)
    given, features = given_input(condition)
    planes = layers.Reshape((1, 1, features.shape[-1]))(features)
    planes = layers.UpSampling2D(grids[0])(planes)
    h = layers.Concatenate()([layers.Rescaling(2.0, -1.0)(x), planes])
    h = layers.Conv2D(base_filters, kernel_size, padding="same", activation="relu")(h)
    for step in range(1, len(grids)):
        filters = base_filters * 2**step
        h = rectified(layers.Conv2D(filters, 4, strides=2, padding="same", use_bias=False)(h))
    same = lambda h: layers.Conv2D(h.shape[-1], 3, padding="same", use_bias=False)(h)
    for _ in range(num_blocks):
        h = layers.Add()([h, normalized(same(rectified(same(h))))])
    for step, grid in reversed(list(enumerate(grids[:-1]))):
        h = rectified(doubled(h, grid, base_filters * 2**step, 4, use_bias=False))
    h = layers.Conv2D(image_shape[-1], kernel_size, padding="same")(h)
    h = layers.Activation("tanh", dtype="float32")(h)
    outputs = layers.Rescaling(0.5, 0.5, dtype="float32")(h)
    return keras.Model([x, given], outputs, name=name)


def star_gan_discriminator(
    image_shape: ShapeLike,
    num_logits: int,
    base_filters: int = 64,
    num_halvings: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator: images in [0, 1] -> its output, and logits of the domain.

    4x4 convolutions of stride 2, each followed by LeakyReLU of slope 0.01, without normalization;
    filters double at each. Then a 3x3 convolution to an output for each patch, of which the
    mean is taken, and one of the whole grid to the logits. Choi et al. (2018), Table 5.

    Args:
        image_shape: `(height, width, channels)`, each side at least 8.
        num_logits: of the domain.
        base_filters: filters of the first convolution.
        num_halvings: of the sides; None for the paper's six, or as many as leave two pixels.
        name: name of the model.
    Returns:
        A built `keras.Model` to `[outputs, logits]`, `[batch]` and `[batch, num_logits]`.
    Raises:
        ValueError: a size is too small, or `num_halvings` leaves less than two pixels.
    """
    image_shape = check_image(image_shape)
    check_sizes(base_filters=base_filters, num_logits=num_logits)
    if num_halvings is None:
        num_halvings = min(6, (min(image_shape[:2]) - 1).bit_length() - 1)
    check_parts(num_halvings=num_halvings)
    grids = check_grids(image_shape[:2], num_halvings)
    x = keras.Input(image_shape)
    h = layers.Rescaling(2.0, -1.0)(x)
    for step in range(num_halvings):
        h = layers.Conv2D(base_filters * 2**step, 4, strides=2, padding="same")(h)
        h = layers.LeakyReLU(_SLOPE)(h)
    outputs = layers.Conv2D(1, 3, padding="same", use_bias=False, name="patches")(h)
    outputs = layers.Reshape(())(layers.GlobalAveragePooling2D()(outputs))
    logits = layers.Conv2D(num_logits, grids[-1], use_bias=False, name="domain")(h)
    return keras.Model(x, [outputs, layers.Flatten()(logits)], name=name)
