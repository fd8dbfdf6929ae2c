"""The normal that is nearest to a density in one dimension, by either direction of KL."""

from typing import NamedTuple

import numpy as np
import tensorflow_probability as tfp
from scipy.integrate import trapezoid
from scipy.optimize import minimize

from tfgen.core.size_checks import check_finite

tfd = tfp.distributions
NUM_POINTS, NUM_NODES = 20_001, 100


class NormalFit(NamedTuple):
    """A normal and its distances from a density p.

    Attributes:
        loc, scale: of the normal, in the units of x.
        forward: KL(p || normal), in nats.
        reverse: KL(normal || p), in nats.
    """

    loc: float
    scale: float
    forward: float
    reverse: float


def covering_normal(target: tfd.Distribution, low: float, high: float) -> NormalFit:
    """The normal of the smallest KL(p || normal), which maximum likelihood finds.

    E_p[log normal] depends on p by its mean and variance alone, and is greatest for the normal that
    has both (Bishop 2006, section 10.1.2): where p has two modes, it covers both and all between.

    Args:
        target: p, a density in one dimension, float64 for full precision.
        low, high: where all but a negligible share of p lies.
    Returns:
        The `NormalFit`.
    Raises:
        ValueError: low is not below high, or more than a thousandth of p lies outside.

    Example:
        >>> two = tfd.MixtureSameFamily(
        ...     tfd.Categorical(probs=[0.5, 0.5]), tfd.Normal([-2.0, 2.0], [0.5, 0.5])
        ... )
        >>> fit = covering_normal(two, -8, 8)
        >>> round(abs(fit.loc), 3), round(fit.scale, 3)
        (0.0, 2.062)
    """
    x, log_p = _points(target, low, high)
    loc = float(trapezoid(np.exp(log_p) * x, x))
    scale = float(np.sqrt(trapezoid(np.exp(log_p) * (x - loc) ** 2, x)))
    return _fit(target, loc, scale, x, log_p)


def seeking_normal(target: tfd.Distribution, low: float, high: float, start: float) -> NormalFit:
    """A normal of the smallest KL(normal || p) near `start`, as variational inference finds it.

    Where p has almost nothing, log p costs more than what is left out: where p has two modes far
    apart, each is a minimum, and the start decides which one is sought (Bishop 2006, section
    10.1.2).

    Args:
        target, low, high: as `covering_normal` has them.
        start: where the search begins, in the units of x.
    Returns:
        The `NormalFit`.
    Raises:
        ValueError: as `covering_normal`, or no such start.

    Example:
        >>> two = tfd.MixtureSameFamily(
        ...     tfd.Categorical(probs=[0.5, 0.5]), tfd.Normal([-2.0, 2.0], [0.5, 0.5])
        ... )
        >>> fit = seeking_normal(two, -8, 8, start=1.0)
        >>> round(fit.loc, 2), round(fit.scale, 2), round(fit.reverse, 2)  # KL is log 2
        (2.0, 0.5, 0.69)
    """
    x, log_p = _points(target, low, high)
    check_finite(start, "start")
    scale = (high - low) / 20
    found = minimize(
        lambda v: _reverse(target, v[0], np.exp(v[1])),
        [start, np.log(scale)],
        method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-9},
    )
    return _fit(target, float(found.x[0]), float(np.exp(found.x[1])), x, log_p)


def _points(target, low, high):
    """x on a line from low to high, and log p there."""
    check_finite(low, "low")
    check_finite(high, "high")
    if not low < high:
        raise ValueError(f"expected low to be below high. Received: {low!r} and {high!r}")
    x = np.linspace(low, high, NUM_POINTS)
    log_p = _log_prob(target, x)
    share = trapezoid(np.exp(log_p), x)
    if not abs(share - 1) < 1e-3:
        raise ValueError(
            f"expected all of the density between {low!r} and {high!r}. Received: {share:.4f} of it"
        )
    return x, log_p - np.log(share)


def _log_prob(target, x):
    return np.asarray(target.log_prob(x.astype(target.dtype.as_numpy_dtype)), "float64")


def _fit(target, loc, scale, x, log_p):
    log_normal = -0.5 * ((x - loc) / scale) ** 2 - np.log(scale * np.sqrt(2 * np.pi))
    forward = float(trapezoid(np.exp(log_p) * (log_p - log_normal), x))
    return NormalFit(loc, scale, forward, _reverse(target, loc, scale))


def _reverse(target, loc, scale):
    """E[log normal - log p] under the normal, by Gauss and Hermite's nodes."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NUM_NODES)
    log_p = _log_prob(target, loc + scale * nodes)
    negative_entropy = -0.5 * np.log(2 * np.pi * np.e) - np.log(scale)
    return float(negative_entropy - weights @ log_p / weights.sum())
