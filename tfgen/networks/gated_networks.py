"""A pair of multilayer perceptrons whose units have gates."""

import math

import keras

from tfgen.core import Condition
from tfgen.core.size_checks import check_size_list, check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.layers import GatedDense
from tfgen.networks.architecture import Architecture
from tfgen.networks.condition_features import given_input, with_features
from tfgen.networks.conditional_inputs import network_inputs


class GatedDenseNetworks(Architecture):
    """Dense layers h = (W x + b) * sigmoid(V x + c); the decoder's are the encoder's in reverse.

    The networks of Tomczak & Welling (2018, section 4.2), with the gates of Dauphin et al. (2017,
    Eq. 1). Inputs of rank above one are flattened, outputs of rank above one are reshaped, and the
    features of a condition stand beside the flattened input, as in `mlp`.

    Args:
        hidden: widths of the encoder's hidden layers; `()` for affine maps.
    Raises:
        ValueError: a width is not a positive integer.
    """

    def __init__(self, hidden: ShapeLike = (300, 300)) -> None:
        self.hidden = check_size_list(hidden, "hidden")

    def encoder(
        self,
        event_shape: ShapeLike,
        num_outputs: int,
        condition: Condition | None = None,
        name: str = "encoder",
    ) -> keras.Model:
        check_sizes(num_outputs=num_outputs)
        return _network(event_shape, self.hidden, (num_outputs,), condition, name)

    def decoder(
        self,
        dim: int,
        output_shape: ShapeLike,
        condition: Condition | None = None,
        name: str = "decoder",
    ) -> keras.Model:
        check_sizes(dim=dim)
        return _network((dim,), self.hidden[::-1], output_shape, condition, name)


def _network(input_shape, hidden, output_shape, condition, name):
    input_shape = check_size_list(input_shape, "event_shape")
    output_shape = check_size_list(output_shape, "output_shape")
    h = inputs = keras.Input(input_shape)
    if len(input_shape) != 1:
        h = keras.layers.Reshape((math.prod(input_shape),))(h)
    given, features = given_input(condition)
    h = with_features(h, features)
    for i, width in enumerate(hidden):
        h = GatedDense(width, name=f"hidden_{i}")(h)
    h = keras.layers.Dense(math.prod(output_shape), name="output")(h)
    if len(output_shape) != 1:
        h = keras.layers.Reshape(output_shape)(h)
    return keras.Model(network_inputs(inputs, given), h, name=name)
