"""What all models of a comparison are measured by: the same real images, and one judge."""

import os
from typing import Any

import numpy as np

from tfgen import data as datasets
from tfgen.evaluation.fidelity import label_accuracy, training_neighbours
from tfgen.evaluation.fidelity.features import extract
from tfgen.evaluation.fidelity.figures import measure
from tfgen.evaluation.fidelity.report import FEATURE_FIGURES
from tfgen.training.pictures import of_images
from tfgen.training.run_judge import judge_of_run


class Panel:
    """Real examples of a data set, and a classifier of them by whose features samples are judged.

    The judge sees the training images alone. There is none for vectors, nor for images without
    classes: then there are no figures of fidelity.

    Args:
        path: of the judge's file, which is written where it is missing.
        data: name or path of the data set.
        split: whose examples are compared with samples.
        seed: of the judge, and of what is drawn of the data.
        binarize, channels: how the images are prepared (see `tfgen.data.load`).

    Attributes:
        test, training: examples `[n, *event_shape]`, float32.
        labels: classes `[n]` of the test examples, or texts; None where there are none.
        judge: the classifier, or None.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        data: str | os.PathLike,
        *,
        split: str = "test",
        seed: int = 0,
        binarize: str | None = None,
        channels: int | None = None,
    ) -> None:
        info = datasets.info(data, "train", channels=channels)
        known = bool(info.num_classes or info.vocabulary)
        prepared = {"binarize": binarize, "channels": channels}
        read = lambda which: datasets.load_arrays(data, which, labels=known, seed=seed, **prepared)
        self.training, _ = read("train") if known else (read("train"), None)
        self.test, self.labels = read(split) if known else (read(split), None)
        self.images = of_images(info.event_shape)
        self.judge = None
        if self.images and info.num_classes:
            self.judge = judge_of_run(path, {"data": data, "seed": seed, **prepared})
            self.training_features = extract(self.judge, self.training)
            self.test_features = extract(self.judge, self.test)
        elif self.images:
            flat = lambda images: images.reshape(len(images), -1)
            self.training_features, self.test_features = flat(self.training), flat(self.test)

    def conditions(self, count: int) -> np.ndarray | None:
        """As many conditions: those of the test examples, one after the other."""
        return None if self.labels is None else self.labels[np.arange(count) % len(self.labels)]

    def figures(self, samples: np.ndarray, asked: np.ndarray | None = None) -> dict[str, Any]:
        """How close samples are to the test images.

        Args:
            samples: `[n, *event_shape]`.
            asked: the classes that they were drawn for, int `[n]`; None for none.
        Returns:
            JSON-like (see `measure`), empty without a judge; with "label_accuracy" where classes
            were asked for, and "suspiciously_close" (see `training_neighbours`).
        """
        if self.judge is None:
            return {}
        found = extract(self.judge, samples)
        figures = measure(FEATURE_FIGURES, self.test_features, found)
        neighbours = training_neighbours(self.training_features, found, self.test_features)
        figures["suspiciously_close"] = neighbours.suspicious
        if asked is not None and np.issubdtype(np.asarray(asked).dtype, np.integer):
            figures |= _accuracy(self.judge, samples, asked)
        return figures

    def real(self, count: int, seed: int = 0) -> tuple[np.ndarray, dict[str, Any]]:
        """As many training examples in the place of samples: the best that a model can do."""
        chosen = np.random.default_rng(seed).permutation(len(self.training))[:count]
        figures = {}
        if self.judge is not None:
            figures = measure(FEATURE_FIGURES, self.test_features, self.training_features[chosen])
            if np.issubdtype(np.asarray(self.labels).dtype, np.integer):
                figures |= _accuracy(self.judge, self.test, self.labels)
        return self.training[chosen], figures

    def nearest(self, samples: np.ndarray) -> np.ndarray:
        """The training image that is nearest to each sample, by the judge's features or pixels."""
        if self.judge is None:
            found = samples.reshape(len(samples), -1)
        else:
            found = extract(self.judge, samples)
        found = training_neighbours(self.training_features, found, self.test_features)
        return self.training[found.indices]


def _accuracy(judge, images, labels):
    return {"label_accuracy": label_accuracy(judge.classify(images), labels)["label_accuracy"]}
