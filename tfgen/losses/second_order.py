"""Whether a penalty's gradient, a gradient of a gradient, passes through a network."""

from typing import Any

import keras
import tensorflow as tf

_STEPS = (
    "Nearest UpSampling2D, pooling, strided and transposed convolutions let it pass; bilinear"
    " UpSampling2D, Resizing and tf.image.resize do not."
)


def check_second_order(network: keras.Model, penalty: Any) -> None:
    """Checks a network that is to be trained under a penalty of its input's gradient g(x).

    g is linear in a factor s of the outputs, so that the derivative of <s g, g> by s has to be
    <g, g>. What stops the second gradient anywhere between output and input takes from it, in
    TensorFlow mostly without a word. The weights are moved a little at random for this, as those
    that start at 0 would show nothing; those of the network stay as they are.

    Args:
        network: built Keras model of one output for each example.
        penalty: for the message.
    Raises:
        ValueError: the second gradient does not pass, or the network has batch normalization,
            under which g(x) is not the example's own.
    """
    for layer in network._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            raise ValueError(
                f"expected a network without batch normalization, as {type(penalty).__name__} is of"
                " each example by itself; LayerNormalization and GroupNormalization will do."
                f" Received: {network.name!r} with {layer.name!r}"
            )
    expected = f"expected a network through which the gradient of {type(penalty).__name__} passes."
    try:
        share = _share_that_passes(network)
    except LookupError as error:
        raise ValueError(f"{expected} {_STEPS} Received: {network.name!r} ({error})") from error
    if not abs(share - 1) < 0.05:
        raise ValueError(f"{expected} {_STEPS} Received: {network.name!r}, which stops it")


def _share_that_passes(network):
    """The derivative of <s g, g> by s, as a part of <g, g>: 1 where all of it passes."""
    x, *given = [_example(each) for each in network.inputs]
    moved = [
        v.value + tf.cast(0.05 * tf.random.stateless_normal(v.shape, (0, index)), v.dtype)
        for index, v in enumerate(network.trainable_variables)
    ]
    states = [v.value for v in network.non_trainable_variables]
    factor = tf.ones(())
    with tf.GradientTape() as outer:
        outer.watch(factor)
        with tf.GradientTape() as inner:
            inner.watch(x)
            inputs = [x, *given] if given else x
            outputs, _ = network.stateless_call(moved, states, inputs, training=False)
            total = factor * tf.reduce_sum(tf.cast(outputs, tf.float32))
        gradient = inner.gradient(total, x)
        if gradient is None:
            return 0.0
        gradient = tf.cast(gradient, tf.float32)
        product = tf.reduce_sum(gradient * tf.stop_gradient(gradient))
    passed = outer.gradient(product, factor)
    return 0.0 if passed is None else float(passed / product)


def _example(tensor):
    """A batch of four for an input: uniform numbers; zeros where it takes integers."""
    shape = (4, *(1 if size is None else size for size in tensor.shape[1:]))
    dtype = tf.as_dtype(tensor.dtype)
    if not dtype.is_floating:
        return tf.zeros(shape, dtype)
    return tf.cast(tf.random.stateless_uniform(shape, (0, 0)), dtype)
