"""How far a model is from a distribution that is known in full."""

import dataclasses
import math
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import GenerativeModel, check_count, check_seed, split_seed
from tfgen.core.typing import SeedLike
from tfgen.distributions import BinaryTable, all_images
from tfgen.distributions.hypercube import image_numbers
from tfgen.evaluation.estimate import RunningMoments
from tfgen.evaluation.estimators import Estimator, default_estimator
from tfgen.evaluation.hamming_kernel import cross_entropy_by_samples
from tfgen.evaluation.likelihood import scored_blocks

tfd = tfp.distributions


@dataclasses.dataclass(frozen=True)
class Divergence:
    """KL(p || q) = E_p[-log q] - H(p), of a known p and a model q.

    Attributes:
        kl: in nats; of a bound it is an upper one.
        error: in nats, within which the figure is to be expected: 0 of an exact one; two standard
            errors of a bound; of an estimate from samples two standard errors, and all of the bias
            that was found and taken off.
        kind: "exact"; "upper bound, ..." and by what; "estimate, n samples".
        entropy: H(p), in nats.
        of_truth: of an estimate: the same estimate by as many samples of p itself, whose KL is 0.
        unseen: of an estimate: the share of p on images that no sample is. There log q is a guess
            by the nearest samples, so a model that leaves out what p has is farther away than the
            estimate says.

    Example:
        >>> Divergence(0.25, 0.02, "upper bound, ELBO", 4.94)
        Divergence(0.250 +- 0.020 nats; upper bound, ELBO; entropy 4.940)
    """

    kl: float
    error: float
    kind: str
    entropy: float
    of_truth: float | None = None
    unseen: float | None = None

    @property
    def cross_entropy(self) -> float:
        """E_p[-log q] = H(p) + KL(p || q): the risk of the model under log-loss, in nats."""
        return self.entropy + self.kl

    def __repr__(self) -> str:
        parts = [f"{self.kl:.3f} +- {self.error:.3f} nats", self.kind]
        parts.append(f"entropy {self.entropy:.3f}")
        if self.of_truth is not None:
            parts += [f"of the truth {self.of_truth:.3f}", f"unseen {self.unseen:.3f}"]
        return f"Divergence({'; '.join(parts)})"


def tabulate(model: GenerativeModel, batch_size: int | None = 1000) -> BinaryTable:
    """An exact density of small binary images as the table of all of them.

    Args:
        model: one whose density is "exact", of two levels and at most 20 pixels, without a
            condition.
        batch_size: images of one call.
    Returns:
        A `BinaryTable` of float64.
    Raises:
        ValueError: another model.
    """
    _check_model(model, model.event_shape)
    if model.density != "exact":
        raise ValueError(
            f"expected a model of exact density. Received: a {type(model).__name__}, whose density"
            f" is {model.density!r}"
        )
    log_probs = model.log_prob(all_images(model.event_shape), batch_size=batch_size)
    return BinaryTable(np.asarray(log_probs, "float64"), model.event_shape)


def kl_divergence(
    truth: BinaryTable,
    model: GenerativeModel,
    *,
    estimator: Estimator | None = None,
    num_samples: int = 20_000,
    seed: SeedLike = 0,
    batch_size: int | None = 1000,
) -> Divergence:
    """KL(p || q) of a known distribution p and a model q: exactly, from above, or by samples.

    - An exact density is summed over all images.
    - A bound is averaged over draws of p: E_p[log p(x) - ELBO(x)] is at least the divergence.
    - Of an implicit model there are samples alone: the plug-in estimate of a kernel, less its bias
      (see `cross_entropy_by_samples`). Pixels above 1/2 are read as 1.

    Args:
        truth: p.
        model: q, of images of that shape, without a condition.
        estimator: of a bound, as `likelihood` takes it; None for the model's own.
        num_samples: draws of p for a bound, of q for an estimate. More of them find a smaller bias.
        seed: of all draws.
        batch_size: images of one call.
    Returns:
        The `Divergence`.
    Raises:
        ValueError: images of another shape, a condition, a model without any density or samples, or
            an estimator for one that does not bound its own.

    Example:
        >>> truth = tfgen.distributions.bars_and_stripes(2)
        >>> model = tfgen.FullJoint.default((2, 2, 1), smoothing=0)
        >>> model.compile()
        >>> history = model.fit(truth.sample(2000, seed=(0, 1)), verbose=0)
        >>> found = kl_divergence(truth, model)
        >>> found.kind, found.kl < 0.01
        ('exact', True)
    """
    check_count(num_samples, "num_samples")
    _check_model(model, tuple(truth.event_shape))
    if estimator is not None and model.density != "bound":
        raise ValueError(
            "expected an estimator for a model that bounds its density alone."
            f" Received: {estimator} for a {type(model).__name__}, whose density is"
            f" {model.density!r}"
        )
    # In double precision: a sum of so many terms is to be right to the last digit shown.
    truth = BinaryTable(truth.log_probs(), truth.event_shape)
    entropy = float(truth.entropy())
    if model.density == "exact":
        kl = float(tfd.kl_divergence(truth, tabulate(model, batch_size)))
        return Divergence(kl, 0.0, "exact", entropy)
    of_p, of_q, of_bias = split_seed(check_seed(seed), 3)
    if model.density == "bound":
        estimator = default_estimator(model) if estimator is None else estimator
        kind = estimator.kind(model)
        x = tf.cast(truth.sample(num_samples, seed=of_p), tf.float32)
        log_probs = truth.log_probs().numpy()
        moments = RunningMoments()
        blocks = scored_blocks(model, x, estimator, seed=of_q, batch_size=batch_size)
        for (block, _), values in blocks:
            moments.add(log_probs[image_numbers(block)] - values)
        error = 2 * (moments.standard_error or math.inf)
        return Divergence(float(moments.mean), float(error), f"upper bound, {kind}", entropy)
    check_count(num_samples - 1, "num_samples - 1")
    drawn = image_numbers(model.sample(num_samples, seed=of_q, batch_size=batch_size))
    own = image_numbers(truth.sample(num_samples, seed=of_p))
    probabilities = np.exp(truth.log_probs().numpy())
    random = np.random.default_rng(np.asarray(of_bias, "uint32"))
    found = cross_entropy_by_samples(probabilities, drawn, random)
    return Divergence(
        found.mean - entropy,
        abs(found.bias) + 2 * found.standard_error,
        f"estimate, {num_samples} samples",
        entropy,
        of_truth=cross_entropy_by_samples(probabilities, own, random).mean - entropy,
        unseen=1 - float(probabilities[np.unique(drawn)].sum()),
    )


def _check_model(model: Any, event_shape: tuple[int, ...]) -> None:
    if model.density == "none" or not hasattr(model, "sample"):
        raise ValueError(f"expected a model of a density. Received: a {type(model).__name__}")
    if model.condition is not None:
        raise ValueError(
            f"expected a model without a condition. Received: a {type(model).__name__} of"
            f" {model.condition}"
        )
    if tuple(model.event_shape) != tuple(event_shape):
        raise ValueError(
            f"expected a model of images {tuple(event_shape)}. Received: {model.event_shape}"
        )
    if model.levels != 2 and model.density != "implicit":
        raise ValueError(f"expected a model of two levels. Received: {model.levels}")
