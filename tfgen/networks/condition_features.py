"""How the networks read a condition: as a vector of features."""

from collections.abc import Callable

import keras
from keras import layers

from tfgen.core import Condition
from tfgen.core.condition import check_is_condition
from tfgen.core.typing import ShapeLike
from tfgen.layers import TokenEmbedding

_WORD_DIM = 32


def condition_features(
    condition: Condition, dtype: str | keras.DTypePolicy | None = None
) -> keras.Model:
    """Builds the features of a condition: given [batch, ...] -> [batch, size].

    Floats (one-hot classes, vectors, attributes) stay as they are, flattened. Words (captions)
    become learned vectors of 32 numbers, side by side, so that their order counts; padding is 0.
    "No condition", all zeros, has the features 0.

    Args:
        condition: what y is; where networks read int32 of it, it has `num_words`.
        dtype: policy of the layers; None for the global one.
    Returns:
        A built `keras.Model`, without weights for floats.
    """
    given = _input(condition)
    features = given
    if not condition.given_spec.dtype.is_floating:
        features = TokenEmbedding(condition.num_words, _WORD_DIM, name="words", dtype=dtype)(
            features
        )
    features = layers.Flatten(dtype=dtype)(features)
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
