"""The convolutional networks of PuzzleGAN, for images of any size from 8x8 up.

Strided convolutions halve the sides, rounding up, until the shorter one is at most 4; transposed
convolutions undo these steps. Filters double with each halving. The decoders' kernels start at
N(0, 0.02^2), and leaky rectifiers have slope 0.2.
"""

import math

import keras
from keras import layers

from tfgen.core.size_checks import check_parts, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.layers import SumOverParts, SyncBatchNormalization
from tfgen.networks.dcgan import dcgan_grids
from tfgen.networks.halving import doubled


def part_encoder(
    image_shape: ShapeLike,
    base_filters: int = 64,
    embedding_dim: int = 128,
    kernel_size: int = 5,
    name: str = "part_encoder",
) -> keras.Model:
    """Builds the encoder of one patch: images -> its features on each grid, and an embedding.

    Convolutions of stride 2 and a dense layer, each followed by LeakyReLU, without normalization.

    Args:
        image_shape: `(height, width, channels)`, each side at least 8.
        base_filters: filters of the first convolution.
        embedding_dim: size of the embedding.
        kernel_size: of the convolutions, at least 2.
        name: name of the model.
    Returns:
        A built `keras.Model` of one output for each grid, the largest first, and of the embedding
        `[batch, embedding_dim]`.
    Raises:
        ValueError: a size is too small.
    """
    check_sizes(base_filters=base_filters, embedding_dim=embedding_dim, kernel_size=kernel_size)
    inputs = keras.Input(image_shape)
    h, features = layers.Rescaling(2.0, -1.0)(inputs), []
    for step in range(len(dcgan_grids(image_shape)) - 1):
        h = layers.Conv2D(
            base_filters * 2**step,
            kernel_size,
            strides=2,
            padding="same",
            kernel_initializer="he_normal",
        )(h)
        h = layers.LeakyReLU(0.2)(h)
        features.append(h)
    embedding = layers.Dense(embedding_dim)(layers.Flatten()(h))
    return keras.Model(inputs, [*features, layers.LeakyReLU(0.2)(embedding)], name=name)


def puzzle_generator(
    image_shape: ShapeLike,
    num_patches: int = 3,
    latent_dim: int = 128,
    base_filters: int = 64,
    embedding_dim: int = 128,
    kernel_size: int = 5,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator: patches and z -> an image in [0, 1] and the logits of a mask.

    One encoder reads every patch, and its features and embeddings are summed over the patches. The
    mask's decoder starts from the embedding and reads the sums on every grid, as a U-Net. The
    image's decoder starts from the embedding and z, and reads what the mask's decoder has on every
    grid. Batch normalization and ReLU follow each transposed convolution but the last ones.

    Args:
        image_shape: `(height, width, channels)`, each side at least 8.
        num_patches: patches of an image, each resized to the image's size.
        latent_dim: size of z.
        base_filters: filters of the largest hidden grid of all three parts.
        embedding_dim: size of a patch's embedding.
        kernel_size: of all convolutions, at least 2.
        name: name of the model.
    Returns:
        A built `keras.Model`: `[patches, z]`, of shapes `[batch, num_patches, *image_shape]` and
        `[batch, latent_dim]`, to `[image, logits]`, `[batch, *image_shape]` and
        `[batch, height, width, 1]`, float32 under every dtype policy.
    Raises:
        ValueError: a size is too small.
    """
    check_sizes(latent_dim=latent_dim)
    check_parts(num_patches=num_patches)
    encoder = part_encoder(image_shape, base_filters, embedding_dim, kernel_size)
    patches = keras.Input((num_patches, *image_shape), name="patches")
    z = keras.Input((latent_dim,), name="z")
    *sums, embedding = SumOverParts(encoder)(patches)
    decode = lambda start, skips, channels: _decoder(
        start, skips, dcgan_grids(image_shape), base_filters, channels, kernel_size
    )
    logits, of_mask = decode(embedding, sums, 1)
    image, _ = decode(layers.Concatenate()([embedding, z]), of_mask, image_shape[-1])
    logits = layers.Activation("linear", dtype="float32", name="mask_logits")(logits)
    image = layers.Activation("sigmoid", dtype="float32", name="image")(image)
    return keras.Model([patches, z], [image, logits], name=name)


def _decoder(start, skips, grids, base_filters, channels, kernel_size):
    """A vector on the smallest grid and up again; its own features on each grid but the image's.

    Args:
        start: `[batch, dim]`.
        skips: `[batch, *grid, filters]`, what is read on each of the smaller grids, largest first.
        grids: see `dcgan_grids`.
        base_filters: filters of the largest of the smaller grids.
        channels: of the output.
        kernel_size: of the transposed convolutions.
    """
    *larger, smallest = grids
    filters = base_filters * 2 ** (len(larger) - 1)
    h = layers.Dense(math.prod(smallest) * filters, use_bias=False, kernel_initializer=_normal())(
        start
    )
    h = layers.Reshape((*smallest, filters))(h)
    features = []
    for grid in reversed(larger):
        h = layers.ReLU()(_batch_norm()(h))
        features.insert(0, h)
        h = layers.Concatenate()([h, skips[len(larger) - len(features)]])
        last = grid is larger[0]
        filters = channels if last else filters // 2
        h = doubled(h, grid, filters, kernel_size, use_bias=last, kernel_initializer=_normal())
    return h, features


def _normal():
    return keras.initializers.RandomNormal(stddev=0.02)


def _batch_norm():
    return SyncBatchNormalization(momentum=0.9, epsilon=1e-5)
