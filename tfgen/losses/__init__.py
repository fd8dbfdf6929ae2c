"""Losses that are values: pairs of adversarial ones, and penalties beside them."""

from tfgen.losses.pairs import LossPair, Minimax, NonSaturating, optimal_logits
from tfgen.losses.penalties import R1, Penalty

__all__ = [
    "LossPair",
    "Minimax",
    "NonSaturating",
    "Penalty",
    "R1",
    "optimal_logits",
]
