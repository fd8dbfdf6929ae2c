"""Guidance at the door: a number, or a number that a graph learns when it runs."""

from collections.abc import Callable

import tensorflow as tf


def by_guidance(
    draw: Callable[[float | tf.Tensor], tf.Tensor], guidance: float | tf.Tensor
) -> tf.Tensor:
    """`draw(guidance)`; where a tensor is 1, `draw(1.0)`, at half the cost.

    Args:
        draw: of a number, or of a scalar tensor, which it never takes to be 1.
        guidance: a number or a scalar tensor.
    """
    if not tf.is_tensor(guidance):
        return draw(guidance)
    return tf.cond(tf.equal(guidance, 1), lambda: draw(1.0), lambda: draw(guidance))
