"""One line of a paper's algorithm box."""

from collections.abc import Callable
from typing import NamedTuple

import keras


class Phase(NamedTuple):
    """One update of a training step: a loss and the networks that it moves.

    What a loss writes beside (statistics of normalisation, a pool of images) lives in weights of a
    layer among its `networks`: what it writes elsewhere is taken back. It writes in training only.

    Attributes:
        name: key of the phase's optimizer.
        loss: `(batch, seed, training) -> {term: scalar}`. The batch is the tuple `(x,)`, or
            `(x, given)` with what networks read of the conditions; the seed, an int32 `(2,)`
            tensor, is new at each step. The first term is minimised, the others are reported
            beside it. One that is minimised without being a term of the model is called "loss".
        networks: Keras models or layers. Only their trainable weights move.
        every: the phase moves at every k-th step, and is not computed at the others.
    """

    name: str
    loss: Callable[..., dict]
    networks: tuple[keras.layers.Layer, ...]
    every: int = 1


def trainable_weights(phase: Phase) -> list:
    """The weights that a phase moves."""
    return [v for network in phase.networks for v in network.trainable_variables]
