"""The likelihood of held-out data, exact or bounded, in nats and bits per dimension."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from tfgen.core import GenerativeModel, check_seed, fold_in
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.evaluation.estimate import Estimate, RunningMoments, bits_per_dim
from tfgen.evaluation.estimators import Estimator, default_estimator
from tfgen.evaluation.example_blocks import Block, example_blocks, num_examples


def likelihood(
    model: GenerativeModel,
    data: Any,
    *,
    condition: ArrayLike | None = None,
    estimator: Estimator | None = None,
    seed: SeedLike = 0,
    batch_size: int | None = 100,
    verbose: int = 0,
    protocol: dict[str, Any] | None = None,
) -> Estimate:
    """Mean log-likelihood of data, or of its lower bound, under a model.

    The data are read once, in blocks, so that their size takes no memory.

    Args:
        model: one whose density is "exact" or "bound".
        data: array `[n, *event_shape]`, float32 as the model's `check` wants it; or batches of x,
            or of `(x, y)` for a model with a condition: a finite `tf.data.Dataset`, a
            `keras.utils.PyDataset`, or a generator.
        condition: beside an array: a condition for each example, or one for all.
        estimator: `Exact()`, `Bound()`, `ImportanceWeighted(5000)`,
            `AnnealedImportanceSampling()`; None for the model's own density or bound.
        seed: of the estimator's draws.
        batch_size: examples of one call; None for a block of at most 1,000.
        verbose: as in Keras: 0 for no progress bar, 1 for one, 2 for a line at the end.
        protocol: what else is known of the data, JSON-like, such as `{"split": "test",
            "binarization": "stochastic"}`: it is recorded with the figure.
    Returns:
        The `Estimate`.
    Raises:
        ValueError: no examples, bad ones or bad conditions; a model without such a density, or an
            estimator that is not for it.

    Example:
        >>> model = tfgen.NADE.default((4,), num_hidden=2)
        >>> found = likelihood(model, model.sample(50, seed=0))
        >>> found.kind, found.protocol["num_examples"]
        ('exact', 50)
    """
    estimator = default_estimator(model) if estimator is None else estimator
    kind, moments = estimator.kind(model), RunningMoments()
    for _, values in scored_blocks(
        model, data, estimator, condition, seed=seed, batch_size=batch_size, verbose=verbose
    ):
        moments.add(values)
    return Estimate(
        moments.mean,
        moments.standard_error,
        kind,
        bits_per_dim(moments.mean, model.event_shape, model.levels),
        protocol_of(model, moments.count, seed, protocol),
    )


def scored_blocks(
    model: GenerativeModel,
    data: Any,
    estimator: Estimator,
    condition: ArrayLike | None = None,
    *,
    seed: SeedLike = 0,
    batch_size: int | None = 100,
    verbose: int = 0,
) -> Iterator[tuple[Block, np.ndarray]]:
    """Each block of the data with the estimates for its examples (see `likelihood`).

    Yields:
        `((x, condition), values)`; values are float64 `[block]`, in nats.
    """
    seed = check_seed(seed)
    progress = keras.utils.Progbar(num_examples(data), verbose=verbose, unit_name="example")
    seen = 0
    for index, (x, y) in enumerate(example_blocks(model, data, condition)):
        # The first block has the seed itself: what fits one is scored as the model would.
        values = estimator(
            model,
            x,
            condition=y,
            seed=fold_in(seed, index) if index else seed,
            batch_size=batch_size,
        )
        values = np.asarray(values, "float64")
        seen += len(values)
        progress.add(len(values), values=[("nats", values.mean())])
        yield (x, y), values
    if not seen:
        raise ValueError("expected at least one example. Received: data without any")
    if progress.target is None:
        progress.target = seen
        progress.update(seen, finalize=True)


def protocol_of(
    model: GenerativeModel, count: int, seed: SeedLike, known: dict[str, Any] | None
) -> dict[str, Any]:
    """What a figure is of, JSON-like: the examples, how the model reads them, what was said.

    Args:
        model: the model.
        count: number of examples.
        seed: of the draws.
        known: of the data, by whoever loaded them.
    """
    return {
        "num_examples": count,
        "levels": model.levels,
        "condition": None if model.condition is None else repr(model.condition),
        "seed": np.asarray(seed).tolist(),
        **(known or {}),
    }
