"""The mean of a figure over data, with how well it is known and how it was found."""

import dataclasses
import math
from typing import Any, Self

import numpy as np


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A mean over examples, in nats, with its standard error.

    Attributes:
        mean: in nats per example.
        standard_error: of the mean, in nats, over examples and draws; None where it is not known,
            as of one example.
        kind: what was estimated, and how: "exact", "ELBO", "IWAE, k = 5000", ...
        bits_per_dim: -mean / (D log 2), a code length, for discrete data; None for others.
        protocol: what the figure is of, as far as it is known: `{"num_examples": 10000, "levels":
            2, "condition": None, "seed": 0, "split": "test", "binarization": "stochastic", ...}`.

    Example:
        >>> Estimate(-97.184, 0.3521, "IWAE, k = 5000", 0.1788, {"num_examples": 10000})
        Estimate(-97.18 +- 0.35 nats, 0.1788 bits/dim; IWAE, k = 5000; num_examples=10000)
    """

    mean: float
    standard_error: float | None
    kind: str
    bits_per_dim: float | None = None
    protocol: dict[str, Any] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        error = self.standard_error
        # Two digits of the error, and the mean as far as they reach.
        known = error is not None and math.isfinite(error) and error > 0
        digits = min(9, max(0, 1 - math.floor(math.log10(error)))) if known else 4
        text = f"{self.mean:.{digits}f}" + ("" if error is None else f" +- {error:.{digits}f}")
        text += " nats"
        if self.bits_per_dim is not None:
            text += f", {self.bits_per_dim:.4f} bits/dim"
        facts = [f"{k}={v!r}" for k, v in self.protocol.items() if v is not None]
        return f"Estimate({'; '.join([text, self.kind, ', '.join(facts)]).rstrip('; ')})"

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON has them: a number that is not finite is None."""
        fields = dataclasses.asdict(self)
        for name in ("mean", "standard_error", "bits_per_dim"):
            if fields[name] is not None and not math.isfinite(fields[name]):
                fields[name] = None
        return fields

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Self:
        """What `to_json` wrote; a mean that was not finite is NaN."""
        mean = math.nan if fields["mean"] is None else fields["mean"]
        return cls(**{**fields, "mean": mean})


class RunningMoments:
    """Mean and variance of numbers that come in blocks, in double precision and one pass.

    The blocks' sums of squares about their own means are joined (Chan et al. 1983, Eq. 2.1).
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self._squares = 0.0

    def add(self, values: np.ndarray) -> None:
        """Takes a block of numbers, `[n]`."""
        values = np.asarray(values, "float64")
        # An infinite value makes all that follows NaN or infinite, as it should.
        with np.errstate(invalid="ignore"):
            mean = values.mean()
            total = self.count + len(values)
            shift = mean - self.mean
            self._squares += np.sum((values - mean) ** 2)
            self._squares += shift**2 * self.count * len(values) / total
            self.mean += shift * len(values) / total
        self.count = total

    @property
    def variance(self) -> float:
        """Unbiased; NaN of a single number."""
        return float(self._squares / (self.count - 1)) if self.count > 1 else math.nan

    @property
    def standard_error(self) -> float | None:
        """Of the mean; None of a single number, or where a number was not finite."""
        error = math.sqrt(self.variance / self.count) if self.count > 1 else math.nan
        return error if math.isfinite(error) else None


def bits_per_dim(nats: float, event_shape: tuple[int, ...], levels: int | None) -> float | None:
    """-nats / (D log 2), the code length of discrete data; None for continuous ones."""
    return None if levels is None else float(-nats / (math.prod(event_shape) * math.log(2)))
