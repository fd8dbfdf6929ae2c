"""Keras layers that compute with a function of their kernel."""

import abc
from typing import Any

import keras
import tensorflow as tf


class DerivedKernel(abc.ABC):
    """Stands before a layer of Keras that has a kernel, and is read in its place.

    The weight itself is what moves and what is saved; nothing is written into it, so that the
    gradient passes through the function.
    """

    @abc.abstractmethod
    def derive(self, weight: tf.Tensor) -> tf.Tensor:
        """The kernel that is computed with, of the weight: float32, shaped alike."""

    @property
    def kernel(self) -> tf.Tensor:
        """The kernel that the layer computes with, in its compute dtype."""
        weight = tf.cast(tf.convert_to_tensor(super().kernel), tf.float32)
        return tf.cast(self.derive(weight), self.compute_dtype)

    # Keras's own convolution would save the kernel as it is read.
    def save_own_variables(self, store: Any) -> None:
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store: Any) -> None:
        keras.layers.Layer.load_own_variables(self, store)
