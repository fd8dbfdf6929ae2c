"""Figures by which models are compared."""

from tfgen.evaluation import fidelity
from tfgen.evaluation.annealed_importance_sampling import AnnealedImportanceSampling
from tfgen.evaluation.anomaly import AnomalyDetector, detection
from tfgen.evaluation.anomaly_scores import (
    AnomalyScore,
    ComplexityCorrected,
    LikelihoodRatio,
    NegativeLogLikelihood,
    ReconstructionError,
    Typicality,
)
from tfgen.evaluation.bidirectional import Bidirectional, bidirectional_gap
from tfgen.evaluation.compressors import PNG, Compressor, Zlib
from tfgen.evaluation.divergence import Divergence, kl_divergence, tabulate
from tfgen.evaluation.estimate import Estimate
from tfgen.evaluation.estimators import Bound, Estimator, Exact, ImportanceWeighted
from tfgen.evaluation.latent_information import LatentInformation, latent_information
from tfgen.evaluation.likelihood import likelihood
from tfgen.evaluation.mutation import mutate
from tfgen.evaluation.normal_fits import NormalFit, covering_normal, seeking_normal
from tfgen.evaluation.representation import few_labels, linear_probe, probe_codes
from tfgen.evaluation.risk import Risk, learning_curve
from tfgen.evaluation.two_phase import two_phase_likelihood
from tfgen.evaluation.variational_gap import VariationalGap, variational_gap

__all__ = [
    "AnnealedImportanceSampling",
    "AnomalyDetector",
    "AnomalyScore",
    "Bidirectional",
    "Bound",
    "ComplexityCorrected",
    "Compressor",
    "Divergence",
    "Estimate",
    "Estimator",
    "Exact",
    "ImportanceWeighted",
    "LatentInformation",
    "LikelihoodRatio",
    "NegativeLogLikelihood",
    "NormalFit",
    "PNG",
    "ReconstructionError",
    "Risk",
    "Typicality",
    "VariationalGap",
    "Zlib",
    "bidirectional_gap",
    "covering_normal",
    "detection",
    "few_labels",
    "fidelity",
    "kl_divergence",
    "latent_information",
    "learning_curve",
    "likelihood",
    "linear_probe",
    "mutate",
    "probe_codes",
    "seeking_normal",
    "tabulate",
    "two_phase_likelihood",
    "variational_gap",
]
