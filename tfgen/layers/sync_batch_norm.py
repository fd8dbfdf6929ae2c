"""Batch normalization over the examples of all replicas."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfgen")
class SyncBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization (Ioffe & Szegedy 2015) whose statistics are those of the whole batch.

    Under `tf.distribute` the mean and the variance are over the examples of all replicas, each
    counted once, however many a replica has; so training gives what one device gives. On one
    device it is Keras's layer, whose arguments it takes. In two passes, the mean first: Keras's
    `synchronized=True` takes E[x^2] - E[x]^2 instead, which cancels where the mean is large.

    Input: `[batch, ..., features]`, without a Keras mask where there are several replicas.
    Output: of the same shape.
    """

    def _moments(self, inputs, mask):
        replica = tf.distribute.get_replica_context()
        if replica is None or replica.num_replicas_in_sync == 1:
            return super()._moments(inputs, mask)
        if mask is not None:
            raise ValueError(f"expected no mask over several replicas. Received: {mask}")
        axes = self._reduction_axes
        count = tf.reduce_prod(tf.gather(tf.shape(inputs), axes))
        total, count = replica.all_reduce(
            tf.distribute.ReduceOp.SUM,
            [tf.reduce_sum(inputs, axes, keepdims=True), tf.cast(count, inputs.dtype)],
        )
        mean = total / count
        # The derivative by the mean is zero, as the deviations add up to zero.
        deviations = tf.math.squared_difference(inputs, tf.stop_gradient(mean))
        squares = replica.all_reduce(tf.distribute.ReduceOp.SUM, tf.reduce_sum(deviations, axes))
        return tf.squeeze(mean, axes), squares / count
