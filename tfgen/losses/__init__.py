"""Losses that are values: pairs of adversarial ones, and penalties beside them."""

from tfgen.losses.pairs import (
    Hinge,
    LeastSquares,
    LossPair,
    Minimax,
    NonSaturating,
    Wasserstein,
    optimal_logits,
)
from tfgen.losses.penalties import R1, Drift, GradientPenalty, Penalty, SumOfPenalties

__all__ = [
    "Drift",
    "GradientPenalty",
    "Hinge",
    "LeastSquares",
    "LossPair",
    "Minimax",
    "NonSaturating",
    "Penalty",
    "R1",
    "SumOfPenalties",
    "Wasserstein",
    "optimal_logits",
]
