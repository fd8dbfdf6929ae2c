"""The likelihood of held-out data, exact or bounded, in nats and bits per dimension."""

import math
from typing import Any

import numpy as np

from tfgen.core import GenerativeModel
from tfgen.core.typing import ArrayLike, SeedLike


def likelihood(
    model: GenerativeModel,
    x: ArrayLike,
    *,
    condition: ArrayLike | None = None,
    seed: SeedLike = 0,
    batch_size: int | None = 100,
) -> dict[str, Any]:
    """Mean log-likelihood of x, or of its lower bound, under a model.

    Args:
        model: any model; what it can say is its `density`.
        x: `[n, *event_shape]`, float32 as the model's `check` wants it, n at least 2.
        condition: for a model that has one: a condition for each example, or one for all.
        seed: of the bound's draws.
        batch_size: examples of one call; None for all of them at once.
    Returns:
        A dictionary: "kind" ("exact" or "bound"); "log_prob" or "elbo", the mean in nats per
        example; "standard_error" of that mean, in nats; and "bits_per_dim",
        -mean / (D log 2), for discrete data, where it is a code length. Empty for a model
        whose density is "implicit" or "none".
    Raises:
        ValueError: fewer than two examples, or bad ones or bad conditions.
    """
    options = {"condition": condition, "batch_size": batch_size}
    if model.density == "exact":
        name, values = "log_prob", model.log_prob(x, **options)
    elif model.density == "bound":
        name, values = "elbo", model.elbo(x, seed=seed, **options)
    else:
        return {}
    values = np.asarray(values, "float64")
    if len(values) < 2:
        raise ValueError(
            f"expected at least 2 examples for a standard error. Received: {len(values)}"
        )
    figures = {
        "kind": model.density,
        name: float(values.mean()),
        "standard_error": float(values.std(ddof=1) / math.sqrt(len(values))),
    }
    if model.levels is not None:
        figures["bits_per_dim"] = -figures[name] / (math.prod(model.event_shape) * math.log(2))
    return figures
