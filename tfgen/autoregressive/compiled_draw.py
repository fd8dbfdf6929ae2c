"""Samplers compiled by XLA, which no gradient enters."""

import functools
from collections.abc import Callable

import keras
import tensorflow as tf

from tfgen.autoregressive.fixed_blocks import in_fixed_blocks


def compiled_draw(draw: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    """Makes a sampler one compiled call that takes part in no gradient: a method's decorator.

    Draws have no gradient, and a tape that followed the weights would ask for the records of the
    sampler's loops, which XLA cannot hand on. So the weights enter the compiled function as
    arguments like the other tensors, all of them cut off from any tape, and so does what leaves
    it. The draws are the same eagerly, in a graph and from a SavedModel. The compiled code is the
    model's own, one for each shape of the arguments, and is dropped with it: so the examples come
    in blocks of few sizes (see `in_fixed_blocks`).

    Args:
        draw: method `(self, *tensors)` of a Keras model, the examples along the tensors' first
            axis; some of them may be None.
    Returns:
        The method, with one more argument: `batch_size`, the most examples of one call.
    """

    @tf.function(jit_compile=True, autograph=False)
    def compiled(model, weights, args):
        with keras.StatelessScope(list(zip(model.weights, weights, strict=True))):
            return draw(model, *args)

    @functools.wraps(draw)
    def method(
        self: keras.Model, *args: tf.Tensor | None, batch_size: int | None = None
    ) -> tf.Tensor:
        weights = [tf.stop_gradient(tf.convert_to_tensor(weight)) for weight in self.weights]
        args = [None if tensor is None else tf.stop_gradient(tensor) for tensor in args]
        of_this_model = compiled.__get__(self, type(self))
        drawn = in_fixed_blocks(lambda *block: of_this_model(weights, block), batch_size, *args)
        return tf.stop_gradient(drawn)

    return method
