"""Networks of one batch axis, called on tensors with several."""

import keras
import tensorflow as tf

from tfgen.networks.conditional_inputs import network_inputs


def over_leading_axes(
    network: keras.Model, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
) -> tf.Tensor:
    """The network's outputs for vectors with any axes before them.

    Args:
        network: `[batch, dim]`, or that and a second input, to `[batch, *outputs]`.
        x: `[..., dim]`, such as `[num_samples, batch, dim]`.
        given: the second input, `[batch, *shape]`, where batch broadcasts against the last axis of
            x before dim; None for a network of one.
        training: whether the network runs as in training.
    Returns:
        `[..., *outputs]`.
    """
    leading, static = tf.shape(x)[:-1], x.shape[:-1]
    if given is not None:
        shape = given.shape[1:]
        # A lone x, as a joint distribution draws it, has no batch axis.
        given = given[0] if x.shape.rank == 1 else given
        batch = tf.shape(given)[: given.shape.rank - shape.rank]
        leading = tf.broadcast_dynamic_shape(leading, batch)
        static = tf.broadcast_static_shape(static, given.shape[: batch.shape[0]])
        given = tf.broadcast_to(given, tf.concat((leading, shape), axis=0))
        given = tf.reshape(given, (-1, *shape))
        x = tf.broadcast_to(x, tf.concat((leading, x.shape[-1:]), axis=0))
    flat = tf.reshape(x, (-1, x.shape[-1]))
    outputs = network(network_inputs(flat, given), training=training)
    shape = tf.concat((leading, outputs.shape[1:]), axis=0)
    return tf.ensure_shape(tf.reshape(outputs, shape), static + outputs.shape[1:])
