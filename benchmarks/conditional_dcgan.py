"""A DCGAN of MNIST given the class: labels, distances and recall, by epoch and in the end.

    python benchmarks/conditional_dcgan.py --data FOLDER --output RUNS [--minutes 30]
        [--filters 16] [--batch 64] [--rate 2e-4] [--decay 0.999] [--pair least_squares]
        [--mode-seeking 0.1]

Protocol: 50,000 training images; 10,000 others say after each epoch the Frechet distance of 10,000
samples of seed 0, by the averaged and by the raw weights of the generator, their recall for each
class, as a share of that of training images, and how many labels are right. The epoch that is kept
is the one of the highest recall of the worst class among those with at least 98% of the labels
right and a distance of at most 1.6. In the end 10,000 samples of it, of seed 1, 1,000 of each
class, are compared with the test images, which nothing saw before. The judge is a classifier that
saw real training images alone. Progress is saved after each epoch: the same command goes on where a
killed one stopped. `samples.png` has the first samples of seed 0, a row for each class, none left
out.
"""

import argparse
import json
import os
import platform

import keras
import numpy as np
import resumable
import tensorflow as tf
from judged import Panel, write_line

from tfgen import DCGAN
from tfgen.conditions import Classes
from tfgen.core import Adam
from tfgen.evaluation.fidelity import (
    class_precision_recall,
    extract,
    frechet_distance,
    label_accuracy,
)
from tfgen.losses import Hinge, LeastSquares, ModeSeeking, NonSaturating
from tfgen.training import save_grid

SHAPE, BATCH = (28, 28, 1), 500
HELD_OUT = 10_000
# What an epoch has to reach before its recall counts.
LEAST_RIGHT, MOST_DISTANCE = 0.98, 1.6
PAIRS = {
    "non_saturating": NonSaturating(),
    "least_squares": LeastSquares(),
    "hinge": Hinge(),
}


def build(arguments):
    model = DCGAN.default(
        SHAPE,
        base_filters=arguments.filters,
        condition=Classes(10),
        loss_pair=PAIRS[arguments.pair],
        average_decay=arguments.decay,
        mode_seeking=ModeSeeking(arguments.mode_seeking) if arguments.mode_seeking else None,
    )
    rates = {"discriminator": arguments.rate, "generator": arguments.rate}
    model.compile(
        {name: Adam(rate, beta_1=0.5) for name, rate in rates.items()}, steps_per_execution=10
    )
    return model


def drawn(model, count, seed, raw=False):
    """Samples, classes in turn, by averaged weights or by those of training."""
    labels = np.arange(count) % 10
    if not raw:
        return model.sample(count, condition=labels, seed=seed, batch_size=BATCH).numpy(), labels
    z = model.prior().sample(count, seed=(0, seed))
    given = tf.one_hot(labels, 10)
    blocks = [
        model.generator([z[i : i + BATCH], given[i : i + BATCH]]) for i in range(0, count, BATCH)
    ]
    return np.concatenate(blocks), labels


class Held:
    """Real images that no network saw, and what recall training images have of them.

    Args:
        panel: has the judge.
        x, y: the images and their classes.
        training: as many training images and their classes.
    """

    def __init__(self, panel, x, y, training):
        self.judge = panel.judge
        self.real, self.y = extract(self.judge, x), y
        self.ceiling = self.recall(extract(self.judge, training[0]), training[1])

    def recall(self, features, labels):
        """`{class: recall}`."""
        by_class = class_precision_recall(self.real, features, self.y, labels)
        return {name: each.recall for name, each in by_class.items()}

    def figures(self, images, labels):
        """The Frechet distance, the share of right labels, and the shares of recall by class."""
        features = extract(self.judge, images)
        recall = self.recall(features, labels)
        return {
            "FD": frechet_distance(self.real, features),
            "label right": label_accuracy(self.judge.classify(images), labels)["label_accuracy"],
            "recall shares": [recall[name] / self.ceiling[name] for name in self.ceiling],
        }


class ByEpoch(keras.callbacks.Callback):
    """Adds a line to a file after each epoch, and saves the model if it is the best one yet.

    Args:
        held: gives the figures.
        folder: where the lines, `epochs.jsonl`, and the model, `best.keras`, are kept.
        count: number of samples.
    """

    def __init__(self, held, folder, count):
        super().__init__()
        self.held = held
        self.lines = os.path.join(folder, "epochs.jsonl")
        self.best = os.path.join(folder, "best.keras")
        self.count = count

    def on_epoch_end(self, epoch, logs=None):
        averaged = self.held.figures(*drawn(self.model, self.count, 0))
        raw = self.held.figures(*drawn(self.model, self.count, 0, raw=True))
        line = {"epoch": self.model.epochs_seen, "averaged": averaged, "raw FD": raw["FD"]}
        before = max(map(merit, read_lines(self.lines)), default=(False, 0))
        if merit(line) >= before:
            self.model.save(self.best)
        write_line(self.lines, line)
        print(line, flush=True)


def merit(line):
    """Whether an epoch is good enough, then the recall of its worst class."""
    figures = line["averaged"]
    good = figures["label right"] >= LEAST_RIGHT and figures["FD"] <= MOST_DISTANCE
    return good, min(figures["recall shares"])


def read_lines(path):
    """The lines of a file of JSON, if there is one."""
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds mnist/")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--minutes", type=float, default=30, help="of training")
    parser.add_argument("--filters", type=int, default=16)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--decay", type=float, default=0.999, help="of the average of weights")
    parser.add_argument("--pair", choices=PAIRS, default="non_saturating", help="of losses")
    parser.add_argument("--mode-seeking", type=float, help="weight of the term; none by default")
    parser.add_argument("--count", type=int, default=10_000, help="samples of a figure")
    parser.add_argument("--images", type=int, default=50_000, help="training images")
    arguments = parser.parse_args()
    panel = Panel(arguments.data, os.path.join(arguments.output, "real"))
    x, y = panel.train
    held = Held(panel, x[-HELD_OUT:], y[-HELD_OUT:], (x[:HELD_OUT], y[:HELD_OUT]))
    count = min(arguments.images, len(x) - HELD_OUT)
    x, y = x[:count], y[:count]
    folder = os.path.join(arguments.output, f"conditional_{arguments.pair}")
    folder += f"_{arguments.mode_seeking}" if arguments.mode_seeking else ""
    by_epoch = ByEpoch(held, folder, arguments.count)
    model, seconds = resumable.fit(
        lambda: build(arguments),
        x,
        folder,
        y=y.astype("int32"),
        epochs=1000,
        batch_size=arguments.batch,
        budget=60 * arguments.minutes,
        callbacks=[by_epoch],
    )
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"{int(model.steps_seen)} steps in {seconds / 60:.1f} minutes")
    model = keras.saving.load_model(by_epoch.best)
    print(f"best of {len(read_lines(by_epoch.lines))} epochs: {model.epochs_seen}")
    shown = panel.test[0][:80], np.arange(80) % 10
    save_grid(model.preview(shown), os.path.join(folder, "samples.png"))
    rows = {}
    for name, raw in (("averaged weights", False), ("raw weights", True)):
        path = os.path.join(folder, f"{name.replace(' ', '_')}_{int(model.steps_seen)}.json")
        work = lambda: panel.figures(*drawn(model, arguments.count, 1, raw))  # noqa: B023
        rows[name] = resumable.kept(path, work)
    panel.show(rows)
    shares = panel.recall_shares(rows["averaged weights"])
    print("recall of each class, of that of real training images:")
    print(", ".join(f"{name}: {share:.2f}" for name, share in shares.items()))


if __name__ == "__main__":
    main()
