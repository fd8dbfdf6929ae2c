"""InfoGAN on MNIST: what its codes find without labels, by steps, for several seeds.

    python benchmarks/info_gan.py --data FOLDER --output RUNS [--seeds 3] [--epochs 11]
        [--invariance 3 --rate 1e-3] [--starts 3]

Protocol: the model as published, 62 numbers of noise, Categorical(10) and two uniform codes, and
batches of 128 of all 60,000 training images, 469 steps an epoch: 11 epochs are the 5,000 updates of
the authors' code. Labels are read for the figures alone: each category stands for the class that
most of 10,000 training images of it have; the accuracy is that of 10,000 test images. "Real
statistics" are the model's own, of real images; "mixed" ones are re-estimated on as many real and
generated images, as a model without that care has them. The floor is k-means of pixels with ten
clusters, and chance; the ceiling is a classifier with labels. The bound of the mutual information
stands beside H(c). Continuous codes are compared with slant and width of the digits that they make
and of test images. Progress is saved after each epoch: the same command goes on where a killed one
stopped. `sweeps.png` has the sweeps of each seed.

`--invariance` adds the term of that weight, of the categories of images and of their jittered
copies, with `--rate` for the discriminator and Q. `--starts` trains as many starts of each seed for
one epoch, and goes on with the one whose bound on test images is the largest; no label is read.
"""

import argparse
import itertools
import os
import platform

import keras
import numpy as np
import resumable
from judged import Panel, write_line

from tfgen import InfoGAN
from tfgen.adversarial import AffineJitter, InvariantInformation
from tfgen.core import Adam
from tfgen.training import save_grid

SHAPE, BATCH = (28, 28, 1), 128


def shares_of_classes(found, y):
    """`{category: class}`, the class that most of a category's images have."""
    return {k: np.bincount(y[found == k]).argmax() for k in np.unique(found)}


def accuracy(found, y, names):
    """The share of images whose category stands for their class."""
    return float(np.mean([names.get(k, -1) == label for k, label in zip(found, y, strict=True)]))


def slant_and_width(x):
    """Slant of the ink, its horizontal shift by row, and its width, a standard deviation in pixels.

    Args:
        x: `[n, height, width, 1]`.
    Returns:
        Two arrays `[n]`; the width is that of the upright digit.
    """
    ink = x[..., 0] + 1e-6
    ink = ink / ink.sum(axis=(1, 2), keepdims=True)
    rows, columns = np.indices(ink.shape[1:])
    rows = rows - (ink * rows).sum(axis=(1, 2), keepdims=True)
    columns = columns - (ink * columns).sum(axis=(1, 2), keepdims=True)
    slant = -(ink * rows * columns).sum(axis=(1, 2)) / (ink * rows**2).sum(axis=(1, 2))
    upright = columns + slant[:, None, None] * rows
    return slant, np.sqrt((ink * upright**2).sum(axis=(1, 2)))


def correlations(numbers, x):
    """Absolute correlation of each continuous code with slant and with width."""
    return {
        name: [float(abs(np.corrcoef(each, property_)[0, 1])) for each in numbers.T]
        for name, property_ in zip(("slant", "width"), slant_and_width(x), strict=True)
    }


def k_means(x, num_clusters=10, steps=50):
    """Clusters of images by their pixels, int `[n]`."""
    random = np.random.default_rng(0)
    flat = x.reshape(len(x), -1)
    centres = flat[random.permutation(len(flat))[:num_clusters]]
    for _ in range(steps):
        nearest = np.argmin((centres**2).sum(axis=1) - 2 * flat @ centres.T, axis=1)
        centres = np.stack([flat[nearest == k].mean(axis=0) for k in range(num_clusters)])
    return nearest


def inferred(model, x):
    """Categories `[n]` and continuous codes `[n, 2]` of images."""
    shares, numbers = model.code.split(model.infer_codes(x, batch_size=500))
    return np.argmax(shares, axis=1), numbers.numpy()


def mixed(model, x):
    """A copy of the model, with statistics of as many real and generated images."""
    twin = InfoGAN.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    for begin in range(0, len(x), BATCH):
        block = x[begin : begin + BATCH]
        twin.look(block, training=True)
        twin.look(model.sample(len(block), seed=begin), training=True)
    return twin


class ByEpoch(keras.callbacks.Callback):
    """Adds a line to a file after each epoch."""

    def __init__(self, panel, path):
        super().__init__()
        self.panel = panel
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        line = figures(self.model, self.panel)
        line["information_bound"] = float(logs["information_bound"])
        write_line(self.path, line)
        print(line, flush=True)


def figures(model, panel):
    """What is known of a model at one moment."""
    (x, y), (x_test, y_test) = (
        tuple(a[:10_000] for a in each) for each in (panel.train, panel.test)
    )
    line = {"steps": int(model.steps_seen), "entropy": model.code.entropy}
    for name, each in (("real", model), ("mixed", mixed(model, x[:2560]))):
        names = shares_of_classes(inferred(each, x)[0], y)
        line[f"accuracy, {name} statistics"] = accuracy(inferred(each, x_test)[0], y_test, names)
    codes = model.code.prior().sample(2000, seed=(0, 1))
    drawn = model.sample(2000, codes=codes, seed=2, batch_size=500).numpy()
    line["of generated"] = correlations(model.code.split(codes)[1].numpy(), drawn)
    line["of test images"] = correlations(inferred(model, x_test)[1], x_test)
    return line


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds mnist/")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=11)
    parser.add_argument("--filters", type=int, default=64)
    parser.add_argument("--hidden", type=int, default=1024)
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--invariance", type=float, help="weight of the term; none if not given")
    parser.add_argument("--rate", type=float, default=2e-4, help="of discriminator and Q")
    parser.add_argument("--starts", type=int, default=1)
    arguments = parser.parse_args()
    panel = Panel(arguments.data, os.path.join(arguments.output, "real"))
    last = []
    for seed in range(arguments.seeds):
        chosen, seconds_of_others = 0, 0.0
        if arguments.starts > 1:
            chosen, seconds_of_others = best_start(arguments, panel, seed)
        model, seconds, folder = train(arguments, panel, seed, chosen, arguments.epochs)
        save_grid(model.preview((panel.test[0][:100],), seed=0), os.path.join(folder, "sweeps.png"))
        path = os.path.join(folder, f"figures_{int(model.steps_seen)}.json")
        line = resumable.kept(path, lambda: figures(model, panel))  # noqa: B023
        last.append({**line, "bound": bound(model, panel), "seconds": seconds + seconds_of_others})
    report(last, panel)


def train(arguments, panel, seed, start, epochs):
    """A model, its seconds of training and its folder."""
    name = "invariant" if arguments.invariance else "info_gan"
    folder = os.path.join(arguments.output, f"{name}_{seed}_{start}")

    def build():
        keras.utils.set_random_seed(1000 * start + seed)
        invariance = None
        if arguments.invariance:
            invariance = InvariantInformation(AffineJitter(), arguments.invariance)
        model = InfoGAN.default(
            SHAPE,
            base_filters=arguments.filters,
            hidden=arguments.hidden,
            invariance=invariance,
        )
        rates = {"discriminator": arguments.rate, "generator": 1e-3}
        model.compile(
            {name: Adam(rate, beta_1=0.5) for name, rate in rates.items()}, steps_per_execution=10
        )
        return model

    model, seconds = resumable.fit(
        build,
        panel.train[0][: arguments.images],
        folder,
        epochs=epochs,
        batch_size=BATCH,
        callbacks=[ByEpoch(panel, os.path.join(folder, "epochs.jsonl"))],
    )
    return model, seconds, folder


def best_start(arguments, panel, seed):
    """The start whose bound is the largest after one epoch, and the seconds of the others."""
    found = []
    for start in range(arguments.starts):

        def measure(start=start):
            model, seconds, _ = train(arguments, panel, seed, start, 1)
            return {"bound": bound(model, panel), "seconds": seconds}

        path = os.path.join(arguments.output, f"start_{seed}_{start}.json")
        found.append(resumable.kept(path, measure))
    chosen = int(np.argmax([each["bound"] for each in found]))
    print(f"seed {seed}: start {chosen} of {found}")
    return chosen, sum(each["seconds"] for each in found) - found[chosen]["seconds"]


def bound(model, panel):
    """The bound of the mutual information, in nats."""
    terms = model.evaluate(panel.test[0], batch_size=500, verbose=0, return_dict=True)
    return terms["information_bound"]


def report(last, panel):
    """Prints the tables."""
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print("| seed | steps | minutes | accuracy | mixed statistics | bound | H(c) | slant | width |")
    print("|---|---|---|---|---|---|---|---|---|")
    for seed, line in enumerate(last):
        best = {name: max(line["of generated"][name]) for name in ("slant", "width")}
        print(
            f"| {seed} | {line['steps']} | {line['seconds'] / 60:.1f}"
            f" | {line['accuracy, real statistics']:.3f}"
            f" | {line['accuracy, mixed statistics']:.3f} | {line['bound']:.2f}"
            f" | {line['entropy']:.2f} | {best['slant']:.2f} | {best['width']:.2f} |"
        )
    median = np.median([line["accuracy, real statistics"] for line in last])
    x, y = (each[:10_000] for each in panel.test)
    clusters = k_means(x)
    floor = accuracy(clusters, y, shares_of_classes(clusters, y))
    largest = np.bincount(y).max() / len(y)
    print(
        f"median {median:.3f}; the largest class {largest:.3f}, k-means of pixels {floor:.3f},"
        f" a classifier with labels {panel.judge.test_accuracy:.4f}"
    )
    for seed, of in itertools.product(range(len(last)), ("of generated", "of test images")):
        print(f"seed {seed}, {of}, correlations of the two numbers: {last[seed][of]}")


if __name__ == "__main__":
    main()
