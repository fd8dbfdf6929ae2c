"""Figures as names and numbers, and the report of all of them."""

import functools
import json

import numpy as np
import pytest

from tfgen.evaluation.fidelity import (
    class_precision_recall,
    density_coverage,
    fidelity_report,
    frechet_distance,
    kernel_distance,
    measure,
    precision_recall,
    sliced_wasserstein,
    training_neighbours,
)

RANDOM = np.random.default_rng(0)
LABELS = np.arange(40) % 2


def images(shift):
    """Two kinds of 8 x 8 images, dark and bright."""
    bright = 0.3 * LABELS[:, None, None, None]
    return (0.5 * RANDOM.random((40, 8, 8, 1)) + bright + shift).astype("float32")


REAL, FAKE, TRAINING = images(0), images(0.1), images(0)


def first_difference(real, fake):
    return float(fake[0].mean() - real[0].mean())


class Halves:
    """Features of images, and the class that a judge would see."""

    description = "means of halves"

    def __call__(self, x):
        return x.reshape(len(x), 2, 32).mean(axis=2)

    def classify(self, x):
        return (x.mean((1, 2, 3)) > 0.45).astype(int)


def test_names_are_those_of_functions_and_parts():
    kernel = functools.partial(kernel_distance, num_subsets=5)
    x, y = Halves()(REAL), Halves()(FAKE)
    found = measure((frechet_distance, kernel, precision_recall), x, y)
    assert found == {
        "frechet_distance": frechet_distance(x, y),
        "kernel_distance": kernel(x, y).mean,
        "kernel_distance_standard_error": kernel(x, y).standard_error,
        "kernel_distance_standard_deviation": kernel(x, y).standard_deviation,
        "precision": precision_recall(x, y).precision,
        "recall": precision_recall(x, y).recall,
    }
    assert list(measure((sliced_wasserstein,), REAL, FAKE)) == [
        "sliced_wasserstein_8x8",
        "sliced_wasserstein",
    ]
    with pytest.raises(ValueError, match="different names. Received: precision twice"):
        measure((precision_recall, functools.partial(precision_recall, k=1)), x, y)


def test_a_report_has_the_figures_of_samples_beside_those_of_real_images():
    report = fidelity_report(
        Halves(),
        REAL,
        FAKE,
        TRAINING,
        real_labels=LABELS,
        fake_labels=LABELS,
        training_labels=LABELS,
    )
    json.dumps(report, allow_nan=False)
    assert report["features"] == "means of halves"
    assert (report["num_real"], report["num_generated"]) == (40, 40)
    real, fake, training = map(Halves(), (REAL, FAKE, TRAINING))
    generated, ceiling = report["generated"], report["real_training_images"]
    assert generated["frechet_distance"] == pytest.approx(frechet_distance(real, fake), rel=1e-4)
    assert ceiling["frechet_distance"] == pytest.approx(frechet_distance(real, training), rel=1e-3)
    assert generated["frechet_distance"] > 3 * ceiling["frechet_distance"]
    assert generated["coverage"] == density_coverage(real, fake).coverage
    assert generated["sliced_wasserstein"] == sliced_wasserstein(REAL, FAKE)["mean"]
    neighbours = training_neighbours(training, fake, real)
    assert generated["closer_to_training_than_test_images"] == neighbours.closer
    assert generated["suspiciously_close"] == neighbours.suspicious
    # Brighter by 0.1, dark images pass for bright ones now and then.
    by_class = {str(c): np.mean(Halves().classify(FAKE[LABELS == c]) == c) for c in (0, 1)}
    assert generated["label_accuracy_by_class"] == by_class
    assert generated["label_accuracy"] == np.mean(list(by_class.values()))
    each = class_precision_recall(real, fake, LABELS, LABELS)
    assert generated["recall_by_class"] == {c: found.recall for c, found in each.items()}
    assert set(generated) - set(ceiling) == {
        "closer_to_training_than_test_images",
        "suspiciously_close",
    }


def test_a_report_of_few_samples_compares_as_many_real_ones():
    means = lambda x: x.mean((2, 3))
    report = fidelity_report(
        means,
        REAL,
        FAKE[:12],
        TRAINING,
        figures=(frechet_distance,),
        image_figures=(first_difference,),
        seed=3,
    )
    chosen = np.random.default_rng(3).permutation(40)[:12]
    expected = frechet_distance(means(REAL), means(TRAINING[chosen]))
    assert report["real_training_images"]["frechet_distance"] == pytest.approx(expected, rel=1e-4)
    for name, images in (("generated", FAKE), ("real_training_images", TRAINING[chosen])):
        assert report[name]["first_difference"] == first_difference(REAL, images)
    assert report["features"] == "<lambda>" and report["num_generated"] == 12
    assert "label_accuracy" not in report["generated"]


def test_bad_images_and_labels_are_refused():
    for arguments, options in (
        ((REAL, FAKE[:, :7], TRAINING), {}),
        ((REAL, FAKE + 1, TRAINING), {}),
        ((REAL, FAKE, TRAINING), {"fake_labels": LABELS}),
    ):
        with pytest.raises(ValueError, match="expected .* Received: "):
            fidelity_report(Halves(), *arguments, **options)
