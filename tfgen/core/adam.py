"""Adam, one operation for each variable."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfgen")
class Adam(keras.optimizers.Adam):
    """Keras's Adam (Kingma & Ba 2015), its update of a variable by TensorFlow's own kernel.

    Keras writes an update as some twenty operations a variable, most of the graph of a network of
    many layers: without them a U-Net's training step is traced and prepared in two thirds of the
    time. The arguments, the states and the update, to rounding, are Keras's; so is the code under
    a strategy, for `amsgrad` and for weights that are not float32.
    """

    def _backend_update_step(
        self, grads: Sequence[tf.Tensor], trainable_variables: Sequence[Any], learning_rate: Any
    ) -> None:
        single = all(variable.dtype == "float32" for variable in trainable_variables)
        if self.amsgrad or not single or tf.distribute.has_strategy():
            super()._backend_update_step(grads, trainable_variables, learning_rate)
            return
        step = tf.cast(self.iterations + 1, tf.float32)
        shared = {
            "beta1_power": self.beta_1**step,
            "beta2_power": self.beta_2**step,
            "lr": tf.cast(learning_rate, tf.float32),
            "beta1": tf.constant(self.beta_1),
            "beta2": tf.constant(self.beta_2),
            "epsilon": tf.constant(self.epsilon),
        }
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            index = self._get_variable_index(variable)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.value.handle,
                m=self._momentums[index].value.handle,
                v=self._velocities[index].value.handle,
                grad=tf.cast(tf.convert_to_tensor(gradient), tf.float32),
                **shared,
            )
