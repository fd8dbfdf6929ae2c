"""One line of a paper's algorithm box."""

from collections.abc import Callable
from typing import NamedTuple


class Phase(NamedTuple):
    """One update of a training step: a loss and the networks that it moves.

    Attributes:
        name: key of the phase's optimizer.
        loss: `(batch, training) -> {term: scalar}`. The first term is minimised, the others are
            reported beside it.
        networks: Keras models or layers. Only their trainable weights move.
    """

    name: str
    loss: Callable
    networks: tuple
