"""Losses that are values: pairs of adversarial ones, penalties beside them, and their theory."""

from tfgen.losses.mode_seeking import ModeSeeking
from tfgen.losses.pairs import (
    Hinge,
    LeastSquares,
    LossPair,
    Minimax,
    NonSaturating,
    Wasserstein,
)
from tfgen.losses.penalties import R1, Drift, GradientPenalty, Penalty, SumOfPenalties
from tfgen.losses.theory import (
    game_value,
    jensen_shannon,
    optimal_least_squares,
    optimal_logits,
    pearson_chi_square,
)

__all__ = [
    "Drift",
    "GradientPenalty",
    "Hinge",
    "LeastSquares",
    "LossPair",
    "Minimax",
    "ModeSeeking",
    "NonSaturating",
    "Penalty",
    "R1",
    "SumOfPenalties",
    "Wasserstein",
    "game_value",
    "jensen_shannon",
    "optimal_least_squares",
    "optimal_logits",
    "pearson_chi_square",
]
