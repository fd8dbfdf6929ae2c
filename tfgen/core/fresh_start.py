"""An optimizer that starts anew in the middle of training."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tfgen.core.replicas import this_replica


class FreshStart:
    """Sets the states of an optimizer to those that a new one begins with.

    Its slots, such as moments, and its count of updates, by which it corrects its first steps and
    a schedule of the learning rate goes. A rate that is a number stays, so does a scale of losses.

    Args:
        optimizer: Keras optimizer, built.
        variables: those that it was built on, in order.
    """

    def __init__(
        self, optimizer: keras.optimizers.Optimizer, variables: Sequence[keras.Variable]
    ) -> None:
        rule = getattr(optimizer, "inner_optimizer", optimizer)
        new = type(rule).from_config(rule.get_config())
        new.build(variables)
        self._states = [
            (state, _start(np.array(first)))
            for state, first in zip(rule.variables, new.variables, strict=True)
            if state is not rule.learning_rate
        ]

    def __call__(self) -> None:
        """Sets the states, in the graph too."""
        for state, start in self._states:
            value = tf.cast(tf.broadcast_to(start, state.shape), state.dtype)
            if this_replica() is None:
                state.assign(value)
                continue
            # Of slots a replica in its own context can only ask for updates.
            this_replica().merge_call(
                lambda strategy, value, state=state: strategy.extended.update(
                    state.value, lambda own, new: own.assign(new), args=(value,)
                ),
                args=(value,),
            )


def _start(value):
    """One number where all are equal, as in the slots of all optimizers of Keras."""
    first = value.flat[:1]
    return first[0] if first.size and np.all(value == first) else value
