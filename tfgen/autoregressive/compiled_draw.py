"""Samplers compiled by XLA, which no gradient enters."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


def compiled_draw(draw: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    """Makes a sampler one compiled call that takes part in no gradient: a method's decorator.

    Draws have no gradient, and a tape that followed the weights would ask for the records of the
    sampler's loops, which XLA cannot hand on. So the weights enter the compiled function as
    arguments like the other tensors, all of them cut off from any tape, and so does what leaves
    it. The draws are the same eagerly, in a graph and from a SavedModel. The compiled code is the
    model's own, one for each shape of the arguments, and is dropped with it.

    Args:
        draw: method `(self, *tensors)` of a Keras model; some of the tensors may be None.
    """

    @tf.function(jit_compile=True, autograph=False)
    def compiled(model, weights, args, kwargs):
        with keras.StatelessScope(list(zip(model.weights, weights, strict=True))):
            return draw(model, *args, **kwargs)

    @functools.wraps(draw)
    def method(self: keras.Model, *args: Any, **kwargs: Any) -> tf.Tensor:
        weights = [tf.stop_gradient(tf.convert_to_tensor(weight)) for weight in self.weights]
        args, kwargs = tf.nest.map_structure(
            lambda tensor: None if tensor is None else tf.stop_gradient(tensor), (args, kwargs)
        )
        of_this_model = compiled.__get__(self, type(self))
        return tf.stop_gradient(of_this_model(weights, args, kwargs))

    return method
