"""Tables of generated images beside a floor and a ceiling, by a classifier of real ones."""

import json
import os

import numpy as np
from resumable import kept

from tfgen.data import load_arrays
from tfgen.evaluation.fidelity import (
    class_precision_recall,
    density_coverage,
    extract,
    frechet_distance,
    kernel_distance,
    label_accuracy,
    load_judge,
    precision_recall,
    train_judge,
)

TITLES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST"}
COLUMNS = ("label right", "FD", "KID", "precision", "recall", "density", "coverage")


class Panel:
    """Real images, their judge, and the figures of any others.

    Args:
        data: folder that holds that of the data set.
        output: folder where the judge and the figures of real images and of cheats are kept.
        epochs: of the judge's training.
        data_set: ten classes of images, "mnist" or "fashion_mnist".
    """

    def __init__(self, data, output, epochs=5, data_set="mnist"):
        os.makedirs(output, exist_ok=True)
        self.output = output
        load = lambda split: load_arrays(os.path.join(data, data_set), split, labels=True)
        self.train, self.test = load("train"), load("test")
        path = os.path.join(output, "judge.keras")
        if not os.path.exists(path):
            judge = train_judge(self.train, self.test, data=TITLES[data_set], epochs=epochs)
            judge.save(path)
        self.judge = load_judge(path)
        self.real = extract(self.judge, self.test[0])

    def distance(self, images):
        """The Frechet distance alone."""
        return frechet_distance(self.real, extract(self.judge, images))

    def figures(self, images, labels=None):
        """`{figure: number}` of images and of the classes that were asked for, if there are any."""
        features = extract(self.judge, images)
        kernel = kernel_distance(self.real, features)
        near, dense = precision_recall(self.real, features), density_coverage(self.real, features)
        figures = {
            "FD": frechet_distance(self.real, features),
            "KID": kernel.mean,
            "precision": near.precision,
            "recall": near.recall,
            "density": dense.density,
            "coverage": dense.coverage,
        }
        if labels is not None:
            right = label_accuracy(self.judge.classify(images), labels)
            by_class = class_precision_recall(self.real, features, self.test[1], labels)
            figures["label right"] = right["label_accuracy"]
            figures["recall by class"] = {name: each.recall for name, each in by_class.items()}
        return figures

    def references(self):
        """`{name: figures}` of as many real training images, the ceiling, and of cheats."""
        x, y = self.train
        random = np.random.default_rng(0)
        count = len(self.test[0])
        drawn = random.permutation(len(x))[:count]
        means = np.stack([x[y == digit].mean(axis=0) for digit in range(10)])
        noisy = lambda: np.clip(x[drawn] + random.normal(0, 0.1, x[drawn].shape), 0, 1)
        few = random.integers(0, 100, count)
        rows = {
            "training images": lambda: (x[drawn], y[drawn]),
            "training images, noise of 0.1": lambda: (noisy().astype("float32"), y[drawn]),
            "100 training images repeated": lambda: (x[few], y[few]),
            "the means of the classes": lambda: (means[y[drawn]], y[drawn]),
            "uniform noise": lambda: (random.random(x[drawn].shape, "float32"), y[drawn]),
        }
        path = lambda name: os.path.join(self.output, f"{name.replace(' ', '_')}.json")
        return {
            name: kept(path(name), lambda: self.figures(*make()))  # noqa: B023
            for name, make in rows.items()
        }

    def show(self, rows, columns=COLUMNS):
        """Prints a table, the references last.

        Args:
            rows: `{name: figures}`, or `{name: list of figures}` of several seeds, of which it
                shows mean and standard deviation.
            columns: names of the figures.
        """
        print(f"Judge: {self.judge.description}; {len(self.test[0]):,} real test images")
        print(f"| images | {' | '.join(columns)} |")
        print("|---" * (len(columns) + 1) + "|")
        for title, found in {**rows, **self.references()}.items():
            found = [found] if isinstance(found, dict) else found
            values = [[each[name] for each in found if name in each] for name in columns]
            print(f"| {title} | {' | '.join(map(_cell, values))} |")

    def recall_shares(self, figures):
        """Recall of each class as a share of that of real training images: `{class: share}`."""
        ceiling = self.references()["training images"]["recall by class"]
        return {name: each / ceiling[name] for name, each in figures["recall by class"].items()}


def write_line(path, line):
    """Adds a line of JSON to a file."""
    with open(path, "a") as file:
        file.write(json.dumps(line) + "\n")


def _cell(values):
    if not values:
        return ""
    mean = f"{np.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.3f}"
