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
from tfgen.evaluation.representation import few_labels, linear_probe, probe_codes
from tfgen.evaluation.two_phase import two_phase_likelihood

__all__ = [
    "AnomalyDetector",
    "AnomalyScore",
    "Bound",
    "ComplexityCorrected",
    "Compressor",
    "Estimate",
    "Estimator",
    "Exact",
    "ImportanceWeighted",
    "LikelihoodRatio",
    "NegativeLogLikelihood",
    "PNG",
    "ReconstructionError",
    "Typicality",
    "Zlib",
    "detection",
    "few_labels",
    "likelihood",
    "linear_probe",
    "mutate",
    "probe_codes",
    "two_phase_likelihood",
]
