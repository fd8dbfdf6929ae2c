"""Group normalization of few operations, with a gradient of few operations."""

import math
from typing import Any

import tensorflow as tf

from tfgen.core.size_checks import check_positive, check_sizes
from tfgen.layers.configured_layer import ConfiguredLayer
from tfgen.layers.typing import BatchShape


class GroupNormalization(ConfiguredLayer):
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, a mean and a variance for each group.

    Wu & He (2018), Keras's layer of this name: the same function and weights. A channel's factor
    and offset are computed first, so that arrays are read a few times, and the gradient is written
    by hand in the same way; on a CPU both take about half the time. Float32 under every policy.

    With a second input it is adaptive (Dhariwal & Nichol 2021, section 3): what comes out is
    multiplied by 1 + scale, and shift is added, numbers of each example's own for each channel.

    Args:
        groups: number of groups, which divides the channels.
        epsilon: positive, added to the variance.
    Input: `[batch, ..., channels]`, of known size but for the batch; and scale and shift side by
        side, `[batch, 2 * channels]`, or nothing.
    Output: of the shape of the first input.
    Raises:
        ValueError: no groups, groups that do not divide the channels, or another epsilon.
    """

    def __init__(self, groups: int = 32, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_sizes(groups=groups)
        self.groups = groups
        self.epsilon = check_positive(epsilon, "epsilon")

    def build(
        self, inputs_shape: BatchShape, scale_and_shift_shape: BatchShape | None = None
    ) -> None:
        channels = inputs_shape[-1]
        if scale_and_shift_shape is not None and scale_and_shift_shape[-1] != 2 * channels:
            raise ValueError(
                f"expected a scale and a shift of {channels} channels, [batch, {2 * channels}]."
                f" Received: shape {scale_and_shift_shape}"
            )
        if channels % self.groups:
            raise ValueError(
                f"expected groups that divide {channels} channels. Received: {self.groups!r}"
            )
        self.gamma = self.add_weight(shape=(channels,), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(channels,), initializer="zeros", name="beta")

    def call(self, inputs: tf.Tensor, scale_and_shift: tf.Tensor | None = None) -> tf.Tensor:
        shape = inputs.shape[1:]
        rows = tf.reshape(inputs, (-1, math.prod(shape[:-1]), shape[-1]))
        gamma, beta = (tf.cast(weight, tf.float32)[None] for weight in (self.gamma, self.beta))
        if scale_and_shift is not None:
            scale, shift = tf.split(tf.cast(scale_and_shift, tf.float32), 2, axis=-1)
            gamma, beta = gamma * (1 + scale), beta * (1 + scale) + shift
        normalized = _normalize(
            tf.cast(rows, tf.float32),
            tf.reshape(gamma, (-1, self.groups, shape[-1] // self.groups)),
            tf.reshape(beta, (-1, self.groups, shape[-1] // self.groups)),
            self.epsilon,
        )
        return tf.cast(tf.reshape(normalized, (-1, *shape)), self.compute_dtype)

    def compute_output_shape(
        self, inputs_shape: BatchShape, scale_and_shift_shape: BatchShape | None = None
    ) -> BatchShape:
        return inputs_shape


def _normalize(x, gamma, beta, epsilon):
    """x `[batch, positions, channels]`; gamma, beta `[batch or 1, groups, channels of a group]`."""
    num_positions, num_channels = x.shape[1:]
    groups, size = gamma.shape[1:]

    def of_channels(value):
        """`[batch, groups, size or 1]` beside the arrays."""
        if value.shape[2] != size:
            value *= tf.ones((1, 1, size))
        return tf.reshape(value, (-1, 1, num_channels))

    def in_groups(sums):
        return tf.reshape(sums, (-1, groups, size))

    def group_mean(array):
        means = in_groups(tf.reduce_mean(array, axis=1))
        return tf.reduce_mean(means, axis=2, keepdims=True)

    @tf.custom_gradient
    def normalize(x, gamma, beta):
        mean = group_mean(x)
        variance = group_mean(tf.math.squared_difference(x, of_channels(mean)))
        inverse = tf.math.rsqrt(variance + epsilon)
        factor = inverse * gamma
        output = x * of_channels(factor) + of_channels(beta - mean * factor)

        def gradient(upstream):
            total = in_groups(tf.reduce_sum(upstream, axis=1))
            # Of the upstream gradient times the normalised x.
            product = in_groups(tf.reduce_sum(upstream * x, axis=1))
            product = inverse * (product - mean * total)
            share = inverse / (num_positions * size)
            by_mean = share * tf.reduce_sum(gamma * total, axis=2, keepdims=True)
            by_deviation = share * tf.reduce_sum(gamma * product, axis=2, keepdims=True)
            slope = inverse * by_deviation
            by_x = upstream * of_channels(factor) - x * of_channels(slope)
            by_x += of_channels(slope * mean - by_mean)
            if gamma.shape[0] == 1:
                product, total = (
                    tf.reduce_sum(each, 0, keepdims=True) for each in (product, total)
                )
            return by_x, product, total

        return output, gradient

    return normalize(x, gamma, beta)
