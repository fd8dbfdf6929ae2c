"""Loops compiled by XLA, with derivatives of every order."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf


def compiled_loop(
    function: Callable[..., Any], gradient: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """Compiles a function with loops, and gives it derivatives of every order.

    A tape that looked into a compiled loop would ask for its records, which XLA cannot hand on. So
    none does: the gradient is a compiled loop too, whose tape is inside, and so is that one's.
    What nobody asks for is never traced.

    Args:
        function: `(*arguments)` to a tensor or a list of them. Arguments are tensors, structures of
            them, or whatever else `tf.function` takes.
        gradient: `(*arguments, upstream)` to the list of gradients by all the floating-point
            tensors among the arguments, a compiled loop; upstream has the structure of what the
            function gives. None for what a tape finds.
    Returns:
        The function, compiled once for each shape of its arguments.
    """
    compiled = tf.function(function, jit_compile=True, autograph=False)

    def by_tape(*arguments):
        *arguments, upstream = arguments
        variables = list(filter(_is_floating, tf.nest.flatten(arguments)))
        with tf.GradientTape() as tape:
            tape.watch(variables)
            found = function(*arguments)
        return tape.gradient(found, variables, upstream, unconnected_gradients="zero")

    def call(*arguments):
        flat = tf.nest.flatten(arguments)
        places = [place for place, each in enumerate(flat) if _is_floating(each)]

        def with_variables(variables):
            for place, variable in zip(places, variables, strict=True):
                flat[place] = variable
            return tf.nest.pack_sequence_as(arguments, flat)

        @tf.custom_gradient
        def run(*variables):
            found = compiled(*with_variables(map(tf.stop_gradient, variables)))

            def backward(*upstream):
                upstream = upstream[0] if tf.is_tensor(found) else list(upstream)
                return backward_loop()(*with_variables(variables), upstream)

            return found, backward

        # Tensors of this graph: what `backward` holds on to must be in the reach of its own graph.
        return run(*(tf.identity(flat[place]) for place in places))

    def backward_loop():
        nonlocal gradient
        gradient = compiled_loop(by_tape) if gradient is None else gradient
        return gradient

    return call


def _is_floating(value):
    return tf.is_tensor(value) and value.dtype.is_floating
