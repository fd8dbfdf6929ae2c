"""Layers of equalized learning rate: the kernel is scaled where it is read."""

import math
from typing import Any

import keras
import tensorflow as tf

from tfgen.core.size_checks import check_positive, check_size_list, check_sizes
from tfgen.layers.derived_kernel import DerivedKernel


class EqualizedLearningRate(DerivedKernel):
    """kernel = gain / sqrt(fan_in) W, where W starts at N(0, 1).

    Karras et al. (2018), section 4.1: all weights have the same range, and so the same speed under
    an optimizer such as Adam. A gain of sqrt(2) is He's, for rectifiers.
    """

    def derive(self, weight: tf.Tensor) -> tf.Tensor:
        fan_in = math.prod(weight.shape[:-1])
        return self.gain / math.sqrt(fan_in) * weight

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}


@keras.saving.register_keras_serializable(package="tfgen")
class EqualizedConv2D(EqualizedLearningRate, keras.layers.Conv2D):
    """A convolution of equalized learning rate.

    Args:
        filters: output features.
        kernel_size: int, or `(height, width)`.
        gain: of the scale gain / sqrt(fan_in), positive.
        **kwargs: the other arguments of `keras.layers.Conv2D`.
    Input: `[batch, height, width, features]`.
    Output: `[batch, new_height, new_width, filters]`.
    Raises:
        ValueError: a size or the gain is out of range.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        *,
        gain: float = math.sqrt(2),
        **kwargs: Any,
    ) -> None:
        check_sizes(filters=filters)
        if not isinstance(kernel_size, (tuple, list)):
            kernel_size = (kernel_size, kernel_size)
        if len(kernel_size) != 2:
            raise ValueError(f"expected kernel_size to be one or two. Received: {kernel_size}")
        kernel_size = check_size_list(kernel_size, "kernel_size")
        super().__init__(filters, kernel_size, **_standard_normal(kwargs))
        self.gain = check_positive(gain, "gain")


@keras.saving.register_keras_serializable(package="tfgen")
class EqualizedDense(EqualizedLearningRate, keras.layers.Dense):
    """A dense layer of equalized learning rate.

    Args:
        units: size of the output.
        gain: of the scale gain / sqrt(fan_in), positive.
        **kwargs: the other arguments of `keras.layers.Dense`.
    Input: `[batch, ..., features]`.
    Output: `[batch, ..., units]`.
    Raises:
        ValueError: a size or the gain is out of range.
    """

    def __init__(self, units: int, *, gain: float = math.sqrt(2), **kwargs: Any) -> None:
        check_sizes(units=units)
        super().__init__(units, **_standard_normal(kwargs))
        self.gain = check_positive(gain, "gain")


def _standard_normal(kwargs):
    return {"kernel_initializer": keras.initializers.RandomNormal(stddev=1.0), **kwargs}
