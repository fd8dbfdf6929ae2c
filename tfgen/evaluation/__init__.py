"""Figures by which models are compared."""

from tfgen.evaluation.anomaly import AnomalyDetector, detection
from tfgen.evaluation.anomaly_scores import (
    AnomalyScore,
    ComplexityCorrected,
    LikelihoodRatio,
    NegativeLogLikelihood,
    ReconstructionError,
    Typicality,
    mutate,
)
from tfgen.evaluation.compressors import PNG, Compressor, Zlib
from tfgen.evaluation.estimate import Estimate
from tfgen.evaluation.estimators import Bound, Estimator, Exact, ImportanceWeighted
from tfgen.evaluation.likelihood import likelihood
from tfgen.evaluation.two_phase import two_phase_likelihood

__all__ = [
    "PNG",
    "AnomalyDetector",
    "AnomalyScore",
    "ComplexityCorrected",
    "Compressor",
    "LikelihoodRatio",
    "NegativeLogLikelihood",
    "ReconstructionError",
    "Typicality",
    "Zlib",
    "detection",
    "mutate",
    "Bound",
    "Estimate",
    "Estimator",
    "Exact",
    "ImportanceWeighted",
    "likelihood",
    "two_phase_likelihood",
]
