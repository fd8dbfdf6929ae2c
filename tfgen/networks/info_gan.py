"""The convolutional networks of InfoGAN, for images of any size from 8x8 up.

Strided convolutions halve the sides, rounding up, until the shorter one is at most 7; transposed
convolutions undo these steps. A dense layer of 1024 units stands between the smallest grid and the
rest. At 28x28 they are those of Table 1 of Chen et al. (2016): 64 and 128 filters on 14x14 and 7x7.
Kernels start at N(0, 0.02^2).
"""

import math

import keras
from keras import layers

from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.layers import SyncBatchNormalization
from tfgen.networks.dcgan import dcgan_grids
from tfgen.networks.halving import doubled

_LARGEST_SMALL_SIDE = 7
_SLOPE = 0.1


def info_gan_generator(
    latent_dim: int,
    image_shape: ShapeLike,
    base_filters: int = 64,
    hidden: int = 1024,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator: [batch, latent_dim] -> images [batch, *image_shape] in [0, 1].

    Two dense layers, then 4x4 transposed convolutions of stride 2; batch normalization and ReLU
    follow each but the last, which ends in a sigmoid.

    Args:
        latent_dim: size of noise and code together.
        image_shape: `(height, width, channels)`, each side at least 8.
        base_filters: filters of the largest hidden grid; they double with each halving.
        hidden: units of the first dense layer.
        name: name of the model.
    Returns:
        A built `keras.Model`. Its output is float32 under every dtype policy.
    Raises:
        ValueError: a size is too small.
    """
    check_sizes(latent_dim=latent_dim, base_filters=base_filters, hidden=hidden)
    *grids, smallest = info_gan_grids(image_shape)
    filters = base_filters * 2 ** (len(grids) - 1)
    inputs = keras.Input((latent_dim,))
    h = layers.Dense(hidden, use_bias=False, kernel_initializer=_normal())(inputs)
    h = layers.ReLU()(_batch_norm()(h))
    units = math.prod(smallest) * filters
    h = layers.Dense(units, use_bias=False, kernel_initializer=_normal())(h)
    h = layers.Reshape((*smallest, filters))(h)
    for grid in reversed(grids):
        h = layers.ReLU()(_batch_norm()(h))
        last = grid is grids[0]
        filters = image_shape[-1] if last else filters // 2
        h = doubled(h, grid, filters, 4, use_bias=last, kernel_initializer=_normal())
    outputs = layers.Activation("sigmoid", dtype="float32")(h)
    return keras.Model(inputs, outputs, name=name)


def info_gan_discriminator(
    image_shape: ShapeLike,
    num_params: int,
    base_filters: int = 64,
    hidden: int = 1024,
    name: str = "discriminator",
) -> keras.Model:
    """Builds D and Q on one trunk: images -> logits [batch] and Q's parameters [batch, num_params].

    4x4 convolutions of stride 2 and a dense layer, each followed by LeakyReLU of slope 0.1, and all
    but the first by batch normalization before that; then one dense unit for D, and a dense layer
    of 128 units, normalised too, and another one for Q.

    Args:
        image_shape: `(height, width, channels)`, each side at least 8.
        num_params: numbers that Q(c | x) has.
        base_filters: filters of the first convolution; they double with each halving.
        hidden: units of the trunk's dense layer.
        name: name of the model.
    Returns:
        A built `keras.Model` of two outputs.
    Raises:
        ValueError: a size is too small.
    """
    check_sizes(num_params=num_params, base_filters=base_filters, hidden=hidden)
    x = h = keras.Input(image_shape)
    for step in range(len(info_gan_grids(image_shape)) - 1):
        first = step == 0
        filters = base_filters * 2**step
        h = layers.Conv2D(
            filters,
            kernel_size=4,
            strides=2,
            padding="same",
            use_bias=first,
            kernel_initializer=_normal(),
        )(h)
        h = layers.LeakyReLU(_SLOPE)(h if first else _batch_norm()(h))
    h = layers.Dense(hidden, use_bias=False, kernel_initializer=_normal())(layers.Flatten()(h))
    h = layers.LeakyReLU(_SLOPE)(_batch_norm()(h))
    logits = layers.Reshape((), name="logits")(layers.Dense(1, kernel_initializer=_normal())(h))
    q = layers.Dense(128, use_bias=False, kernel_initializer=_normal())(h)
    q = layers.LeakyReLU(_SLOPE)(_batch_norm()(q))
    params = layers.Dense(num_params, kernel_initializer=_normal(), name="params")(q)
    return keras.Model(x, [logits, params], name=name)


def info_gan_grids(image_shape: ShapeLike) -> list[tuple[int, int]]:
    """The (height, width) of every grid between an image and the smallest, largest first.

    Those of `dcgan_grids` as far as the first whose shorter side is at most 7: a 28x28 image has
    the grids 28, 14, 7.

    Raises:
        ValueError: `image_shape` is not of images of at least 8x8.
    """
    grids = dcgan_grids(image_shape)
    return [
        grid for i, grid in enumerate(grids) if not i or min(grids[i - 1]) > _LARGEST_SMALL_SIDE
    ]


def _normal():
    return keras.initializers.RandomNormal(stddev=0.02)


def _batch_norm():
    return SyncBatchNormalization(momentum=0.9, epsilon=1e-5)
