"""Empirical risk and risk under log-loss, as the number of training examples grows."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tfgen.core import GenerativeModel, check_seed, fold_in
from tfgen.core.size_checks import check_size_list
from tfgen.core.typing import SeedLike
from tfgen.distributions import BinaryTable
from tfgen.evaluation.divergence import Divergence, kl_divergence
from tfgen.evaluation.likelihood import likelihood


@dataclasses.dataclass(frozen=True)
class Risk:
    """What a trained model loses on its training examples, and on all that could have come.

    Attributes:
        num_examples: of training.
        empirical: the mean of -log q over the training examples, in nats.
        divergence: of the model from the truth; its `cross_entropy` is the risk, E_p[-log q].
    """

    num_examples: int
    empirical: float
    divergence: Divergence

    @property
    def gap(self) -> float:
        """Risk less empirical risk, in nats."""
        return self.divergence.cross_entropy - self.empirical


def learning_curve(
    truth: BinaryTable,
    train: Callable[[tf.Tensor], GenerativeModel],
    num_examples: Sequence[int],
    *,
    seed: SeedLike = 0,
) -> list[Risk]:
    """Risk and empirical risk of models trained on ever more examples of a known distribution.

    The least risk that any model has is the entropy of the truth; where the training examples are
    learned by heart, the empirical risk is below it.

    Args:
        truth: p, from which the examples are drawn: each set begins with the one before it.
        train: `(x) -> model`, trained on x, `[n, *event_shape]`; of exact density or of a bound.
        num_examples: sizes of the training sets.
        seed: of the examples, and of the draws of a bound.
    Returns:
        A `Risk` for each size.
    Raises:
        ValueError: no such sizes, or a model without such a density.

    Example:
        >>> truth = tfgen.distributions.bars_and_stripes(2)
        >>> def train(x):
        ...     model = tfgen.FullJoint.default((2, 2, 1), smoothing=0.5)
        ...     model.compile()
        ...     model.fit(x, verbose=0)
        ...     return model
        >>> few, many = learning_curve(truth, train, (10, 1000))
        >>> few.gap > many.gap
        True
    """
    num_examples = check_size_list(num_examples, "num_examples", least=1)
    of_examples, of_draws = (fold_in(check_seed(seed), i) for i in range(2))
    x = tf.cast(truth.sample(max(num_examples), seed=of_examples), tf.float32)
    curve = []
    for n in num_examples:
        model = train(x[:n])
        empirical = -float(likelihood(model, np.asarray(x[:n]), seed=of_draws).mean)
        curve.append(Risk(n, empirical, kl_divergence(truth, model, seed=of_draws)))
    return curve
