"""NADE, the neural autoregressive distribution estimator (Larochelle & Murray, 2011)."""

import math
from typing import Any, Self

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.autoregressive.compiled_draw import compiled_draw
from tfgen.autoregressive.level_features import to_features
from tfgen.autoregressive.marginal_start import MarginalStart
from tfgen.autoregressive.nade_loops import draw, summed_log_prob, sweep
from tfgen.core import Adam
from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.distributions import LaplaceWeights, WeightPrior, levels_head
from tfgen.distributions.levels import check_levels

tfd = tfp.distributions

_MOST_DIRECT_WEIGHTS = 2**22  # of `default`


class NADE(MarginalStart):
    """Conditionals that share the weights of one hidden layer, built up dimension by dimension.

    p(x_d | x_<d) = head(b_d + V_d h_d),  h_d = sigmoid(a_d),  a_1 = c,  a_{d+1} = a_d + W_d x_d
    (Larochelle & Murray 2011, Eq. 1-3; Uria et al. 2016, section 2). Binary dimensions enter as
    they are and leave as one logit; with more levels they enter one-hot and leave as a softmax.
    `log_prob` and its gradient take O(D H) time an example, and O(D + H) memory: the backward
    sweep undoes the steps of a_d instead of storing them. Direct connections, an addition of ours
    as MADE has them, add sum_{j<d} A_jd x_j to the logits, those of `FVSBN`, in O(D^2) time.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        num_hidden: H, the hidden units.
        levels: values of each dimension; level k is read as k / (levels - 1).
        weight_prior: of W and V, a penalty that is divided by the number of training examples (see
            `PenalizedModel`); None for none.
        direct: whether inputs are also connected to the logits directly, by A, which starts at 0.
        direct_prior: of A, as `weight_prior`.
        marginal_start: whether the first `fit` starts b at the frequencies of its examples (see
            `MarginalStart`).
    Raises:
        ValueError: no hidden units, or fewer than two levels.

    Example:
        >>> import numpy as np
        >>> model = NADE.default((2, 2, 1), num_hidden=3)
        >>> x = np.float32([[0, 0, 0, 0], [1, 1, 1, 1]]).reshape(2, 2, 2, 1)
        >>> model.compile()
        >>> history = model.fit(x, epochs=2, verbose=0)
        >>> model.log_prob(x).shape, model.sample(5, seed=0).shape
        (TensorShape([2]), TensorShape([5, 2, 2, 1]))
        >>> upper = np.array([1, 1, 0, 0]).reshape(2, 2, 1)
        >>> np.ravel(model.complete(x, upper, seed=0)[1, 0])
        array([1., 1.], dtype=float32)
    """

    paper = "Larochelle & Murray 2011; Uria et al. 2016"

    def __init__(
        self,
        *,
        event_shape: ShapeLike,
        num_hidden: int = 500,
        levels: int = 2,
        direct: bool = False,
        direct_prior: WeightPrior | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.event_shape = tuple(event_shape)
        check_sizes(num_hidden=num_hidden)
        self.num_hidden = num_hidden
        self.levels = levels
        self.direct = direct
        self.direct_prior = direct_prior
        self.head = levels_head(levels)
        self._size = math.prod(self.event_shape)
        limit = max(self._size, num_hidden) ** -0.5

        def uniform(number):
            return keras.initializers.RandomUniform(-limit, limit, seed=self.order_seed + number)

        matrices = (self._size, 1 if levels == 2 else levels, num_hidden)
        self.input_weights = self.add_weight(matrices, uniform(0), name="input_weights")
        self.output_weights = self.add_weight(matrices, uniform(1), name="output_weights")
        self.hidden_bias = self.add_weight((num_hidden,), "zeros", name="hidden_bias")
        self.output_bias = self.add_weight(matrices[:2], "zeros", name="output_bias")
        self._give_prior(self.weight_prior, self.input_weights, self.output_weights)
        self.direct_weights = None
        if direct:
            D, P = matrices[:2]
            self.direct_weights = self.add_weight((D, P, D * P), "zeros", name="direct_weights")
            self._give_prior(direct_prior, self.direct_weights)

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        num_hidden: int = 500,
        levels: int = 2,
        weight_prior: WeightPrior | None = LaplaceWeights(1.0),
        direct: bool | None = None,
        direct_prior: WeightPrior | None = LaplaceWeights(0.33),
        **kwargs: Any,
    ) -> Self:
        """The paper's 500 hidden units on binary pixels, beside direct connections.

        The start at the training set's frequencies is that of the authors' programs; they choose
        the epoch on validation data, as `tfgen train --patience` does, and so do we. Direct
        connections, which keep it from losing to `FVSBN` where examples are few, the priors of the
        weights, and Adam are ours: `direct=False` is the paper's model.

        Args:
            event_shape: `(d,)` or `(height, width, channels)`.
            num_hidden: number of hidden units.
            levels: number of values of each dimension.
            weight_prior: of the weights, or None.
            direct: whether there are direct connections, (D * levels)^2 weights, D^2 for two
                levels; None for yes where these are at most 4 million.
            direct_prior: of their weights, or None.
            **kwargs: the constructor's other arguments.
        """
        check_levels(levels)
        if direct is None:
            num_logits = math.prod(event_shape) * (1 if levels == 2 else levels)
            direct = num_logits**2 <= _MOST_DIRECT_WEIGHTS
        return cls(
            event_shape=event_shape,
            num_hidden=num_hidden,
            levels=levels,
            weight_prior=weight_prior,
            direct=direct,
            direct_prior=direct_prior,
            **kwargs,
        )

    @property
    def _logits_bias(self):
        return self.output_bias

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        return {"likelihood": Adam(2e-3)}

    def conditionals(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tfd.Distribution:
        """p(x_d | x_<d) for all d: one sweep over the dimensions.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1], on the levels.
            given: None, NADE has no condition.
            training: not used, NADE is the same in both.
        Returns:
            `tfd.Independent` over the event, of `Bernoulli` or `FiniteDiscrete` conditionals.
        """
        features = self._features(tf.reshape(x, (-1, self._size)))
        logits = sweep(features, *self._hidden(), self._straight(features))
        *grid, channels = self.event_shape
        return self.head(tf.reshape(logits, (-1, *grid, channels * logits.shape[-1])))

    def negative_log_likelihood(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """-log p(x), in nats, the mean over the batch; in training from one sweep, backwards."""
        if not training:
            return super().negative_log_likelihood(batch, seed, training)
        (x,) = batch
        features = self._features(tf.reshape(x, (-1, self._size)))
        total = summed_log_prob(features, *self._hidden(), self._straight(features))
        return {"negative_log_prob": -total / tf.cast(tf.shape(x)[0], tf.float32)}

    def _num_idle_weights(self):
        """The last dimension's W: none comes after it; and A's from a dimension to those before."""
        D, P, H = self.input_weights.shape
        return P * H + (D * (D + 1) // 2 * P**2 if self.direct else 0)

    @compiled_draw
    def draw(
        self, uniforms: tf.Tensor, x: tf.Tensor, mask: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        x, uniforms, mask = (tf.transpose(each) for each in (x, uniforms, mask))
        bias = tf.convert_to_tensor(self.output_bias)
        direct = tf.convert_to_tensor(self.direct_weights) if self.direct else None
        return tf.transpose(draw(uniforms, x, mask, self.levels, *self._hidden(), bias, direct))

    def _hidden(self):
        weights = self.input_weights, self.output_weights, self.hidden_bias
        return tuple(map(tf.convert_to_tensor, weights))

    def _straight(self, features):
        """What of the logits does not go through the hidden units, `[D, batch, P]`."""
        D, P = self.output_bias.shape
        logits = tf.broadcast_to(self.output_bias[:, tf.newaxis], tf.shape(features))
        if self.direct:
            dimension = tf.range(D * P) // P
            before = tf.cast(dimension[:, tf.newaxis] < dimension, tf.float32)
            flat = tf.reshape(tf.transpose(features, (1, 0, 2)), (-1, D * P))
            sums = tf.matmul(flat, tf.reshape(self.direct_weights, (D * P, D * P)) * before)
            logits += tf.transpose(tf.reshape(sums, (-1, D, P)), (1, 0, 2))
        return logits

    def _features(self, x):
        """What enters the hidden layer, `[D, batch, width]`."""
        return to_features(tf.transpose(x), self.levels)
