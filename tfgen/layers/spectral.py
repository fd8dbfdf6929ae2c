"""Layers whose kernel is divided by its largest singular value."""

import keras
import tensorflow as tf

from tfgen.layers.derived_kernel import DerivedKernel
from tfgen.layers.typing import BatchShape


class SpectralNormalization(DerivedKernel):
    """kernel = W / sigma(W), sigma the largest singular value of W as a matrix of `units` columns.

    Miyato et al. (2018), section 2.1 and Algorithm 1: one step of the power iteration at each call
    in training, none elsewhere; its vector u is a weight that does not train. The gradient passes
    through sigma = v' W u, with u and v as they are (Eq. 12).
    """

    def build(self, input_shape: BatchShape) -> None:
        super().build(input_shape)
        self.direction = self.add_weight(
            name="direction",
            shape=self._kernel.shape[-1:],
            initializer="random_normal",
            dtype="float32",
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
        )

    def derive(self, weight: tf.Tensor) -> tf.Tensor:
        return weight / self._sigma(weight)

    @property
    def sigma(self) -> tf.Tensor:
        """The largest singular value, as the power iteration has it by now: a float32 scalar."""
        return self._sigma(tf.cast(tf.convert_to_tensor(self._kernel), tf.float32))

    def _sigma(self, weight):
        matrix = _matrix(weight)
        u = tf.math.l2_normalize(tf.convert_to_tensor(self.direction))[:, tf.newaxis]
        image = matrix @ u
        v = tf.stop_gradient(tf.math.l2_normalize(image))
        return tf.maximum(tf.reduce_sum(v * image), 1e-12)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if training:
            matrix = _matrix(tf.cast(tf.convert_to_tensor(self._kernel), tf.float32))
            u = tf.convert_to_tensor(self.direction)[:, tf.newaxis]
            v = tf.math.l2_normalize(matrix @ u)
            u = tf.math.l2_normalize(tf.transpose(matrix) @ v)
            self.direction.assign(tf.stop_gradient(u[:, 0]))
        return super().call(inputs)


@keras.saving.register_keras_serializable(package="tfgen")
class SpectralConv2D(SpectralNormalization, keras.layers.Conv2D):
    """A convolution under spectral normalization, with the arguments of `keras.layers.Conv2D`.

    sigma is that of the kernel as a matrix, `[height * width * features, filters]`, as in the
    paper; the Lipschitz constant of the whole convolution is another number.

    Input: `[batch, height, width, features]`.
    Output: `[batch, new_height, new_width, filters]`.
    """


@keras.saving.register_keras_serializable(package="tfgen")
class SpectralDense(SpectralNormalization, keras.layers.Dense):
    """A dense layer under spectral normalization, with the arguments of `keras.layers.Dense`.

    Input: `[batch, ..., features]`.
    Output: `[batch, ..., units]`.
    """


def _matrix(weight):
    return tf.reshape(weight, (-1, weight.shape[-1]))
