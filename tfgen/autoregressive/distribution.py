"""An autoregressive model as a TensorFlow Probability distribution."""

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


class AutoregressiveDistribution(tfd.Distribution):
    """p(x) = prod_d p(x_d | x_<d) of a model, for TFP's own tools.

    `log_prob` takes any sample and batch dimensions, `sample` any sample shape. The weights are
    the model's: take `trainable_variables` from there.

    Args:
        model: an `AutoregressiveModel`.
        **conditions: one value for all x of each condition that the model has.
    Raises:
        ValueError: conditions that the model does not have, or lacks.
    """

    def __init__(self, model, name=None, **conditions):
        parameters = dict(model=model, name=name, **conditions)
        self._model = model
        self._conditions = conditions
        model.check_conditions(1, **conditions)
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name or model.name,
        )

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        return {}

    @property
    def model(self):
        """The model whose density this is."""
        return self._model

    def _batch_shape(self):
        return tf.TensorShape([])

    def _batch_shape_tensor(self):
        return tf.constant([], tf.int32)

    def _event_shape(self):
        return tf.TensorShape(self._model.event_shape)

    def _event_shape_tensor(self):
        return tf.constant(self._model.event_shape, tf.int32)

    def _log_prob(self, x):
        event_shape = self._model.event_shape
        leading = tf.shape(x)[: tf.rank(x) - len(event_shape)]
        log_prob = self._model.log_prob(tf.reshape(x, (-1, *event_shape)), **self._conditions)
        return tf.reshape(log_prob, leading)

    def _sample_n(self, n, seed=None):
        return self._model.sample(n, seed=tfp.random.sanitize_seed(seed), **self._conditions)

    def _default_event_space_bijector(self):
        return tfp.bijectors.Identity()
