"""How strange an example is to a model: scores as values, larger where it is stranger."""

import abc
import math
import numbers
from typing import Any, Self

import numpy as np
import tensorflow as tf

from tfgen.core import Configured, GenerativeModel
from tfgen.core.arrays import in_batches
from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ArrayLike
from tfgen.distributions.reparameterize import sample_and_log_prob
from tfgen.evaluation.compressors import PNG, Compressor


class AnomalyScore(Configured, abc.ABC):
    """A score of examples by a model, a fixed function of each example by itself.

    Attributes:
        runs_in_graph: whether a SavedModel can have it.
        models: models beside the one that is given.
    """

    runs_in_graph = True
    models: tuple[GenerativeModel, ...] = ()

    @abc.abstractmethod
    def check_model(self, model: GenerativeModel) -> None:
        """Raises a ValueError for a model that lacks what the score is made of."""

    @abc.abstractmethod
    def __call__(
        self,
        model: GenerativeModel,
        x: tf.Tensor,
        *,
        condition: ArrayLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """The scores.

        Args:
            model: any that `check_model` lets through.
            x: `[batch, *event_shape]`, float32, as the model takes it.
            condition: for a model that has one: one for each example, or one for all.
            batch_size: examples of one call; None for all of them at once.
        Returns:
            `[batch]`, float32; larger where x is stranger.
        """


class NegativeLogLikelihood(AnomalyScore):
    """-log p(x), or -ELBO where the model has a bound, in nats.

    It fails where strange images are simpler than those of the model: a model of clothes gives
    digits the higher likelihood (Nalisnick et al. 2019, "Do deep generative models know what they
    don't know?").

    Args:
        num_samples: draws of z that the bound of a latent model is the mean of; they are the same
            for each example. The bound of a diffusion model takes its draws by an example's place
            in the batch.
    Raises:
        ValueError: `num_samples` is below 1, or above 2^20.
    """

    def __init__(self, num_samples: int = 8) -> None:
        check_sizes(num_samples=num_samples)
        self.num_samples = num_samples

    def check_model(self, model: GenerativeModel) -> None:
        if model.density not in ("exact", "bound"):
            raise ValueError(
                f"expected a model with a likelihood or a bound for {type(self).__name__}."
                f" Received: a {type(model).__name__}, whose density is {model.density!r}"
            )

    def __call__(
        self,
        model: GenerativeModel,
        x: tf.Tensor,
        *,
        condition: ArrayLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        options = {"condition": condition, "batch_size": batch_size}
        if model.density == "exact":
            return -model.log_prob(x, **options)
        if not hasattr(model, "log_joint"):
            return -model.elbo(x, seed=0, **options)
        given = model.read_condition(condition, tf.shape(x)[0])
        bound = lambda x, given: _negative_bound(model, self.num_samples, x, given)
        return in_batches(bound, batch_size, x, given)


class ReconstructionError(AnomalyScore):
    """||x - g(f(x))||^2, the squared error of the reconstruction, summed over dimensions."""

    def check_model(self, model: GenerativeModel) -> None:
        if not hasattr(model, "reconstruct"):
            raise ValueError(
                "expected a model that reconstructs x for ReconstructionError."
                f" Received: a {type(model).__name__}"
            )

    def __call__(
        self,
        model: GenerativeModel,
        x: tf.Tensor,
        *,
        condition: ArrayLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        error = x - model.reconstruct(x, condition=condition, batch_size=batch_size)
        return tf.reduce_sum(error**2, axis=range(1, x.shape.rank))


class LikelihoodRatio(NegativeLogLikelihood):
    """log p_0(x) - log p(x): what the model knows beyond a background model p_0, with its sign.

    The background model is trained on examples with some pixels drawn anew (see `mutate`), so that
    it has the statistics of the background alone (Ren et al. 2019, "Likelihood ratios for
    out-of-distribution detection", Eq. 2). It is given the same conditions.

    Args:
        background: a trained model of the same x.
        num_samples: as for `NegativeLogLikelihood`.
    """

    def __init__(self, background: GenerativeModel, num_samples: int = 8) -> None:
        super().__init__(num_samples)
        super().check_model(background)
        self.background = background

    @property
    def models(self) -> tuple[GenerativeModel, ...]:
        return (self.background,)

    def check_model(self, model: GenerativeModel) -> None:
        super().check_model(model)
        ours, theirs = ((m.event_shape, m.levels) for m in (model, self.background))
        if ours != theirs:
            raise ValueError(
                f"expected a background model of the same shape and levels, {ours}."
                f" Received: {theirs}"
            )

    def __call__(
        self,
        model: GenerativeModel,
        x: tf.Tensor,
        *,
        condition: ArrayLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        options = {"condition": condition, "batch_size": batch_size}
        return super().__call__(model, x, **options) - super().__call__(
            self.background, x, **options
        )


class Typicality(NegativeLogLikelihood):
    """|-log p(x) - H|: how far from the model's entropy, as typical examples are not.

    Nalisnick et al. (2019), "Detecting out-of-distribution inputs to deep generative models using
    typicality", Eq. 5 for one example.

    Args:
        entropy: H, the mean of -log p over the training examples, in nats (see `of`).
        num_samples: as for `NegativeLogLikelihood`.
    Raises:
        ValueError: the entropy is no finite number.
    """

    def __init__(self, entropy: float, num_samples: int = 8) -> None:
        super().__init__(num_samples)
        is_number = isinstance(entropy, numbers.Real) and not isinstance(entropy, bool)
        if not is_number or not math.isfinite(entropy):
            raise ValueError(f"expected entropy to be a finite number. Received: {entropy!r}")
        self.entropy = float(entropy)

    @classmethod
    def of(
        cls,
        model: GenerativeModel,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        num_samples: int = 8,
        batch_size: int | None = 100,
    ) -> Self:
        """The score with the entropy that examples give; not those of the calibration.

        Args:
            model: with a likelihood or a bound.
            x: `[n, *event_shape]`, training examples.
            condition: for a model that has one: one for each example, or one for all.
            num_samples: as for `NegativeLogLikelihood`.
            batch_size: examples of one call.
        """
        score = NegativeLogLikelihood(num_samples)
        score.check_model(model)
        scores = score(model, model.check(x), condition=condition, batch_size=batch_size)
        return cls(float(np.mean(scores, dtype="float64")), num_samples)

    def __call__(
        self,
        model: GenerativeModel,
        x: tf.Tensor,
        *,
        condition: ArrayLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        scores = super().__call__(model, x, condition=condition, batch_size=batch_size)
        return tf.abs(scores - self.entropy)


class ComplexityCorrected(NegativeLogLikelihood):
    """-log p(x) - L(x) log 2, L the bits of a lossless compressor: simple images lose their lead.

    Serra et al. (2020), "Input complexity and out-of-distribution detection with likelihood-based
    generative models", Eq. 1, here in nats. It is a log-likelihood ratio, of the compressor as a
    model of x.

    Args:
        compressor: `PNG()`, or `Zlib()`, which a SavedModel cannot have.
        num_samples: as for `NegativeLogLikelihood`.
    """

    def __init__(self, compressor: Compressor = PNG(), num_samples: int = 8) -> None:
        super().__init__(num_samples)
        self.compressor = compressor

    @property
    def runs_in_graph(self) -> bool:
        return self.compressor.runs_in_graph

    def check_model(self, model: GenerativeModel) -> None:
        super().check_model(model)
        if model.levels is None or model.levels > 256:
            raise ValueError(
                "expected a model of discrete values, 256 levels at most: a compressor codes"
                f" no others. Received: a {type(model).__name__} with levels={model.levels}"
            )

    def __call__(
        self,
        model: GenerativeModel,
        x: tf.Tensor,
        *,
        condition: ArrayLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        scores = super().__call__(model, x, condition=condition, batch_size=batch_size)
        levels = tf.cast(tf.round(x * (model.levels - 1)), tf.uint8)
        return scores - math.log(2) * self.compressor(levels)


@tf.function(reduce_retracing=True, autograph=False)
def _negative_bound(
    model: Any, num_samples: int, x: tf.Tensor, given: tf.Tensor | None
) -> tf.Tensor:
    """-ELBO, the mean over draws that are the same for each example."""
    draws = tf.random.stateless_normal((num_samples, model.latent_dim), (0, 0))
    q = model.q(x, given)

    def log_weight(draw):
        # One draw at a time: the parameters of p(x | z) are large.
        z, log_q = sample_and_log_prob(q, tf.tile(draw[tf.newaxis], (tf.shape(x)[0], 1)))
        return model.log_joint(z, x, given) - log_q

    weights = tf.map_fn(log_weight, draws, parallel_iterations=1)
    return -tf.reduce_mean(weights, axis=0)
