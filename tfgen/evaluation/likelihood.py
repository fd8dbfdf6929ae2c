"""The likelihood of held-out data, exact or bounded, in nats and bits per dimension."""

import math

import numpy as np


def likelihood(model, x, *, seed=0, batch_size=100):
    """Mean log-likelihood of x, or of its lower bound, under a model.

    Args:
        model: a model with `log_prob` (exact) or `elbo` (a bound).
        x: `[n, *event_shape]`, float32 as the model's `check` wants it, n at least 2.
        seed: of the bound's draws.
        batch_size: examples of one call.
    Returns:
        A dictionary: "kind" ("exact" or "bound"); "log_prob" or "elbo", the mean in nats per
        example; "standard_error" of that mean, in nats; and "bits_per_dim",
        -mean / (D log 2), for discrete data, where it is a code length. Empty for a model
        whose density is implicit.
    """
    if hasattr(model, "log_prob"):
        kind, name, values = "exact", "log_prob", model.log_prob(x, batch_size=batch_size)
    elif hasattr(model, "elbo"):
        kind, name, values = "bound", "elbo", model.elbo(x, seed=seed, batch_size=batch_size)
    else:
        return {}
    values = np.asarray(values, "float64")
    figures = {
        "kind": kind,
        name: float(values.mean()),
        "standard_error": float(values.std(ddof=1) / math.sqrt(len(values))),
    }
    if model.levels is not None:
        figures["bits_per_dim"] = -figures[name] / (math.prod(model.event_shape) * math.log(2))
    return figures
