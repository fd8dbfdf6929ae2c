"""Figures for each class: whether a label is obeyed, and how well each class is covered."""

from typing import Any

import numpy as np

from tfgen.core.typing import ArrayLike
from tfgen.evaluation.fidelity.features import check_pair
from tfgen.evaluation.fidelity.prdc import PrecisionRecall, precision_recall


def label_accuracy(predicted: ArrayLike, labels: ArrayLike) -> dict[str, Any]:
    """How often generated images show the class that was asked for, as a classifier sees them.

    Args:
        predicted: int `[n]`, the classes that a classifier of real images sees, such as
            `judge.classify(images)`.
        labels: int `[n]`, the classes that were asked for.
    Returns:
        `{"label_accuracy": share of all images, "by_class": {class: share of its images}}`; the
        classes are strings, as JSON has them.
    Raises:
        ValueError: no labels, labels that are no integers, or another number of them.

    Example:
        >>> label_accuracy([1, 0, 1], [1, 1, 1])["by_class"]
        {'1': 0.6666666666666666}
    """
    labels = _check_labels(labels, "labels", len(np.atleast_1d(predicted)))
    predicted = _check_labels(predicted, "predicted", len(labels))
    right = predicted == labels
    return {
        "label_accuracy": float(right.mean()),
        "by_class": {str(c): float(right[labels == c].mean()) for c in np.unique(labels)},
    }


def class_precision_recall(
    real: ArrayLike, fake: ArrayLike, real_labels: ArrayLike, fake_labels: ArrayLike, k: int = 3
) -> dict[str, PrecisionRecall]:
    """`precision_recall` of each class by itself: a class that is missing shows.

    Args:
        real, fake: features, `[n, d]` and `[m, d]`.
        real_labels, fake_labels: int `[n]` and `[m]`; of the generated images the classes that
            were asked for.
        k: as for `precision_recall`; each class needs more than k rows of both.
    Returns:
        `{class: PrecisionRecall}` of the classes of the real images, as strings.
    Raises:
        ValueError: bad features or labels, or too few rows of a class.
    """
    real, fake = check_pair(real, fake)
    real_labels = _check_labels(real_labels, "real_labels", len(real))
    fake_labels = _check_labels(fake_labels, "fake_labels", len(fake))
    figures = {}
    for label in np.unique(real_labels):
        own = real[real_labels == label], fake[fake_labels == label]
        if min(map(len, own)) <= k:
            raise ValueError(
                f"expected more than k = {k} rows of each class. Received: {len(own[0])} real and"
                f" {len(own[1])} generated ones of class {label}"
            )
        figures[str(label)] = precision_recall(*own, k)
    return figures


def _check_labels(labels, name, count):
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu" or labels.shape != (count,) or not count:
        raise ValueError(
            f"expected {name} to be integers of shape ({count},), at least one. Received:"
            f" {labels.dtype} of shape {labels.shape}"
        )
    return labels
