"""Pairs of networks, as values: one from x to a vector, one from a vector to parameters of x."""

import abc
from collections.abc import Callable

import keras

from tfgen.core import Condition, Configured
from tfgen.core.size_checks import check_size_list
from tfgen.core.typing import ShapeLike
from tfgen.networks.mlp import mlp


class Architecture(Configured, abc.ABC):
    """What kind of networks an encoder and a decoder are, for every shape of x and every size of z.

    Subclasses end both networks in a linear layer called "output".
    """

    @abc.abstractmethod
    def encoder(
        self,
        event_shape: ShapeLike,
        num_outputs: int,
        condition: Condition | None = None,
        name: str = "encoder",
    ) -> keras.Model:
        """Builds the network `[batch, *event_shape]` to `[batch, num_outputs]`.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            num_outputs: at least 1.
            condition: what y is, for a network of two inputs, `[x, given]`; None for one of x.
            name: name of the network.
        """

    @abc.abstractmethod
    def decoder(
        self,
        dim: int,
        output_shape: ShapeLike,
        condition: Condition | None = None,
        name: str = "decoder",
    ) -> keras.Model:
        """Builds the network `[batch, dim]` to `[batch, *output_shape]`.

        Args:
            dim: size of z, at least 1.
            output_shape: shape of the parameters of one x.
            condition: what y is, for a network of two inputs, `[z, given]`; None for one of z.
            name: name of the network.
        """


class DenseNetworks(Architecture):
    """Multilayer perceptrons; the decoder's layers are the encoder's in reverse (see `mlp`).

    Args:
        hidden: widths of the encoder's hidden layers; `()` for affine maps.
        activation: of the hidden layers, as `keras.layers.Dense` takes it.
    Raises:
        ValueError: a width is not a positive integer.
    """

    def __init__(
        self, hidden: ShapeLike = (400,), activation: str | Callable | None = "relu"
    ) -> None:
        self.hidden = check_size_list(hidden, "hidden")
        self.activation = activation

    def encoder(
        self,
        event_shape: ShapeLike,
        num_outputs: int,
        condition: Condition | None = None,
        name: str = "encoder",
    ) -> keras.Model:
        return mlp(
            event_shape,
            self.hidden,
            (num_outputs,),
            self.activation,
            name=name,
            condition=condition,
        )

    def decoder(
        self,
        dim: int,
        output_shape: ShapeLike,
        condition: Condition | None = None,
        name: str = "decoder",
    ) -> keras.Model:
        return mlp(
            (dim,),
            self.hidden[::-1],
            output_shape,
            self.activation,
            name=name,
            condition=condition,
        )
