"""The fully visible sigmoid belief network (Frey, 1998; Bengio & Bengio, 2000)."""

import math
from typing import Any, Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive.compiled_draw import compiled_draw
from tfgen.autoregressive.level_features import to_features, weight_rows
from tfgen.autoregressive.marginal_start import MarginalStart
from tfgen.core import Adam
from tfgen.core.typing import ShapeLike
from tfgen.distributions import LaplaceWeights, WeightPrior, invert_levels, levels_head

tfd = tfp.distributions


class FVSBN(MarginalStart):
    """Logistic regression of each dimension on those before it: no hidden units.

    p(x_d | x_<d) = head(b_d + sum_{j<d} features(x_j) W_jd)  (Frey 1998; Bengio & Bengio 2000).
    Binary dimensions enter as they are and leave as one logit; with more levels they enter
    one-hot and leave as a softmax. `log_prob` is one masked matrix product. -log p(x) is convex in
    the weights, which start at 0. O(D^2) weights, times levels^2 where there are more than two.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        levels: values of each dimension; level k is read as k / (levels - 1).
        kernel_regularizer: a Keras regularizer of the weights W, or None. What training minimises
            has it, what it reports has not.
        weight_prior: p(W), or None: a penalty that is divided by the number of training examples
            (see `PenalizedModel`).
        marginal_start: whether the first `fit` starts the bias at the frequencies of its examples
            (see `MarginalStart`).
    Raises:
        ValueError: fewer than two levels.

    Example:
        >>> import numpy as np
        >>> model = FVSBN.default((2, 2, 1))
        >>> np.round(np.exp(model.log_prob(np.ones((1, 2, 2, 1), "float32"))), 4)
        array([0.0625], dtype=float32)
        >>> model.sample(5, seed=0).shape
        TensorShape([5, 2, 2, 1])
    """

    paper = "Frey 1998; Bengio & Bengio 2000"

    def __init__(
        self,
        *,
        event_shape: ShapeLike,
        levels: int = 2,
        kernel_regularizer: keras.Regularizer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_shape = tuple(event_shape)
        self.levels = levels
        self.head = levels_head(levels)
        self._size = math.prod(self.event_shape)
        width = self._size * self.head.num_params
        self.kernel_regularizer = kernel_regularizer
        self.kernel = self.add_weight(
            (width, width), "zeros", regularizer=kernel_regularizer, name="kernel"
        )
        self.bias = self.add_weight((width,), "zeros", name="bias")
        self._give_prior(self.weight_prior, self.kernel)

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        levels: int = 2,
        kernel_regularizer: keras.Regularizer | None = None,
        weight_prior: WeightPrior | None = LaplaceWeights(0.33),
        **kwargs: Any,
    ) -> Self:
        """The paper's model; it has no sizes to choose.

        Bengio & Bengio (2000) cut off connections that a test of independence does not find
        significant; the Laplace prior of the weights, which takes them towards 0, is ours, and so
        are the start at the frequencies and the optimizer.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            levels: number of values of each dimension.
            kernel_regularizer: a Keras regularizer of the weights, or None.
            weight_prior: of the weights, or None.
            **kwargs: the constructor's other arguments.
        """
        return cls(
            event_shape=event_shape,
            levels=levels,
            kernel_regularizer=kernel_regularizer,
            weight_prior=weight_prior,
            **kwargs,
        )

    @property
    def _logits_bias(self):
        return self.bias

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        return {"likelihood": Adam(3e-3)}

    def conditionals(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """p(x_d | x_<d) for all d: one product with the strictly triangular weights.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the levels.
            given: None, FVSBN has no condition.
            training: not used, the model is the same in both.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` conditionals.
        """
        width = self.bias.shape[0]
        features = to_features(tf.reshape(x, (-1, self._size)), self.levels)
        dimension = tf.range(width) // (width // self._size)
        before = tf.cast(dimension[:, tf.newaxis] < dimension, tf.float32)
        logits = tf.matmul(tf.reshape(features, (-1, width)), self.kernel * before) + self.bias
        *grid, channels = self.event_shape
        return self.head(tf.reshape(logits, (-1, *grid, channels * (width // self._size))))

    def _num_idle_weights(self):
        """The half of W from a dimension to itself and to those before it."""
        return self._size * (self._size + 1) // 2 * self.head.num_params**2

    @compiled_draw
    def draw(
        self, uniforms: tf.Tensor, x: tf.Tensor, mask: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        x, uniforms, mask = (tf.transpose(each) for each in (x, uniforms, mask))
        W = tf.reshape(self.kernel, (self._size, -1, self.bias.shape[0]))
        return tf.transpose(
            _draw(uniforms, x, mask, self.levels, W, tf.convert_to_tensor(self.bias))
        )


def _draw(uniforms, x, mask, levels, W, b):
    """Draws the dimensions one after the other, each adding its row of weights to all logits.

    A row also adds to logits that are done with, or its own: nothing reads those any more, so it
    needs no mask. O(D^2) time an example in all.

    Args:
        uniforms: `[D, B]` in [0, 1): the draws are inversions of the conditionals.
        x, mask: `[D, B]`; where the mask is 1, x stays.
        levels: int, the number of levels.
        W: `[D, P, D P]`, the dimension that acts first.
        b: `[D P]`.
    Returns:
        `[D, B]`, float32 in [0, 1].
    """
    D, P, _ = W.shape
    B = tf.shape(uniforms)[1]

    def body(d, logits, drawn):
        new = invert_levels(logits[:, d], uniforms[d], levels)
        new = tf.where(mask[d] > 0, x[d], new)
        row = tf.reshape(weight_rows(W, tf.fill((B,), d), new, levels), (B, D, P))
        return d + 1, logits + row, drawn.write(d, new)

    start = (
        0,
        tf.broadcast_to(tf.reshape(b, (D, P)), (B, D, P)),
        tf.TensorArray(tf.float32, D, element_shape=(None,)),
    )
    _, _, drawn = tf.while_loop(lambda d, *_: d < D, body, start, maximum_iterations=D)
    return drawn.stack()
