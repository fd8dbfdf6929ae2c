"""A DCGAN of MNIST given the class: labels, distances and recall, by epoch and in the end.

    python benchmarks/conditional_dcgan.py --data FOLDER --output RUNS [--minutes 30]
        [--filters 16] [--batch 64] [--rate 2e-4] [--decay 0.999] [--pair least_squares]

Protocol: all 60,000 training images; after each epoch the Frechet distance of 10,000 samples of
seed 0, by the averaged and by the raw weights of the generator. In the end 10,000 samples of seed
1, 1,000 of each class. The judge is a classifier that saw real training images alone. Progress is
saved after each epoch: the same command goes on where a killed one stopped. `samples.png` has the
first samples of seed 0, a row for each class, none left out.
"""

import argparse
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
from tfgen.losses import Hinge, LeastSquares, NonSaturating
from tfgen.training import save_grid

SHAPE, BATCH = (28, 28, 1), 500
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


class ByEpoch(keras.callbacks.Callback):
    """Adds a line to a file after each epoch: distances by averaged and by raw weights."""

    def __init__(self, panel, path, count):
        super().__init__()
        self.panel = panel
        self.path = path
        self.count = count

    def on_epoch_end(self, epoch, logs=None):
        distances = {
            name: self.panel.distance(drawn(self.model, self.count, 0, raw)[0])
            for name, raw in (("averaged", False), ("raw", True))
        }
        line = {"epoch": self.model.epochs_seen, **distances}
        write_line(self.path, line)
        print(line, flush=True)


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
    parser.add_argument("--count", type=int, default=10_000, help="samples of a figure")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    arguments = parser.parse_args()
    panel = Panel(arguments.data, os.path.join(arguments.output, "real"))
    x, y = (each[: arguments.images] for each in panel.train)
    folder = os.path.join(arguments.output, f"conditional_{arguments.pair}")
    by_epoch = os.path.join(folder, "epochs.jsonl")
    model, seconds = resumable.fit(
        lambda: build(arguments),
        x,
        folder,
        y=y.astype("int32"),
        epochs=1000,
        batch_size=arguments.batch,
        budget=60 * arguments.minutes,
        callbacks=[ByEpoch(panel, by_epoch, arguments.count)],
    )
    shown = panel.test[0][:80], np.arange(80) % 10
    save_grid(model.preview(shown), os.path.join(folder, "samples.png"))
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"{int(model.steps_seen)} steps in {seconds / 60:.1f} minutes")
    with open(by_epoch) as file:
        print(file.read())
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
