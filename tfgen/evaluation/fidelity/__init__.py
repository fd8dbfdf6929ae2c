"""How close generated images are to real ones: distances of features, and what memory would do."""

from tfgen.evaluation.fidelity.classes import class_precision_recall, label_accuracy
from tfgen.evaluation.fidelity.feature_moments import FeatureMoments
from tfgen.evaluation.fidelity.features import extract
from tfgen.evaluation.fidelity.figures import measure
from tfgen.evaluation.fidelity.frechet_distance import frechet_distance
from tfgen.evaluation.fidelity.inception import InceptionFeatures
from tfgen.evaluation.fidelity.judge import Judge, load_judge, train_judge
from tfgen.evaluation.fidelity.kernel_distance import (
    KernelDistance,
    kernel_distance,
    maximum_mean_discrepancy,
)
from tfgen.evaluation.fidelity.prdc import (
    DensityCoverage,
    PrecisionRecall,
    density_coverage,
    prdc,
    precision_recall,
)
from tfgen.evaluation.fidelity.report import fidelity_report
from tfgen.evaluation.fidelity.sliced_wasserstein import sliced_wasserstein
from tfgen.evaluation.fidelity.training_neighbours import TrainingNeighbours, training_neighbours

__all__ = [
    "DensityCoverage",
    "FeatureMoments",
    "InceptionFeatures",
    "Judge",
    "KernelDistance",
    "PrecisionRecall",
    "TrainingNeighbours",
    "class_precision_recall",
    "density_coverage",
    "extract",
    "fidelity_report",
    "frechet_distance",
    "kernel_distance",
    "label_accuracy",
    "load_judge",
    "maximum_mean_discrepancy",
    "measure",
    "prdc",
    "precision_recall",
    "sliced_wasserstein",
    "train_judge",
    "training_neighbours",
]
