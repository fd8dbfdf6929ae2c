"""Figures for each class."""

import numpy as np
import pytest

from tfgen.evaluation.fidelity import class_precision_recall, label_accuracy, precision_recall


def test_label_accuracy_is_of_the_classes_asked_for():
    found = label_accuracy(np.array([0, 1, 1, 2, 2, 2]), np.array([0, 0, 1, 2, 2, 7]))
    assert found == {"label_accuracy": 4 / 6, "by_class": {"0": 0.5, "1": 1.0, "2": 1.0, "7": 0.0}}


def test_each_class_is_judged_by_itself():
    random = np.random.default_rng(0)
    real = random.normal(size=(60, 3))
    labels = np.arange(60) % 3
    # Class 2 is asked for and class 1 is drawn: the whole set's recall hardly says so.
    fake = real.copy()
    real[labels == 2] += 100
    found = class_precision_recall(real, fake, labels, labels)
    assert found["0"] == found["1"] == (1, 1)
    assert found["2"] == (0, 0)
    own = labels == 0
    assert found["0"] == precision_recall(real[own], fake[own])


@pytest.mark.parametrize(
    "labels", [np.zeros(5), np.zeros((5, 1), int), np.zeros(4, int), np.array([])], ids=str
)
def test_bad_labels_are_refused(labels):
    with pytest.raises(ValueError, match="expected .*integers of shape .* Received: "):
        label_accuracy(np.zeros(5, int), labels)


def test_a_class_with_too_few_images_is_refused():
    with pytest.raises(
        ValueError, match="more than k = 3 rows of each class. Received: 4 real and"
    ):
        class_precision_recall(np.eye(8), np.eye(8), np.arange(8) // 4, np.zeros(8, int))
