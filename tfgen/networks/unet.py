"""The U-Net of denoising diffusion: an image and a time in, an image out."""

import math
from collections.abc import Iterable, Sequence
from numbers import Integral

import keras
from keras import layers

from tfgen.core import Condition
from tfgen.core.size_checks import check_parts, check_rate, check_size_list, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.layers import Dropout, GroupNormalization, SelfAttention, TimeEmbedding
from tfgen.networks.condition_features import beside_given_image, dense_of_both, given_input
from tfgen.networks.conditional_inputs import network_inputs


def unet(
    image_shape: ShapeLike,
    base_channels: int = 32,
    multipliers: Sequence[int] = (1, 2, 2),
    num_blocks: int = 1,
    attention_at: Sequence[int] = (-1,),
    num_heads: int = 1,
    dropout: float = 0.1,
    patch_size: int = 1,
    name: str = "unet",
    *,
    condition: Condition | None = None,
    num_outputs: int = 1,
) -> keras.Model:
    """Build the denoising U-Net of Ho et al. (2020), appendix B.

    Resolution i is 1 / 2^i of the image's height and width (rounded up: any size does) and has
    `base_channels * multipliers[i]` channels. The last convolution of every block and of the
    network starts at zero, and so does every attention, so that the untrained network outputs 0.
    The paper's CIFAR-10 network is `base_channels=128, multipliers=(1, 2, 2, 2), num_blocks=2,
    attention_at=(1,)`.

    It departs from the paper in three things. The time scales and shifts the second normalization
    of every block, and the network's last one, by adaptive group normalization, in place of an
    addition; and so does a condition, added to the time's embedding, to which "no condition" adds
    0 (Dhariwal & Nichol 2021, section 3; Ho & Salimans 2022). Attention knows places by learned
    vectors. Groups have 4 channels at least.

    A condition that is an image of less resolution, such as `SmallImage`, is enlarged to that of
    x_t and stands beside its channels (Ho et al. 2021, "Cascaded diffusion models", section 4).

    Args:
        image_shape: `(height, width, channels)`.
        base_channels: channels of the first resolution, even.
        multipliers: channels of each resolution, as multiples of `base_channels`.
        num_blocks: residual blocks of each resolution on the way down (one more on the way up).
        attention_at: indices of the resolutions with self-attention; the middle always has it.
        num_heads: heads of each self-attention.
        dropout: rate within every residual block.
        patch_size: side of the squares of pixels that make one position of the first resolution.
            The paper's is 1; 2 makes the network about four times faster (Hoogeboom et al. 2023,
            "simple diffusion", section 2.3).
        name: name of the model.
        condition: what y is, for a network of three inputs, `[x_t, time, given]`; None for two.
        num_outputs: tensors of the image's shape that come out, side by side on the last axis; two
            where the variance is learned beside the mean.
    Returns:
        A built `keras.Model`: `[x_t, time]`, of shapes `[batch, *image_shape]` and `[batch]`
        (float32, t / T in [0, 1]), to `[batch, height, width, num_outputs * channels]`.
    Raises:
        ValueError: `image_shape` is not of rank 3, `base_channels` is odd, a resolution to attend
            does not exist, the heads do not divide its channels, a size is not positive, the
            rate is outside [0, 1), or a condition's images do not divide `image_shape`.
    """
    check_sizes(
        base_channels=base_channels,
        num_heads=num_heads,
        patch_size=patch_size,
        num_outputs=num_outputs,
    )
    check_parts(num_blocks=num_blocks)
    check_rate(dropout, "dropout")
    multipliers = check_size_list(multipliers, "multipliers", least=1)
    attended = _attended(attention_at, len(multipliers))
    image_shape = tuple(image_shape)
    if len(image_shape) != 3 or min(image_shape) < 1:
        raise ValueError(
            f"expected image_shape to be (height, width, channels). Received: {image_shape}"
        )
    if base_channels % 2:
        raise ValueError(f"expected base_channels to be even. Received: {base_channels!r}")
    widths = [base_channels * multiplier for multiplier in multipliers]

    xt = keras.Input(image_shape, name="x_t")
    time = keras.Input((), dtype="float32", name="time")
    embedded = layers.Dense(4 * base_channels, "swish")(TimeEmbedding(base_channels)(time))
    reads_image = condition is not None and condition.given_spec.shape.rank == 4
    given, features = (None, None) if reads_image else given_input(condition)
    embedded = dense_of_both(embedded, features, 4 * base_channels, "swish", condition)

    h = xt
    if reads_image:
        given, h = beside_given_image(xt, condition)
    if patch_size == 1:
        h = layers.Conv2D(base_channels, 3, padding="same")(h)
    else:
        h = layers.Conv2D(base_channels, patch_size, strides=patch_size, padding="same")(h)
    skips = [h]
    for index, width in enumerate(widths):
        if index > 0:
            h = layers.Conv2D(h.shape[-1], 3, strides=2, padding="same")(h)
            skips.append(h)
        for _ in range(num_blocks):
            h = _residual(h, embedded, width, dropout)
            h = _attention(h, num_heads) if index in attended else h
            skips.append(h)

    h = _residual(h, embedded, widths[-1], dropout)
    h = _attention(h, num_heads)
    h = _residual(h, embedded, widths[-1], dropout)

    for index, width in reversed(list(enumerate(widths))):
        for _ in range(num_blocks + 1):
            h = layers.Concatenate()([h, skips.pop()])
            h = _residual(h, embedded, width, dropout)
            h = _attention(h, num_heads) if index in attended else h
        if index > 0:
            h = _crop(layers.UpSampling2D(2)(h), skips[-1].shape)
            h = layers.Conv2D(widths[index - 1], 3, padding="same")(h)

    h = layers.Activation("swish")(_normalize(h, embedded))
    channels = num_outputs * image_shape[-1]
    if patch_size == 1:
        h = layers.Conv2D(channels, 3, padding="same", kernel_initializer="zeros")(h)
    else:
        h = layers.Conv2DTranspose(
            channels, patch_size, strides=patch_size, kernel_initializer="zeros"
        )(h)
    return keras.Model(network_inputs(xt, time, given), _crop(h, xt.shape), name=name)


def _attended(attention_at, num_resolutions):
    """The resolutions with self-attention, counted from the first."""
    known = range(-num_resolutions, num_resolutions)
    is_index = lambda each: isinstance(each, Integral) and not isinstance(each, bool)
    if not isinstance(attention_at, Iterable) or not all(
        is_index(each) and each in known for each in attention_at
    ):
        raise ValueError(
            f"expected attention_at to hold indices of {num_resolutions} resolutions."
            f" Received: {attention_at!r}"
        )
    return {index % num_resolutions for index in attention_at}


def _normalize(h, embedded=None):
    """Group normalization, adaptive where there is an embedding of time and condition.

    The paper's 32 groups, but of 4 channels at least; epsilon is that of the authors' code.
    """
    channels = h.shape[-1]
    normalize = GroupNormalization(math.gcd(32, max(channels // 4, 1)), epsilon=1e-6)
    if embedded is None:
        return normalize(h)
    return normalize(h, layers.Dense(2 * channels, name=f"modulate_{normalize.name}")(embedded))


def _residual(h, embedded, width, dropout):
    """Two convolutions of the normalized input, plus a shortcut."""
    shortcut = h if h.shape[-1] == width else layers.Conv2D(width, 1)(h)
    h = layers.Activation("swish")(_normalize(h))
    h = layers.Conv2D(width, 3, padding="same")(h)
    h = layers.Activation("swish")(_normalize(h, embedded))
    h = Dropout(dropout)(h)
    h = layers.Conv2D(width, 3, padding="same", kernel_initializer="zeros")(h)
    return layers.Add()([shortcut, h])


def _attention(h, num_heads):
    """Self-attention over all positions, plus a shortcut."""
    return layers.Add()([h, SelfAttention(num_heads)(_normalize(h))])


def _crop(h, shape):
    """Takes off the rows and columns that rounding up had added to the height and width."""
    extra = [(0, now - wanted) for now, wanted in zip(h.shape[1:3], shape[1:3], strict=True)]
    return h if extra == [(0, 0), (0, 0)] else layers.Cropping2D(extra)(h)
