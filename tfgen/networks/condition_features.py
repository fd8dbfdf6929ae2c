"""How the networks read a condition: as a vector of features."""

from collections.abc import Callable

import keras
from keras import layers

from tfgen.conditions import CaptionedVector
from tfgen.core import Condition
from tfgen.core.condition import check_is_condition
from tfgen.core.typing import ShapeLike
from tfgen.layers import BilinearEnlargement2D, SplitWords, TokenEmbedding

_WORD_DIM = 32


def condition_features(
    condition: Condition, dtype: str | keras.DTypePolicy | None = None
) -> keras.Model:
    """Builds the features of a condition: given [batch, ...] -> [batch, size].

    Floats (one-hot classes, vectors, attributes) stay as they are, flattened. Words (captions)
    become learned vectors of 32 numbers, side by side, so that their order counts; padding is 0.
    The vector of a `CaptionedVector` stands behind its words'. "No condition", all zeros, has the
    features 0, and so has a part that is missing.

    Args:
        condition: what y is.
        dtype: policy of the layers; None for the global one.
    Returns:
        A built `keras.Model`, without weights for floats.
    """
    given = _input(condition)
    if isinstance(condition, CaptionedVector):
        words, *parts = SplitWords(condition.captions.length, dtype=dtype)(given)
    else:
        words, parts = (given, []) if condition.num_words else (None, [given])
    if words is not None:
        embed = TokenEmbedding(condition.num_words, _WORD_DIM, name="words", dtype=dtype)
        parts = [embed(words), *parts]
    features = [layers.Flatten(dtype=dtype)(part) for part in parts]
    features = layers.Concatenate(dtype=dtype)(features) if parts[1:] else features[0]
    return keras.Model(given, features, name="condition_features")


def given_input(
    condition: Condition | None,
) -> tuple[keras.KerasTensor | None, keras.KerasTensor | None]:
    """A network's input "given" and its features; None and None without a condition."""
    if condition is None:
        return None, None
    given = _input(condition)
    return given, condition_features(condition)(given)


def words_input(condition: Condition) -> keras.KerasTensor:
    """A network's input "given", the numbers of words, int32 `[batch, length]`.

    Raises:
        ValueError: a condition of no words.
    """
    if check_is_condition(condition).given_spec.dtype.is_floating:
        raise ValueError(f"expected a condition of words, such as Captions. Received: {condition}")
    return _input(condition)


def words_and_vector_input(
    condition: Condition,
) -> tuple[keras.KerasTensor, keras.KerasTensor, keras.KerasTensor]:
    """A network's input "given", its words, int32 `[batch, length]`, and its vectors.

    Raises:
        ValueError: a condition that is no `CaptionedVector`.
    """
    if not isinstance(condition, CaptionedVector):
        raise ValueError(f"expected a CaptionedVector. Received: {condition!r}")
    given = _input(condition)
    return given, *SplitWords(condition.captions.length)(given)


def beside_given_image(
    x: keras.KerasTensor, condition: Condition
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """A network's input "given", an image, and x with that image, enlarged, as further channels.

    Args:
        x: `[batch, height, width, channels]`.
        condition: of images, of which x is a whole number of times as high and as wide; between
            the pixels, theirs are interpolated.
    Returns:
        `given`, and `[batch, height, width, more channels]`.
    Raises:
        ValueError: images of another size.
    """
    given = _input(condition)
    times = [
        divmod(large, small) for large, small in zip(x.shape[1:3], given.shape[1:3], strict=True)
    ]
    if any(rest or not factor for factor, rest in times):
        raise ValueError(
            f"expected the condition's height and width to divide {x.shape[1]} and {x.shape[2]}."
            f" Received: {given.shape[1]} and {given.shape[2]}"
        )
    enlarged = BilinearEnlargement2D([factor for factor, _ in times])(given)
    return given, layers.Concatenate()([x, enlarged])


def with_features(h: keras.KerasTensor, features: keras.KerasTensor | None) -> keras.KerasTensor:
    """`[batch, size]` and the features of a condition, if there is one, side by side."""
    return h if features is None else layers.Concatenate()([h, features])


def dense_of_both(
    h: keras.KerasTensor,
    features: keras.KerasTensor | None,
    units: int,
    activation: str | Callable,
    condition: Condition | None,
) -> keras.KerasTensor:
    """activation(W h + b + V f), f the features of a condition: a dense layer where there is none.

    V has no bias: "no condition" adds 0. It starts so that Vf has variance 1.
    """
    if features is None:
        return layers.Dense(units, activation)(h)
    square = features.shape[-1] * condition.mean_square
    start = keras.initializers.RandomNormal(stddev=square**-0.5)
    of_given = layers.Dense(units, use_bias=False, kernel_initializer=start, name="of_given")
    both = [layers.Dense(units)(h), of_given(features)]
    return layers.Activation(activation)(layers.Add()(both))


def features_channel(features: keras.KerasTensor, image_shape: ShapeLike) -> keras.KerasTensor:
    """One more channel of an image out of the features of a condition (Denton et al. 2015).

    Args:
        features: `[batch, size]`.
        image_shape: `(height, width, channels)`.
    Returns:
        `[batch, height, width, 1]`, of the size of pixels where the features are of size 1; 0
        where they are 0.
    """
    height, width = image_shape[:2]
    of_given = layers.Dense(
        height * width, use_bias=False, kernel_initializer="lecun_normal", name="of_given"
    )
    return layers.Reshape((height, width, 1))(of_given(features))


def _input(condition):
    spec = check_is_condition(condition).given_spec
    return keras.Input(tuple(spec.shape[1:]), dtype=spec.dtype.name, name="given")
