"""Training that starts from independent dimensions, as their frequencies have them."""

import abc
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfgen.autoregressive.penalized_model import PenalizedModel
from tfgen.core import first_examples

_PSEUDO_COUNT = 0.5  # of a level, Jeffreys's, as `Independent` has it
_EXAMPLES = 1000  # counted at once


class MarginalStart(PenalizedModel):
    """A model of levels whose output bias starts at the frequencies of the training examples.

    Before its first step `fit` gives the bias the logits of each dimension's frequencies, so that
    training starts near the model `Independent` instead of at equal levels; it stays as it is where
    it is not 0 any more, or a step was made. The programs of NADE's authors do the same. Of a data
    set the first 10,000 examples are counted, of a generator none.

    Args:
        marginal_start: whether `fit` does so.
        weight_prior: see `PenalizedModel`.
    """

    def __init__(self, *, marginal_start: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.marginal_start = marginal_start

    @property
    @abc.abstractmethod
    def _logits_bias(self) -> keras.Variable:
        """The bias of the logits, of size D for two levels and D * levels for more."""

    def prepare(self, x: Any, tokens: tf.Tensor | None = None) -> None:
        """Counts the training examples and, before the first step, their levels."""
        super().prepare(x, tokens)
        bias = self._logits_bias
        if not self.marginal_start or int(self.steps_seen.numpy()) or np.any(bias.numpy()):
            return
        examples = first_examples(x)
        if examples is None:
            return
        logits = np.log(_counts(self.check(examples).numpy(), self.levels) + _PSEUDO_COUNT)
        logits -= logits[:, :1] if self.levels == 2 else logits.mean(axis=1, keepdims=True)
        bias.assign((logits[:, 1:] if self.levels == 2 else logits).reshape(bias.shape))


def _counts(x, levels):
    """How often each dimension has each level, `[D, levels]`."""
    x = x.reshape(len(x), -1)
    size = x.shape[1]
    counts = np.zeros(size * levels)
    for begin in range(0, len(x), _EXAMPLES):
        taken = np.rint(x[begin : begin + _EXAMPLES] * (levels - 1)).astype("int64")
        cells = np.ravel(taken + levels * np.arange(size))
        counts += np.bincount(cells, minlength=size * levels)
    return counts.reshape(size, levels)
