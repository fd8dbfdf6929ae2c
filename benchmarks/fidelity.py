"""What the figures of fidelity say of real MNIST images, and of cheats.

    python benchmarks/fidelity.py --data FOLDER --output RUNS

Protocol: a classifier is trained on the 60,000 training images and kept in `RUNS/judge.keras`; its
128 features judge 10,000 images of each row against the 10,000 test images. Nearest neighbours are
looked for among all the training images. Each row that is done is kept in a file: the same command
goes on where a killed one stopped.
"""

import argparse
import os
import platform
import time

import numpy as np
from resumable import kept
from sklearn.decomposition import PCA

from tfgen.data import load_arrays
from tfgen.evaluation.fidelity import (
    density_coverage,
    extract,
    frechet_distance,
    kernel_distance,
    load_judge,
    measure,
    precision_recall,
    training_neighbours,
)
from tfgen.training import make_judge

COUNT = 10_000
FIGURES = (frechet_distance, kernel_distance, precision_recall, density_coverage)


def sets(x, y):
    """`{name: () -> images [COUNT, 28, 28, 1]}`, made of training images and their labels."""
    random = np.random.default_rng(0)
    chosen = random.permutation(len(x))[:COUNT]
    count = len(chosen)
    first = [np.flatnonzero(y == label)[0] for label in range(10)]
    means = np.stack([x[y == label].mean(axis=0) for label in range(10)])

    def principal_components(number):
        rows = x.reshape(len(x), -1)
        fitted = PCA(number, random_state=0).fit(rows)
        codes = random.normal(size=(count, number)) * np.sqrt(fitted.explained_variance_)
        return np.clip(fitted.inverse_transform(codes), 0, 1).reshape(-1, *x.shape[1:])

    noise = lambda scale: np.clip(x[chosen] + random.normal(0, scale, x[chosen].shape), 0, 1)
    return {
        "training images": lambda: x[chosen],
        "training images, noise of 0.1": lambda: noise(0.1),
        "100 training images, repeated": lambda: x[np.resize(chosen[:100], count)],
        "one image of each class, repeated": lambda: x[np.resize(first, count)],
        "a Gaussian of 100 principal components": lambda: principal_components(100),
        "means of the classes, repeated": lambda: means[np.resize(np.arange(10), count)],
        "uniform noise": lambda: random.random((count, *x.shape[1:])),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds mnist/")
    parser.add_argument("--output", required=True, help="folder of the judge and the results")
    parser.add_argument("--epochs", type=int, default=5, help="of the judge")
    arguments = parser.parse_args()
    os.makedirs(arguments.output, exist_ok=True)
    path = os.path.join(arguments.output, "judge.keras")
    mnist = os.path.join(arguments.data, "mnist")
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    if not os.path.exists(path):
        begun = time.monotonic()
        make_judge(mnist, path, epochs=arguments.epochs)
        print(f"the judge took {time.monotonic() - begun:.0f} seconds")
    judge = load_judge(path)
    print(judge.description)
    x, y = load_arrays(mnist, "train", labels=True)
    training, test = extract(judge, x), extract(judge, load_arrays(mnist, "test"))

    def figures(images):
        fake = extract(judge, np.asarray(images, "float32"))
        neighbours = training_neighbours(training, fake, test)
        return {**measure(FIGURES, test, fake), "closer": neighbours.closer}

    print(
        "| 10,000 images | Frechet distance | kernel distance | precision | recall | density |"
        " coverage | closer to training images than test images are |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for name, images in sets(x, y).items():
        file = os.path.join(arguments.output, f"{name.replace(' ', '_').replace(',', '')}.json")
        row = kept(file, lambda: figures(images()))  # noqa: B023
        print(
            f"| {name} | {row['frechet_distance']:.2f} |"
            f" {row['kernel_distance']:.3f} ± {row['kernel_distance_standard_error']:.3f} |"
            f" {row['precision']:.3f} | {row['recall']:.3f} | {row['density']:.3f} |"
            f" {row['coverage']:.3f} | {row['closer']:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
