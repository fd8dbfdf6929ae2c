"""All figures of fidelity of one set of images, beside those of real images."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfgen.core import check_array
from tfgen.core.typing import ArrayLike
from tfgen.evaluation.fidelity.classes import class_precision_recall, label_accuracy
from tfgen.evaluation.fidelity.features import FeatureFunction, description_of, extract
from tfgen.evaluation.fidelity.figures import Figure, measure
from tfgen.evaluation.fidelity.frechet_distance import frechet_distance
from tfgen.evaluation.fidelity.kernel_distance import kernel_distance
from tfgen.evaluation.fidelity.prdc import density_coverage, precision_recall
from tfgen.evaluation.fidelity.sliced_wasserstein import sliced_wasserstein
from tfgen.evaluation.fidelity.training_neighbours import training_neighbours

FEATURE_FIGURES = (frechet_distance, kernel_distance, precision_recall, density_coverage)
IMAGE_FIGURES = (sliced_wasserstein,)
_PATCHED = 7  # pixels a side: images that a patch does not fit have no sliced distance


def fidelity_report(
    features: FeatureFunction,
    real: ArrayLike,
    fake: ArrayLike,
    training: ArrayLike,
    *,
    real_labels: ArrayLike | None = None,
    fake_labels: ArrayLike | None = None,
    training_labels: ArrayLike | None = None,
    figures: Sequence[Figure] = FEATURE_FIGURES,
    image_figures: Sequence[Figure] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Figures of generated images beside the same of real training images, which are the ceiling.

    As many training images are drawn as there are generated ones, so that both are judged alike.

    Args:
        features: a `Judge`, `InceptionFeatures()`, or any callable (see `extract`).
        real: real test images `[n, height, width, channels]`, float32 in [0, 1].
        fake: generated ones `[m, ...]`.
        training: the real images that the model was trained on.
        real_labels, fake_labels, training_labels: int, all three or none: classes of the images, of
            the generated ones the classes that were asked for.
        figures: functions of the features of real and generated images.
        image_figures: of the images themselves, equally many; None for the sliced Wasserstein
            distance, where patches fit.
        seed: of the training images that are drawn.
    Returns:
        JSON-like: "features", what they are of; "num_real" and "num_generated"; "generated" and
        "real_training_images", each with the figures (see `measure`). Beside these "generated" has
        "closer_to_training_than_test_images" and "suspiciously_close" (see `training_neighbours`).
        With labels both have "precision_by_class" and "recall_by_class", and, where the features
        are a `Judge`, "label_accuracy" and "label_accuracy_by_class".
    Raises:
        ValueError: bad images or labels.
    """
    shape = np.shape(real)[1:]
    real, fake, training = (
        np.asarray(check_array(images, shape, name=name))
        for name, images in (("real", real), ("fake", fake), ("training", training))
    )
    labels = (real_labels, fake_labels, training_labels)
    if any(each is None for each in labels) and not all(each is None for each in labels):
        raise ValueError("expected labels of all three sets of images, or of none. Received: some")
    if image_figures is None:
        image_figures = IMAGE_FIGURES if min(shape[:2]) >= _PATCHED else ()
    chosen = np.random.default_rng(seed).permutation(len(training))[: len(fake)]
    real_features, training_features = extract(features, real), extract(features, training)
    report: dict[str, Any] = {
        "features": description_of(features),
        "num_real": len(real),
        "num_generated": len(fake),
    }
    compared = {
        "generated": (fake, extract(features, fake), fake_labels),
        "real_training_images": (
            training[chosen],
            training_features[chosen],
            None if training_labels is None else np.asarray(training_labels)[chosen],
        ),
    }
    for name, (images, found, asked) in compared.items():
        equally = min(len(real), len(images))
        report[name] = {
            **measure(figures, real_features, found),
            **measure(image_figures, real[:equally], images[:equally]),
        }
        if asked is not None:
            report[name] |= _by_class(features, real_features, found, real_labels, asked, images)
    neighbours = training_neighbours(training_features, compared["generated"][1], real_features)
    report["generated"] |= {
        "closer_to_training_than_test_images": neighbours.closer,
        "suspiciously_close": neighbours.suspicious,
    }
    return report


def _by_class(features, real, fake, real_labels, fake_labels, images):
    by_class = class_precision_recall(real, fake, real_labels, fake_labels)
    figures: dict[str, Any] = {}
    if hasattr(features, "classify"):
        right = label_accuracy(features.classify(images), fake_labels)
        figures["label_accuracy"] = right["label_accuracy"]
        figures["label_accuracy_by_class"] = right["by_class"]
    figures["precision_by_class"] = {label: each.precision for label, each in by_class.items()}
    figures["recall_by_class"] = {label: each.recall for label, each in by_class.items()}
    return figures
