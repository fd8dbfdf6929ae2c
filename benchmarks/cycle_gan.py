"""A CycleGAN between digits and coloured outlines of other digits, whose truth is known exactly.

    python benchmarks/cycle_gan.py --data FOLDER --output RUNS [--minutes 30] [--batch 4]
        [--filters 16] [--blocks 2] [--judge-filters 32] [--rate 2e-4] [--decay 0.998]

Protocol: one half of MNIST's training digits, padded to 32x32, against the outlines of the other
half: dilation minus erosion by 3x3 pixels, in one fixed colour on another. No outline is of a digit
that the model sees. Of the 10,000 test digits the mean absolute difference, over pixels and
channels, of their translation to their own outline; of the round trip to a digit and back the
classes that a judge finds, which saw real training images alone. Beside it what could pass for a
translation: the digit itself, the best colour for all pixels, and the best colours for each grey
level, both chosen with the test outlines at hand. The rate falls to 0 along a line in the second
half of the time. Progress is saved every 1,000 steps: the same command goes on where a killed one
stopped. `samples.png` has the first test digits: digit, translation, truth, round trip; none left
out.
"""

import argparse
import os
import platform

import keras
import numpy as np
import resumable
import tensorflow as tf
from judged import Panel, write_line

from tfgen import CycleGAN
from tfgen.core import Adam
from tfgen.training import save_grid

INK, GROUND = np.float32([0.9, 0.7, 0.1]), np.float32([0.05, 0.1, 0.4])
STEPS, BLOCK, SHOWN = 1000, 100, 24


def padded(digits):
    """28x28 to 32x32."""
    return np.pad(digits, ((0, 0), (2, 2), (2, 2), (0, 0)))


def outlines(digits):
    """Dilation minus erosion of digits in [0, 1], 3x3, as a share of the ink on the ground."""
    filters = tf.zeros((3, 3, 1))
    options = {"strides": [1] * 4, "padding": "SAME", "dilations": [1] * 4, "data_format": "NHWC"}
    around = lambda x: tf.nn.dilation2d(x, filters, **options).numpy()
    edges = np.concatenate(
        [around(part) + around(-part) for part in np.split(digits, range(1000, len(digits), 1000))]
    )
    return (GROUND + edges * (INK - GROUND)).astype("float32")


def build(arguments):
    model = CycleGAN.default(
        (32, 32, 1),
        (32, 32, 3),
        base_filters=arguments.filters,
        num_blocks=arguments.blocks,
        num_halvings=1,
        kernel_size=5,
        judge_filters=arguments.judge_filters,
        judge_halvings=1,
        average_decay=arguments.decay,
    )
    names = [phase.name for phase in model.phases()]
    model.compile(
        {name: Adam(arguments.rate, beta_1=0.5) for name in names}, steps_per_execution=10
    )
    return model


class ByEpoch(keras.callbacks.Callback):
    """Adds a line to a file after each epoch: the difference on the first 1,000 test digits."""

    def __init__(self, path, digits, truth):
        super().__init__()
        self.path = path
        self.digits = digits[:1000]
        self.truth = truth[:1000]

    def on_epoch_end(self, epoch, logs=None):
        made = self.model.translate(self.digits, batch_size=BLOCK).numpy()
        line = {"steps": int(self.model.steps_seen), "L1": difference(made, self.truth)}
        write_line(self.path, line)
        print(line, flush=True)


def difference(made, truth):
    return float(np.mean(np.abs(made - truth)))


def best_colours(digits, truth):
    """For each grey level the colour of the least difference: the median, channel by channel."""
    levels = np.rint(255 * digits[..., 0]).astype(int)
    order = np.argsort(levels, axis=None, kind="stable")
    colours = truth.reshape(-1, 3)[order]
    begins = np.searchsorted(levels.ravel()[order], np.arange(257))
    table = np.zeros((256, 3), "float32")
    for level, (begin, end) in enumerate(zip(begins, begins[1:], strict=False)):
        if end > begin:
            table[level] = np.median(colours[begin:end], axis=0)
    return table[levels]


def controls(digits, truth):
    """`{name: difference}` of what could pass for a translation."""
    colour = np.median(truth.reshape(-1, 3), axis=0)
    made = {
        "the digit itself": np.repeat(digits, 3, axis=-1),
        "one colour for all pixels": np.broadcast_to(colour, truth.shape),
        "a colour for each grey level": best_colours(digits, truth),
        "the outline itself": truth,
    }
    return {name: difference(each, truth) for name, each in made.items()}


def figures(model, panel, digits, truth):
    """Of the test digits and of their outlines, there and back."""
    labels = panel.test[1][: len(digits)]
    right = lambda x: float(np.mean(panel.judge.classify(x[:, 2:30, 2:30]) == labels))
    translate = lambda x, to: model.translate(x, to=to, batch_size=BLOCK).numpy()
    made = translate(digits, "b")
    back, from_truth = translate(made, "a"), translate(truth, "a")
    return {
        "L1 to the outline": difference(made, truth),
        "L1 of outlines to digits": difference(from_truth, digits),
        "digit right": right(digits),
        "digit right after the round trip": right(back),
        "digit right, of outlines": right(from_truth),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds mnist/")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--minutes", type=float, default=30, help="of training")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--filters", type=int, default=16, help="of the generators")
    parser.add_argument("--blocks", type=int, default=2, help="residual ones of a generator")
    parser.add_argument("--judge-filters", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--decay", type=float, default=0.998, help="of the average of weights")
    parser.add_argument("--count", type=int, default=10_000, help="test digits of the figures")
    arguments = parser.parse_args()
    panel = Panel(arguments.data, os.path.join(arguments.output, "real"))
    half = len(panel.train[0]) // 2
    a = padded(panel.train[0][:half])
    b = outlines(padded(panel.train[0][half:]))
    digits = padded(panel.test[0][: arguments.count])
    truth = outlines(digits)
    folder = os.path.join(arguments.output, "cycle")
    by_epoch = os.path.join(folder, "epochs.jsonl")
    budget = 60 * arguments.minutes
    model, seconds = resumable.fit(
        lambda: build(arguments),
        a,
        folder,
        y=b,
        epochs=1000,
        steps_per_epoch=min(STEPS, half // arguments.batch),
        batch_size=arguments.batch,
        budget=budget,
        callbacks=[
            resumable.Decay(arguments.rate, budget, folder),
            ByEpoch(by_epoch, digits, truth),
        ],
    )
    path = os.path.join(folder, f"figures_{int(model.steps_seen)}.json")
    found = resumable.kept(path, lambda: figures(model, panel, digits, truth))
    made = model.translate(digits[:SHOWN])
    grey = lambda x: np.repeat(x, 3, axis=-1)
    columns = [grey(digits[:SHOWN]), made, truth[:SHOWN], grey(model.translate(made, to="a"))]
    grid = np.stack(columns, axis=1).reshape(-1, 12, 32, 32, 3)
    save_grid(grid, os.path.join(folder, "samples.png"))
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"Judge: {panel.judge.description}")
    sizes = [network.count_params() for network in (model.to_b, model.to_a)]
    judges = [model.discriminator_a.count_params(), model.discriminator_b.count_params()]
    print(f"parameters: generators {sizes}, discriminators {judges}")
    print(f"{int(model.steps_seen)} steps of {arguments.batch} in {seconds / 60:.1f} minutes")
    with open(by_epoch) as file:
        print(file.read())
    for name, value in found.items():
        print(f"| {name} | {value:.4f} |")
    for name, value in controls(digits, truth).items():
        print(f"| L1 to the outline of {name} | {value:.4f} |")


if __name__ == "__main__":
    main()
