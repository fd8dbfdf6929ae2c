"""Losses that are values: pairs of adversarial ones, penalties beside them, and their theory."""

from tfgen.losses.contrastive import contrastive, unit_vectors
from tfgen.losses.geometric_decay import GeometricDecay
from tfgen.losses.mode_seeking import ModeSeeking
from tfgen.losses.pairs import (
    Hinge,
    LeastSquares,
    LossPair,
    Minimax,
    NonSaturating,
    Wasserstein,
)
from tfgen.losses.part_losses import PartLoss, PredictedMaskLoss, TrueMaskLoss
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
    "GeometricDecay",
    "GradientPenalty",
    "Hinge",
    "LeastSquares",
    "LossPair",
    "Minimax",
    "ModeSeeking",
    "NonSaturating",
    "PartLoss",
    "Penalty",
    "PredictedMaskLoss",
    "R1",
    "SumOfPenalties",
    "TrueMaskLoss",
    "Wasserstein",
    "contrastive",
    "game_value",
    "jensen_shannon",
    "optimal_least_squares",
    "optimal_logits",
    "pearson_chi_square",
    "unit_vectors",
]
