"""Figures by which models are compared."""

from tfgen.evaluation.estimate import Estimate
from tfgen.evaluation.estimators import Bound, Estimator, Exact, ImportanceWeighted
from tfgen.evaluation.likelihood import likelihood
from tfgen.evaluation.two_phase import two_phase_likelihood

__all__ = [
    "Bound",
    "Estimate",
    "Estimator",
    "Exact",
    "ImportanceWeighted",
    "likelihood",
    "two_phase_likelihood",
]
