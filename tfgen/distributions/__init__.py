"""Heads (network output to distribution), priors, and the divergence between the two."""

from tfgen.distributions.discretized_logistic import DiscretizedLogistic
from tfgen.distributions.heads import (
    Bernoulli,
    Categorical,
    Head,
    LogisticMixture,
    Normal,
    NormalMixture,
)
from tfgen.distributions.kl import kl_estimate
from tfgen.distributions.levels import level_values
from tfgen.distributions.priors import GaussianMixture, StandardNormal

__all__ = [
    "Bernoulli",
    "Categorical",
    "DiscretizedLogistic",
    "GaussianMixture",
    "Head",
    "LogisticMixture",
    "Normal",
    "NormalMixture",
    "StandardNormal",
    "kl_estimate",
    "level_values",
]
