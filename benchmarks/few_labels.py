"""100 labels of MNIST: a classifier on an autoencoder's layers, and the same network from scratch.

    python benchmarks/few_labels.py --data FOLDER --output RUNS

Protocol: an autoencoder is trained on the first 50,000 training images, binarized at 1/2, without
labels. A softmax layer on the last hidden layer of its encoder, before the code, is trained with
100 labels, 10 of each class, drawn from the same images; ten seeds draw labels, the same for every
row, and start the network. The learning rate of each row is the better of two on the other 10,000
training images, by two other seeds. On these images were chosen, too, the share of pixels that the
corruption masks, of 0.25, 0.5 and 0.75, and the number of epochs, of 3, 6 and 30, though not all
pairs were tried. All 10,000 test images are evaluated once. The linear probes read 5,000 labels.
Each figure that is done is kept in a file: the same command goes on where a killed one stopped.
"""

import argparse
import os
import platform

import numpy as np
import resumable

from tfgen import Autoencoder
from tfgen.data import load_arrays
from tfgen.evaluation import few_labels, probe_codes
from tfgen.latent import MaskingNoise

SHAPE = (28, 28, 1)
NUM_TRAIN, PROBED = 50_000, 5000
EPOCHS, BATCH_SIZE = 3, 100
RATES = (3e-4, 1e-3)
UPDATES = 100


def autoencoder():
    model = Autoencoder.default(SHAPE, corruption=MaskingNoise(0.75))
    model.compile(steps_per_execution=20)
    return model


def classify(build, train, valid, test, shuffled):
    """The learning rate that is best on the validation images, and the accuracies with it."""
    options = {"num_labels": 100, "epochs": UPDATES, "shuffled": shuffled}
    by_rate = {
        rate: few_labels(build, train, valid, seeds=(100, 101), learning_rate=rate, **options)[
            "mean"
        ]
        for rate in RATES
    }
    rate = max(by_rate, key=by_rate.get)
    return {
        "learning_rate": rate,
        "validation": by_rate,
        **few_labels(build, train, test, learning_rate=rate, **options),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds mnist/")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of the autoencoder")
    arguments = parser.parse_args()
    load = lambda split: load_arrays(
        os.path.join(arguments.data, "mnist"), split, binarize="threshold", labels=True
    )
    train, valid = load(f"train[:{NUM_TRAIN}]"), load(f"train[{NUM_TRAIN}:]")
    test = load("test")
    model, seconds = resumable.fit(
        autoencoder,
        train[0],
        os.path.join(arguments.output, "autoencoder"),
        epochs=arguments.epochs,
        batch_size=BATCH_SIZE,
    )
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"the autoencoder took {seconds / 60:.1f} minutes")
    untrained = autoencoder()
    fresh = lambda: autoencoder().classifier(10, "hidden", trainable=True)
    rows = {
        "fine-tuned": (lambda: model.classifier(10, "hidden", trainable=True), False),
        "from scratch": (fresh, False),
        "fine-tuned, labels shuffled": (
            lambda: model.classifier(10, "hidden", trainable=True),
            True,
        ),
        "softmax alone": (lambda: model.classifier(10, "hidden"), False),
        "softmax alone, untrained encoder": (lambda: untrained.classifier(10, "hidden"), False),
    }
    print("| 100 labels | test accuracy | standard deviation | learning rate |")
    print("|---|---|---|---|")
    for name, (build, shuffled) in rows.items():
        path = os.path.join(arguments.output, f"{name.replace(' ', '_')}.json")
        row = resumable.kept(path, lambda: classify(build, train, valid, test, shuffled))  # noqa: B023
        print(
            f"| {name} | {100 * row['mean']:.1f}% | {100 * row['standard_deviation']:.1f} |"
            f" {row['learning_rate']:g} |",
            flush=True,
        )
    encode = lambda each: lambda x: np.asarray(each.encode(x, batch_size=1000))
    few = tuple(array[:PROBED] for array in train)
    probes = resumable.kept(
        os.path.join(arguments.output, "probes.json"),
        lambda: probe_codes(
            encode(model), few, test, untrained=encode(untrained), inverse_penalty=0.01
        ),
    )
    print(f"\n| linear probe, {PROBED:,} labels | test accuracy |")
    print("|---|---|")
    for name, accuracy in probes.items():
        print(f"| {name} | {100 * accuracy:.1f}% |")


if __name__ == "__main__":
    main()
