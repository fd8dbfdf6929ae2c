"""The convolutional networks of DCGAN, for images of any size from 8x8 up.

The two are each other's transpose. Strided convolutions halve the sides, rounding up, until the
shorter one is at most 4; transposed convolutions undo exactly these steps, odd sizes too.
Kernels start at N(0, 0.02^2), and leaky rectifiers have slope 0.2 (Radford et al. 2016, section 4).
"""

import math
from collections.abc import Callable

import keras

from tfgen.core import Condition
from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.layers import SyncBatchNormalization
from tfgen.networks.condition_features import given_input, with_features
from tfgen.networks.conditional_inputs import network_inputs
from tfgen.networks.halving import doubled, halved
from tfgen.networks.projection import projection_discriminator

_SMALLEST_SIDE = 4


def _normal():
    return keras.initializers.RandomNormal(stddev=0.02)


def _batch_norm():
    return SyncBatchNormalization(momentum=0.9, epsilon=1e-5)


def dcgan_generator(
    latent_dim: int,
    image_shape: ShapeLike,
    base_filters: int = 128,
    name: str = "generator",
    *,
    condition: Condition | None = None,
) -> keras.Model:
    """Builds the generator: [batch, latent_dim] -> images [batch, *image_shape] in [0, 1].

    A dense layer to the smallest grid, then 5x5 transposed convolutions of stride 2. Batch
    normalization and ReLU follow each layer but the last, which ends in tanh, rescaled to [0, 1].
    The filters halve at each step, down to `base_filters` before the last. The features of a
    condition stand beside z, as Mirza & Osindero (2014) feed y into both networks.

    Radford et al. (2016), section 3; a 64x64 image gives their Figure 1, 1024 to 128 filters on
    the grids 4 to 32.

    Args:
        latent_dim: size of z.
        image_shape: `(height, width, channels)`, each side at least 8.
        base_filters: filters of the largest hidden grid.
        name: name of the model.
        condition: what y is, for a network of two inputs, `[z, given]`; None for one of z.
    Returns:
        A built `keras.Model`. Its output is float32 under every dtype policy.
    Raises:
        ValueError: a size is too small.
    """
    check_sizes(latent_dim=latent_dim, base_filters=base_filters)
    *grids, smallest = dcgan_grids(image_shape)
    filters = base_filters * 2 ** (len(grids) - 1)
    inputs = keras.Input((latent_dim,))
    given, features = given_input(condition)
    h = keras.layers.Dense(
        math.prod(smallest) * filters, use_bias=False, kernel_initializer=_normal()
    )(with_features(inputs, features))
    h = keras.layers.Reshape((*smallest, filters))(h)
    for grid in reversed(grids):
        h = keras.layers.ReLU()(_batch_norm()(h))
        last = grid is grids[0]
        filters = image_shape[-1] if last else filters // 2
        h = doubled(h, grid, filters, 5, use_bias=last, kernel_initializer=_normal())
    h = keras.layers.Activation("tanh", dtype="float32")(h)
    outputs = keras.layers.Rescaling(0.5, 0.5, dtype="float32")(h)
    return keras.Model(network_inputs(inputs, given), outputs, name=name)


def dcgan_discriminator(
    image_shape: ShapeLike,
    base_filters: int = 128,
    name: str = "discriminator",
    *,
    normalization: Callable[[], keras.layers.Layer] = _batch_norm,
    condition: Condition | None = None,
) -> keras.Model:
    """Builds the discriminator: images [batch, *image_shape] in [0, 1] -> logits [batch].

    5x5 convolutions of stride 2, each followed by LeakyReLU of slope 0.2, and all but the first
    by batch normalization before that; then one dense unit. The filters start at `base_filters`
    and double at each step. Radford et al. (2016), section 3. With a condition the last layer is
    that of `projection_discriminator`.

    Args:
        image_shape: `(height, width, channels)`, each side at least 8.
        base_filters: filters of the first convolution.
        name: name of the model.
        normalization: makes a layer in the place of each batch normalization.
        condition: what y is, for a network of two inputs, `[x, given]`; None for one of x.
    Returns:
        A built `keras.Model`.
    Raises:
        ValueError: a size is too small.
    """
    features = dcgan_features(image_shape, base_filters, normalization=normalization)
    if condition is not None:
        return projection_discriminator(features, condition, name)
    # The unit is called as where a condition is projected.
    h = keras.layers.Dense(1, kernel_initializer=_normal(), name="psi")(features.output)
    return keras.Model(features.input, keras.layers.Reshape(())(h), name=name)


def dcgan_features(
    image_shape: ShapeLike,
    base_filters: int = 128,
    name: str = "features",
    *,
    normalization: Callable[[], keras.layers.Layer] = _batch_norm,
) -> keras.Model:
    """Builds the discriminator without its last layer: images -> [batch, num_features].

    Args:
        image_shape: `(height, width, channels)`, each side at least 8.
        base_filters: filters of the first convolution.
        name: name of the model.
        normalization: makes a layer in the place of each batch normalization.
    Returns:
        A built `keras.Model`.
    Raises:
        ValueError: a size is too small.
    """
    check_sizes(base_filters=base_filters)
    inputs = keras.Input(image_shape)
    h = keras.layers.Rescaling(2.0, -1.0)(inputs)
    for step in range(len(dcgan_grids(image_shape)) - 1):
        first = step == 0
        h = keras.layers.Conv2D(
            base_filters * 2**step,
            kernel_size=5,
            strides=2,
            padding="same",
            use_bias=first,
            kernel_initializer=_normal(),
        )(h)
        h = keras.layers.LeakyReLU(0.2)(h if first else normalization()(h))
    return keras.Model(inputs, keras.layers.Flatten()(h), name=name)


def dcgan_grids(image_shape: ShapeLike) -> list[tuple[int, int]]:
    """The (height, width) of every grid between an image and the smallest, largest first.

    There are ceil(log2(shorter side / 4)) halvings, each rounding up: a 28x28 image has the grids
    28, 14, 7, 4.

    Args:
        image_shape: `(height, width, channels)`, each side at least 8.
    Returns:
        A list of pairs, of one more than the number of halvings.
    Raises:
        ValueError: `image_shape` is not such a shape.
    """
    shape = tuple(image_shape)
    if len(shape) != 3 or min(shape[:2]) < 2 * _SMALLEST_SIDE or shape[2] < 1:
        raise ValueError(
            "expected image_shape (height, width, channels) with height and width at least "
            f"{2 * _SMALLEST_SIDE}. Received: {image_shape!r}"
        )
    grids = [shape[:2]]
    while min(grids[-1]) > _SMALLEST_SIDE:
        grids.append(halved(grids[-1]))
    return grids
