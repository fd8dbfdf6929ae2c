"""Equalized convolutions that double or halve the sides of a grid."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_sizes
from tfgen.layers.equalized import EqualizedConv2D


class _Resampled(EqualizedConv2D):
    """A 3x3 convolution that is computed with one of 4x4 and stride 2."""

    def __init__(self, filters: int, **kwargs: Any) -> None:
        check_sizes(filters=filters)
        super().__init__(filters, 3, **{**kwargs, "padding": "same"})

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        fixed = ("kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups")
        return {name: value for name, value in config.items() if name not in fixed}

    def sums(self) -> tf.Tensor:
        """Of the four kernels shifted by a cell, `[4, 4, features, filters]`."""
        padded = tf.pad(self.kernel, ((1, 1), (1, 1), (0, 0), (0, 0)))
        return padded[1:, 1:] + padded[:-1, 1:] + padded[1:, :-1] + padded[:-1, :-1]

    def finish(self, outputs: tf.Tensor) -> tf.Tensor:
        """Bias and activation."""
        if self.use_bias:
            outputs = outputs + tf.cast(tf.convert_to_tensor(self.bias), outputs.dtype)
        return outputs if self.activation is None else self.activation(outputs)


@keras.saving.register_keras_serializable(package="tfgen")
class EqualizedUpConv2D(_Resampled):
    """A 3x3 convolution of the grid doubled by nearest neighbours, of equalized learning rate.

    Computed as one transposed convolution of stride 2, without the doubled grid: 4 products for
    each number that comes out and goes in, where the two steps need 9.

    Args:
        filters: output features.
        **kwargs: `gain`, `activation`, `use_bias` and so on of `EqualizedConv2D`.
    Input: `[batch, height, width, features]`.
    Output: `[batch, 2 height, 2 width, filters]`.
    Raises:
        ValueError: a size or the gain is out of range.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        # Transposed, a kernel is read from its end.
        kernel = tf.transpose(self.sums()[::-1, ::-1], (0, 1, 3, 2))
        batch, (height, width) = tf.shape(inputs)[0], inputs.shape[1:3]
        shape = (batch, 2 * height, 2 * width, self.filters)
        return self.finish(tf.nn.conv2d_transpose(inputs, kernel, shape, 2, "SAME"))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, height, width, _ = input_shape
        return (batch, 2 * height, 2 * width, self.filters)


@keras.saving.register_keras_serializable(package="tfgen")
class EqualizedDownConv2D(_Resampled):
    """The means of 2x2 cells of a 3x3 convolution, of equalized learning rate.

    Computed as one convolution of stride 2, without the larger grid: 16 products for each mean
    and feature that goes in, where the two steps need 36. The activation follows the means.

    Args:
        filters: output features.
        **kwargs: `gain`, `activation`, `use_bias` and so on of `EqualizedConv2D`.
    Input: `[batch, height, width, features]`, of even sides.
    Output: `[batch, height / 2, width / 2, filters]`.
    Raises:
        ValueError: a size or the gain is out of range.
    """

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return self.finish(tf.nn.conv2d(inputs, self.sums() / 4, 2, "SAME"))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, height, width, _ = input_shape
        return (batch, height // 2, width // 2, self.filters)
