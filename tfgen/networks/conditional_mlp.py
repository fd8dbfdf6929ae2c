"""The multilayer perceptrons of the conditional GAN, which read a condition by a branch of its own.

Each has a hidden layer for z or x and another one for y; a joint layer reads both, side by side.
Dropout follows every hidden layer (Mirza & Osindero 2014, section 4.1).
"""

import math
from collections.abc import Callable, Sequence

import keras
from keras import layers

from tfgen.core import Condition
from tfgen.core.condition import check_is_condition
from tfgen.core.size_checks import check_rate, check_size_list
from tfgen.core.typing import ShapeLike
from tfgen.layers import Maxout
from tfgen.networks.condition_features import given_input

_PIECES = (5, 5, 4)


def conditional_generator(
    latent_dim: int,
    output_shape: ShapeLike,
    condition: Condition,
    hidden: Sequence[int] = (200, 1000, 1200),
    dropout: float = 0.5,
    output_activation: str | Callable | None = "sigmoid",
    name: str = "generator",
) -> keras.Model:
    """Builds the generator: z [batch, latent_dim] and a condition -> [batch, *output_shape].

    Args:
        latent_dim: size of z.
        output_shape: shape of one example.
        condition: what y is.
        hidden: units of the leaky rectifiers for z, for y, and for both.
        dropout: rate of dropout, in [0, 1).
        output_activation: of the last layer.
        name: name of the model.
    Returns:
        A built `keras.Model` of two inputs.
    Raises:
        ValueError: an argument is not of this kind.
    """
    output_shape = check_size_list(output_shape, "output_shape")
    z, given, h = _branches(
        (latent_dim,),
        condition,
        check_rate(dropout, "dropout"),
        [layers.Dense(units, "leaky_relu") for units in _three(hidden)],
    )
    h = layers.Dense(math.prod(output_shape), output_activation)(h)
    return keras.Model([z, given], layers.Reshape(output_shape)(h), name=name)


def conditional_discriminator(
    input_shape: ShapeLike,
    condition: Condition,
    hidden: Sequence[int] = (240, 50, 240),
    dropout: float = 0.5,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator: x [batch, *input_shape] and a condition -> logits [batch].

    Its hidden layers are maxout units of 5, 5 and 4 pieces. Images are rescaled to [-1, 1] first.

    Args:
        input_shape: shape of one example.
        condition: what y is.
        hidden: units of the layers for x, for y, and for both.
        dropout: rate of dropout, in [0, 1).
        name: name of the model.
    Returns:
        A built `keras.Model` of two inputs.
    Raises:
        ValueError: an argument is not of this kind.
    """
    x, given, h = _branches(
        check_size_list(input_shape, "input_shape"),
        condition,
        check_rate(dropout, "dropout"),
        [Maxout(units, pieces) for units, pieces in zip(_three(hidden), _PIECES, strict=True)],
    )
    return keras.Model([x, given], layers.Reshape(())(layers.Dense(1)(h)), name=name)


def _branches(input_shape, condition, dropout, hidden):
    """The two inputs, and the joint layer of both."""
    first, of_given, joint = hidden
    inputs = h = keras.Input(input_shape)
    if len(input_shape) == 3:
        h = layers.Rescaling(2.0, -1.0)(h)
    given, features = given_input(check_is_condition(condition))
    both = [first(layers.Flatten()(h)), of_given(features)]
    h = layers.Concatenate()([layers.Dropout(dropout)(each) for each in both])
    return inputs, given, layers.Dropout(dropout)(joint(h))


def _three(hidden):
    hidden = check_size_list(hidden, "hidden")
    if len(hidden) != 3:
        raise ValueError(f"expected hidden to hold three sizes. Received: {hidden}")
    return hidden
