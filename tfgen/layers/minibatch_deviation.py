"""How much the examples of a batch differ, as a feature."""

from typing import Any

import tensorflow as tf

from tfgen.core.replicas import this_replica
from tfgen.core.size_checks import check_rate
from tfgen.layers.configured_layer import ConfiguredLayer


class MinibatchDeviation(ConfiguredLayer):
    """Adds one feature, the same number in all cells of all examples: how far examples differ.

    s = mean over cells and features of sqrt(variance over the examples + 1e-8): Karras et al.
    (2018), section 3. A critic that sees it can tell a generator that draws too much alike.

    In training s is that of the whole batch, under `tf.distribute` of the examples of all
    replicas. Otherwise it is the running average of those in training, so that what is made of
    one example does not depend on the others.

    Args:
        momentum: of the running average, in [0, 1), which starts at 1.
    Input: `[batch, ..., features]`.
    Output: `[batch, ..., features + 1]`.
    Raises:
        ValueError: a momentum out of range.
    """

    def __init__(self, momentum: float = 0.99, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = check_rate(momentum, "momentum")
        self.average = self.add_weight(
            shape=(),
            initializer="ones",
            trainable=False,
            autocast=False,
            aggregation="mean",
            name="average",
        )

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if training:
            deviation = _deviation(tf.cast(inputs, tf.float32))
            step = (1 - self.momentum) * (tf.stop_gradient(deviation) - self.average)
            self.average.assign(self.average + step)
        else:
            deviation = tf.convert_to_tensor(self.average)
        feature = tf.fill(tf.shape(inputs[..., :1]), tf.cast(deviation, inputs.dtype))
        return tf.concat([inputs, feature], axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape[:-1], input_shape[-1] + 1)


def _deviation(x):
    """Mean deviation over the first axis, of all replicas."""
    return tf.reduce_mean(tf.sqrt(_mean((x - _mean(x)) ** 2) + 1e-8))


def _mean(x):
    replica = this_replica()
    if replica is None or replica.num_replicas_in_sync == 1:
        return tf.reduce_mean(x, axis=0)
    count = tf.cast(tf.shape(x)[0], x.dtype)
    parts = [tf.reduce_sum(x, axis=0), count]
    total, count = replica.all_reduce(tf.distribute.ReduceOp.SUM, parts)
    return total / count
