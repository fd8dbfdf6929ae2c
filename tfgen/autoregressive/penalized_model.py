"""A penalty of weights that counts once for the whole training set, however large it is."""

from typing import Any

import keras
import tensorflow as tf

from tfgen.autoregressive.model import AutoregressiveModel
from tfgen.core import count_examples
from tfgen.distributions import WeightPrior


class PenalizedModel(AutoregressiveModel):
    """A model some of whose weights W have a density p(W), up to a constant, before any data.

    Training minimises -(1/n) [sum_i log p(x_i) + log p(W)], n the number of training examples, so
    that it seeks the most probable weights: the penalty fades as data come. `fit` counts its
    examples; those of a data set by its number of batches. Where the number is not known, as of a
    generator's, there is no penalty.

    Args:
        weight_prior: p(W), such as `NormalWeights(0.1)`; None for no penalty. What training
            minimises has it, what it reports has not.
    """

    def __init__(self, *, weight_prior: WeightPrior | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weight_prior = weight_prior
        self._examples = _Examples()

    def prepare(self, x: Any, tokens: tf.Tensor | None = None) -> None:
        """Counts the training examples, at every `fit`."""
        number = count_examples(x) if self._examples.counted else None
        self._examples.share.assign(1 / number if number else 0.0)

    def _give_prior(self, prior, *weights):
        """Says which weights are W: `weight_prior`'s, or those of another one; None for none."""
        if prior is None:
            return
        self._examples.counted = True
        for weight in weights:
            before = weight.regularizer or (lambda value: 0.0)
            weight.regularizer = lambda value, before=before: (
                before(value) + self._examples.share * prior.penalty(value)
            )


class _Examples:
    """1/n, which Keras shall not take for a weight: every `fit` finds it anew."""

    def __init__(self):
        self.counted = False
        self.share = keras.Variable(0.0, dtype="float32", trainable=False, name="share")
