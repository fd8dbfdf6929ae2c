"""The networks of TextToImageGAN: a reader of words, and convolutions that read what it makes.

The grids are those of `dcgan_grids`; convolutions are 4x4 of stride 2. Kernels start at
N(0, 0.02^2), and leaky rectifiers have slope 0.2 (Reed et al. 2016, section 5).
"""

import math

import keras
from keras import layers

from tfgen.core import Condition
from tfgen.core.size_checks import check_not_negative, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.layers import SyncBatchNormalization, TokenEmbedding
from tfgen.networks.condition_features import words_input
from tfgen.networks.dcgan import dcgan_grids
from tfgen.networks.halving import doubled

# Both players compress the embedding of a text to this many numbers (section 4.1).
_TEXT_UNITS = 128


def text_encoder(
    condition: Condition,
    text_dim: int = 64,
    word_dim: int = 32,
    hidden: int = 64,
    name: str = "text_encoder",
) -> keras.Model:
    """Builds phi(t): numbers of words [batch, length] -> embeddings [batch, text_dim].

    A vector for each word, a gated recurrent unit over them and a linear layer, brought to mean 0
    and variance 1, so that a network that reads it need not know how it was trained.

    Args:
        condition: of words, such as `Captions`.
        text_dim: size of the embedding.
        word_dim: size of a word's vector.
        hidden: units of the recurrent layer.
        name: name of the model.
    Returns:
        A built `keras.Model`. Its output is float32 under every dtype policy.
    Raises:
        ValueError: a condition of no words, or a size below 1.
    """
    check_sizes(text_dim=text_dim, word_dim=word_dim, hidden=hidden)
    given = words_input(condition)
    h = TokenEmbedding(condition.num_words, word_dim, name="words")(given)
    h = layers.GRU(hidden, unroll=True)(h)
    h = layers.Dense(text_dim, dtype="float32")(h)
    outputs = layers.LayerNormalization(center=False, scale=False, dtype="float32")(h)
    return keras.Model(given, outputs, name=name)


def text_to_image_generator(
    latent_dim: int,
    image_shape: ShapeLike,
    text_dim: int,
    base_filters: int = 32,
    name: str = "generator",
) -> keras.Model:
    """Builds G(z, phi(t)): [batch, latent_dim] and [batch, text_dim] -> images in [0, 1].

    As in section 4.1 the embedding is compressed by a dense layer, stands beside z, and goes
    through transposed convolutions to a tanh. Unlike there, the scale and the offset of each batch
    normalization are affine in z and the compressed embedding.

    Args:
        latent_dim: size of z.
        image_shape: `(height, width, channels)`, each side at least 8.
        text_dim: size of the embedding.
        base_filters: filters of the largest hidden grid; they double with each halving.
        name: name of the model.
    Returns:
        A built `keras.Model`. Its output is float32 under every dtype policy.
    Raises:
        ValueError: a size is too small.
    """
    check_sizes(latent_dim=latent_dim, text_dim=text_dim, base_filters=base_filters)
    *grids, smallest = dcgan_grids(image_shape)
    filters = base_filters * 2 ** (len(grids) - 1)
    z, text = keras.Input((latent_dim,)), keras.Input((text_dim,), name="given")
    code = layers.Concatenate()([z, _compressed(text)])
    h = layers.Dense(math.prod(smallest) * filters, use_bias=False, kernel_initializer=_normal())(
        code
    )
    h = layers.Reshape((*smallest, filters))(h)
    for grid in reversed(grids):
        h = layers.ReLU()(_modulated(h, code))
        last = grid is grids[0]
        filters = image_shape[-1] if last else filters // 2
        h = doubled(h, grid, filters, 4, use_bias=last, kernel_initializer=_normal())
    h = layers.Activation("tanh", dtype="float32")(h)
    outputs = layers.Rescaling(0.5, 0.5, dtype="float32")(h)
    return keras.Model([z, text], outputs, name=name)


def text_to_image_discriminator(
    image_shape: ShapeLike,
    text_dim: int,
    base_filters: int = 32,
    projection: float = 0.25,
    name: str = "discriminator",
) -> keras.Model:
    """Builds D(x, phi(t)) and an embedding e(x) of images among those of texts.

    The two are [batch, *image_shape] and [batch, text_dim] -> logits [batch], and [batch, text_dim]
    of the images alone. As in section 4.1, convolutions lead to the smallest grid, where the
    compressed embedding of the text stands beside the features in every place; a 1x1 convolution
    joins them, and one of the grid's size makes the score of it. Unlike there,
    projection <phi(t), e(x)> / sqrt(text_dim) is added, e(x) being affine in the features, as
    Miyato & Koyama (2018) do.

    Args:
        image_shape: `(height, width, channels)`, each side at least 8.
        text_dim: size of the embedding.
        base_filters: filters of the first convolution; they double with each halving.
        projection: weight of the term; 0 for the published score alone.
        name: name of the model.
    Returns:
        A built `keras.Model` of two outputs.
    Raises:
        ValueError: a size is too small, or a negative weight.
    """
    check_sizes(text_dim=text_dim, base_filters=base_filters)
    check_not_negative(projection, "projection")
    grids = dcgan_grids(image_shape)
    x, text = keras.Input(image_shape), keras.Input((text_dim,), name="given")
    h = layers.Rescaling(2.0, -1.0)(x)
    for step in range(len(grids) - 1):
        h = layers.Conv2D(
            base_filters * 2**step,
            kernel_size=4,
            strides=2,
            padding="same",
            use_bias=not step,
            kernel_initializer=_normal(),
        )(h)
        h = layers.LeakyReLU(0.2)(_batch_norm()(h) if step else h)
    embedding = layers.Dense(text_dim, name="embedding")(layers.Flatten()(h))
    everywhere = layers.RepeatVector(math.prod(grids[-1]))(_compressed(text))
    everywhere = layers.Reshape((*grids[-1], _TEXT_UNITS))(everywhere)
    joint = layers.Concatenate()([h, everywhere])
    joint = layers.Conv2D(h.shape[-1], 1, use_bias=False, kernel_initializer=_normal())(joint)
    joint = layers.LeakyReLU(0.2)(_batch_norm()(joint))
    score = layers.Dense(1, kernel_initializer=_normal(), name="score")(layers.Flatten()(joint))
    if projection:
        product = layers.Dot(1)([text, embedding])
        scaled = layers.Rescaling(projection / math.sqrt(text_dim))(product)
        score = layers.Add()([score, scaled])
    logits = layers.Reshape((), name="logits")(score)
    return keras.Model([x, text], [logits, embedding], name=name)


def _compressed(text):
    return layers.LeakyReLU(0.2)(layers.Dense(_TEXT_UNITS, name="compressed")(text))


def _modulated(h, code):
    """Batch normalization whose scale, near 1, and offset, near 0, are affine in a code."""
    channels = h.shape[-1]
    scale, offset = (
        layers.Reshape((1, 1, channels))(layers.Dense(channels, kernel_initializer=_normal())(code))
        for _ in range(2)
    )
    h = SyncBatchNormalization(momentum=0.9, epsilon=1e-5, center=False, scale=False)(h)
    return layers.Add()([h, layers.Multiply()([h, scale]), offset])


def _normal():
    return keras.initializers.RandomNormal(stddev=0.02)


def _batch_norm():
    return SyncBatchNormalization(momentum=0.9, epsilon=1e-5)
