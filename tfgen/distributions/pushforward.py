"""What noise becomes through a function: a distribution that can be drawn from alone."""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


class Pushforward(tfd.Distribution):
    """The distribution of z = f(noise), noise standard normal. It has no density.

    Args:
        function: f, of draws `[..., batch, dim]`; gives z of that shape, float32.
        batch_shape: `[batch]`, a tensor.
        dim: size of z, and of the noise.
    """

    def __init__(
        self,
        function: Callable[[tf.Tensor], tf.Tensor],
        batch_shape: tf.Tensor,
        dim: int,
        name: str = "Pushforward",
    ) -> None:
        parameters = dict(locals())
        self.function = function
        self.dim = dim
        self._batch = batch_shape
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.FULLY_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    def _batch_shape(self):
        return tf.TensorShape(tf.get_static_value(self._batch, partial=True))

    def _batch_shape_tensor(self, **kwargs):
        return self._batch

    def _event_shape(self):
        return tf.TensorShape([self.dim])

    def _event_shape_tensor(self, **kwargs):
        return tf.constant([self.dim], tf.int32)

    def _sample_n(self, n, seed=None):
        shape = tf.concat(([n], self._batch, [self.dim]), axis=0)
        return self.function(tf.random.stateless_normal(shape, tfp.random.sanitize_seed(seed)))
