"""The multilayer perceptron: dense layers between any two shapes."""

import math
from collections.abc import Callable

import keras

from tfgen.core import Condition
from tfgen.core.size_checks import check_rate, check_size_list
from tfgen.core.typing import ShapeLike
from tfgen.networks.condition_features import given_input, with_features
from tfgen.networks.conditional_inputs import network_inputs

# Data may have more dimensions than a layer has units.
_MOST_DIMENSIONS = 2**31 - 1


def mlp(
    input_shape: ShapeLike,
    hidden: ShapeLike,
    output_shape: ShapeLike,
    activation: str | Callable | None = "relu",
    output_activation: str | Callable | None = None,
    dropout: float = 0.0,
    name: str = "mlp",
    *,
    condition: Condition | None = None,
) -> keras.Model:
    """Builds a multilayer perceptron, f: [batch, *input_shape] -> [batch, *output_shape].

    Inputs of rank above one are flattened, outputs of rank above one are reshaped, both in
    row-major order. The features of a condition (see `condition_features`) stand beside the
    flattened input.

    Args:
        input_shape: shape of one input, without the batch: `(d,)`, `(h, w, c)`, ...
        hidden: widths of the hidden layers; `()` for an affine map.
        output_shape: shape of one output, without the batch; `()` for one scalar per example.
        activation: activation of every hidden layer, as `keras.layers.Dense` takes it.
        output_activation: activation of the last layer; None for a linear output.
        dropout: rate of dropout after every hidden layer, in [0, 1).
        name: name of the model.
        condition: what y is, for a network of two inputs, `[x, given]`; None for one of x.
    Returns:
        A built `keras.Model`.
    Raises:
        ValueError: a size is not a positive integer, or the rate is outside [0, 1).
    """
    check_rate(dropout, "dropout")
    hidden = check_size_list(hidden, "hidden")
    input_shape = check_size_list(input_shape, "input_shape", most=_MOST_DIMENSIONS)
    output_shape = check_size_list(output_shape, "output_shape", most=_MOST_DIMENSIONS)
    h = inputs = keras.Input(input_shape)
    if len(input_shape) != 1:
        h = keras.layers.Reshape((math.prod(input_shape),))(h)
    given, features = given_input(condition)
    h = with_features(h, features)
    for i, width in enumerate(hidden):
        h = keras.layers.Dense(width, activation, name=f"hidden_{i}")(h)
        if dropout:
            h = keras.layers.Dropout(dropout)(h)
    h = keras.layers.Dense(math.prod(output_shape), output_activation, name="output")(h)
    if len(output_shape) != 1:
        h = keras.layers.Reshape(output_shape)(h)
    return keras.Model(network_inputs(inputs, given), h, name=name)
