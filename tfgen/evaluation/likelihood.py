"""The likelihood of held-out data, exact or bounded, in nats and bits per dimension."""

import inspect
import math
from typing import Any

import numpy as np

from tfgen.core import GenerativeModel
from tfgen.core.typing import ArrayLike, SeedLike

NUM_TERMS = 20  # of a bound that is a sum of many: all 1000 of them would take hours


def likelihood(
    model: GenerativeModel,
    x: ArrayLike,
    *,
    condition: ArrayLike | None = None,
    seed: SeedLike = 0,
    batch_size: int | None = 100,
    num_terms: int | None = None,
) -> dict[str, Any]:
    """Mean log-likelihood of x, or of its lower bound, under a model.

    Args:
        model: any model; what it can say is its `density`.
        x: `[n, *event_shape]`, float32 as the model's `check` wants it, n at least 2.
        condition: for a model that has one: a condition for each example, or one for all.
        seed: of the bound's draws.
        batch_size: examples of one call; None for all of them at once.
        num_terms: of the bound of a diffusion model, a sum over its T steps: how many are drawn
            for each example. The estimate is unbiased, its noise part of the standard error. None
            for 20, or T where that is less.
    Returns:
        A dictionary: "kind" ("exact" or "bound"); "num_terms", where the bound is such a sum;
        "log_prob" or "elbo", the mean in nats per example; "standard_error" of that mean, in nats,
        over examples and draws; and "bits_per_dim",
        -mean / (D log 2), for discrete data, where it is a code length. Empty for a model
        whose density is "implicit" or "none".
    Raises:
        ValueError: fewer than two examples, or bad ones or bad conditions; or `num_terms` is not in
            1..T, or given for another model.
    """
    options = {"condition": condition, "batch_size": batch_size}
    figures: dict[str, Any] = {"kind": model.density}
    if model.density == "bound" and "num_terms" in inspect.signature(model.elbo).parameters:
        if num_terms is None:
            num_terms = min(NUM_TERMS, model.schedule.num_steps)
        options["num_terms"] = figures["num_terms"] = num_terms
    elif num_terms is not None:
        raise ValueError(
            "expected num_terms for a model whose bound is a sum over steps of diffusion."
            f" Received: {num_terms!r} for a {type(model).__name__}"
        )
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
    figures[name] = float(values.mean())
    figures["standard_error"] = float(values.std(ddof=1) / math.sqrt(len(values)))
    if model.levels is not None:
        figures["bits_per_dim"] = -figures[name] / (math.prod(model.event_shape) * math.log(2))
    return figures
