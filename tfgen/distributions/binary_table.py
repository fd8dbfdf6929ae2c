"""Any distribution of small binary images, by the probability of each."""

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core.typing import ArrayLike, ShapeLike
from tfgen.distributions.hypercube import all_images, num_pixels

tfd = tfp.distributions


class BinaryTable(tfd.Distribution):
    """A distribution of binary images that is known in full: one log-probability for each image.

    Expectations, the entropy and the divergence of two tables are sums over all images, not
    estimates. `tfd.kl_divergence(p, q)` and `p.cross_entropy(q)` take two tables.

    Args:
        logits: `[2**num_pixels]`, floating; log-probabilities up to a constant, of the images in
            the order of `all_images`. At least one is finite.
        event_shape: of an image, at most 20 pixels.
        validate_args, allow_nan_stats, name: as in every `tfd.Distribution`.
    Raises:
        ValueError: too many pixels, or another number of logits.

    Example:
        >>> even = BinaryTable(np.float32([0, -np.inf, -np.inf, 0]), (2,))
        >>> even.prob([[0.0, 0.0], [0.0, 1.0]]).numpy()
        array([0.5, 0. ], dtype=float32)
    """

    def __init__(
        self,
        logits: ArrayLike,
        event_shape: ShapeLike,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "BinaryTable",
    ) -> None:
        parameters = dict(locals())
        self._shape = tuple(event_shape)
        self._logits = tf.convert_to_tensor(logits)
        expected = 2 ** num_pixels(self._shape)
        if self._logits.shape != (expected,):
            raise ValueError(
                f"expected {expected} logits, one for each image of {self._shape}. Received: shape"
                f" {tuple(self._logits.shape)}"
            )
        super().__init__(
            dtype=self._logits.dtype,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype, num_classes=None):
        return {"logits": tfp.util.ParameterProperties(event_ndims=1)}

    @property
    def logits(self) -> tf.Tensor:
        """`[2**num_pixels]`, as they were given."""
        return self._logits

    def log_probs(self) -> tf.Tensor:
        """The log-probability of each image, `[2**num_pixels]`, float64, in nats."""
        return tf.nn.log_softmax(tf.cast(self._logits, tf.float64))

    def _event_shape(self):
        return tf.TensorShape(self._shape)

    def _event_shape_tensor(self):
        return tf.constant(self._shape, dtype=tf.int32)

    def _log_prob(self, x):
        rank = len(self._shape)
        axes = tf.range(tf.rank(x) - rank, tf.rank(x))
        places = np.reshape(2 ** np.arange(np.prod(self._shape))[::-1], self._shape)
        bits = tf.cast(x > 0.5, tf.int32)
        numbers = tf.reduce_sum(bits * places.astype("int32"), axis=axes)
        log_probs = tf.gather(tf.cast(self.log_probs(), self.dtype), numbers)
        on_levels = tf.reduce_all((x == 0) | (x == 1), axis=axes)
        return tf.where(on_levels, log_probs, tf.constant(-np.inf, self.dtype))

    def _sample_n(self, n, seed=None):
        numbers = tfd.Categorical(logits=self._logits).sample(n, seed=seed)
        return tf.gather(tf.constant(all_images(self._shape), self.dtype), numbers)

    def _entropy(self):
        return tf.cast(-_expectation(self, self.log_probs()), self.dtype)

    def _mean(self):
        images = tf.constant(all_images(self._shape), tf.float64)
        return tf.cast(tf.tensordot(tf.exp(self.log_probs()), images, 1), self.dtype)

    def _variance(self):
        mean = self._mean()
        return mean * (1 - mean)

    def _mode(self):
        numbers = tf.argmax(self._logits)
        return tf.gather(tf.constant(all_images(self._shape), self.dtype), numbers)

    def _default_event_space_bijector(self):
        return None


def _expectation(table, values):
    """Over all images; one of probability 0 counts for nothing, whatever its value."""
    probabilities = tf.exp(table.log_probs())
    return tf.reduce_sum(tf.math.multiply_no_nan(values, probabilities))


@tfd.RegisterKL(BinaryTable, BinaryTable)
def _kl_of_tables(p, q, name=None):
    """sum_x p(x) log(p(x) / q(x)), infinite where q has no probability for what p has some."""
    with tf.name_scope(name or "kl_of_tables"):
        if p.event_shape != q.event_shape:
            raise ValueError(
                f"expected tables of one event shape. Received: {p.event_shape} and {q.event_shape}"
            )
        return tf.cast(_expectation(p, p.log_probs() - q.log_probs()), p.dtype)
