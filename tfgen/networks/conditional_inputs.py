"""Networks of one input, or of two where there is a condition."""

import keras
import tensorflow as tf

from tfgen.core import Condition
from tfgen.core.typing import ShapeLike


def network_inputs(*inputs: tf.Tensor | None) -> tf.Tensor | list[tf.Tensor]:
    """What a network takes: its inputs without those that are None, a lone one by itself."""
    present = [each for each in inputs if each is not None]
    return present[0] if len(present) == 1 else present


def check_network(
    name: str,
    network: keras.Model,
    input_shape: ShapeLike,
    output_shape: ShapeLike,
    condition: Condition | None = None,
) -> None:
    """Checks that a network maps one shape, and a condition if there is one, to another.

    Args:
        name: role of the network, for the message.
        network: Keras model.
        input_shape, output_shape: without the batch.
        condition: what the network reads as its second input; None for a network of one.
    Raises:
        ValueError: it does not.
    """
    wanted = [tuple(input_shape)]
    if condition is not None:
        wanted.append(tuple(condition.given_spec.shape[1:]))
    found = [tuple(each.shape[1:]) for each in network.inputs]
    output = tuple(network.output_shape[1:])
    if found != wanted or output != tuple(output_shape):
        raise ValueError(
            f"expected the {name} to map {_show(wanted)} to {tuple(output_shape)}."
            f" Received: {_show(found)} to {output}"
        )


def _show(shapes):
    return " and ".join(map(str, shapes))
