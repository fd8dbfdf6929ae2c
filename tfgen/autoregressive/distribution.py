"""An autoregressive model as a TensorFlow Probability distribution."""

from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import SamplingModel
from tfgen.core.typing import ArrayLike

tfd = tfp.distributions


class AutoregressiveDistribution(tfd.Distribution):
    """p(x) = prod_d p(x_d | x_<d) of a model, for TFP's own tools.

    `log_prob` takes any sample and batch dimensions, `sample` any sample shape. As TFP has it, what
    is off the support has log-probability -inf, and NaN has NaN. The weights are the model's: take
    `trainable_variables` from there.

    `tf.vectorized_map` cannot enter compiled loops and raises, and so do TFP's auto-batched joint
    distributions of a model that has them. `tfd.JointDistributionCoroutine` and its like can hold
    one, and `log_prob` itself takes what a map would run over.

    Args:
        model: an `AutoregressiveModel`.
        condition: for a model that has one: one for all x.
    Raises:
        ValueError: a condition that is missing or not expected, or that does not fit.

    Example:
        >>> from tfgen import NADE
        >>> p = NADE.default((3,), num_hidden=2).distribution()
        >>> p.sample((4, 5), seed=(0, 1)).shape, p.log_prob([[0.0, 1.0, 0.0]]).shape
        (TensorShape([4, 5, 3]), TensorShape([1]))
    """

    def __init__(
        self, model: SamplingModel, condition: ArrayLike | None = None, name: str | None = None
    ) -> None:
        parameters = dict(model=model, condition=condition, name=name)
        self._model = model
        self._condition = condition
        model.read_condition(condition, 1)
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
    def model(self) -> Any:
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
        event_shape = self.event_shape
        if x.shape.rank is None or not x.shape[-event_shape.rank :].is_compatible_with(event_shape):
            raise ValueError(
                f"expected a value of shape [..., {', '.join(map(str, event_shape))}]."
                f" Received: shape {x.shape}"
            )
        leading = tf.shape(x)[: x.shape.rank - event_shape.rank]
        x = tf.reshape(x, (-1, *event_shape))
        given = self._model.read_condition(self._condition, tf.shape(x)[0])
        return tf.reshape(self._model.log_prob_anywhere(x, given), leading)

    def _sample_n(self, n, seed=None):
        seed = tfp.random.sanitize_seed(seed)
        return self._model.sample(n, seed=seed, condition=self._condition)

    def _default_event_space_bijector(self):
        return tfp.bijectors.Identity()
