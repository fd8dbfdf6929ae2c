"""A StarGAN between digits in four colours of ink, whose recolouring is known exactly.

    python benchmarks/star_gan.py --data FOLDER --output RUNS [--minutes 30] [--batch 8]
        [--filters 16] [--blocks 2] [--halvings 0] [--judge-filters 32]
        [--judge-halvings 2] [--rate 5e-4] [--decay 0.998] [--least-squares]

Protocol: MNIST's 60,000 training digits, padded to 32x32, each in one of four colours on black, by
turns; the colours are the domains. Of the 10,000 test digits, each in a colour and with another one
for its target: the mean absolute difference, over pixels and channels, of the translation to the
digit in the target's colour; the share whose domain, and whose digit, judges find, which saw real
training images alone. Beside it what could pass for a translation: the digit as it is, the digit in
grey, and the mean training image of the target. The generator's rate falls to 0 along a line in the
second half of the time. `--least-squares` has that pair of losses and no penalty, and a generator
that moves at every step, in place of the published ones. Progress is saved every 1,000 steps, and
the difference of 1,000 test digits written down: the same command goes on where a killed one
stopped. `samples.png` has the first test digits, each beside its translations, none left out.
"""

import argparse
import os
import platform

import keras
import numpy as np
import resumable
from judged import write_line

from tfgen import StarGAN
from tfgen.conditions import Classes
from tfgen.core import Adam
from tfgen.data import load_arrays
from tfgen.evaluation.fidelity import load_judge, train_judge
from tfgen.losses import LeastSquares
from tfgen.training import save_grid

COLOURS = np.float32([[0.9, 0.2, 0.2], [0.2, 0.8, 0.3], [0.3, 0.4, 1.0], [0.9, 0.8, 0.1]])
BLOCK, STEPS = 100, 1000


def coloured(digits, domains):
    """Digits `[n, 28, 28, 1]` in the colours of their domains, `[n, 32, 32, 3]`."""
    padded = np.pad(digits, ((0, 0), (2, 2), (2, 2), (0, 0)))
    return padded * COLOURS[domains][:, None, None]


def build(arguments):
    variant = {}
    if arguments.least_squares:
        variant = {"loss_pair": LeastSquares(), "penalty": None, "discriminator_steps": 1}
    model = StarGAN.default(
        (32, 32, 3),
        Classes(len(COLOURS)),
        base_filters=arguments.filters,
        num_blocks=arguments.blocks,
        num_halvings=arguments.halvings,
        kernel_size=5,
        judge_filters=arguments.judge_filters,
        judge_halvings=arguments.judge_halvings,
        average_decay=arguments.decay,
        **variant,
    )
    optimizers = {
        name: Adam(arguments.rate, beta_1=0.5, beta_2=0.999)
        for name in ("discriminator", "generator")
    }
    model.compile(optimizers, steps_per_execution=10)
    return model


class ByEpoch(keras.callbacks.Callback):
    """Adds the mean absolute difference to a file after each epoch."""

    def __init__(self, path, x, targets, truth):
        super().__init__()
        self.path = path
        self.x, self.targets, self.truth = x, targets, truth

    def on_epoch_end(self, epoch, logs=None):
        images = self.model.translate(self.x, self.targets, batch_size=BLOCK).numpy()
        difference = float(np.abs(images - self.truth).mean())
        line = {"epoch": self.model.epochs_seen, "difference": difference}
        write_line(self.path, line)
        print(line, flush=True)


def judges(folder, digits, domains, classes, tests, epochs):
    """Classifiers of the domain and of the digit, of real training images."""
    x = coloured(digits, domains)
    found = []
    for name, labels, test in zip(
        ("domain", "digit"), (domains, classes), (tests[1], tests[2]), strict=True
    ):
        path = os.path.join(folder, f"{name}.keras")
        if not os.path.exists(path):
            train_judge((x, labels), (tests[0], test), data=f"the {name}", epochs=epochs).save(path)
        found.append(load_judge(path))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds mnist/")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--minutes", type=float, default=30, help="of training")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--filters", type=int, default=16)
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--halvings", type=int, default=0, help="of the generator's sides")
    parser.add_argument("--judge-filters", type=int, default=32)
    parser.add_argument("--judge-halvings", type=int, default=2, help="of the discriminator's")
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--decay", type=float, default=0.998, help="of the average of weights")
    parser.add_argument("--least-squares", action="store_true")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--count", type=int, default=10_000, help="test images")
    parser.add_argument("--judge-epochs", type=int, default=3)
    arguments = parser.parse_args()
    os.makedirs(arguments.output, exist_ok=True)
    load = lambda split, n: (
        each[:n] for each in load_arrays(os.path.join(arguments.data, "mnist"), split, labels=True)
    )
    digits, classes = load("train", arguments.images)
    tests, test_classes = load("test", arguments.count)
    domains = np.arange(len(digits)) % len(COLOURS)
    sources = np.arange(len(tests)) % len(COLOURS)
    # Each of the other colours for a third of the digits.
    targets = (sources + 1 + np.arange(len(tests)) // len(COLOURS) % 3) % len(COLOURS)
    x, truth = coloured(tests, sources), coloured(tests, targets)
    by_epoch = os.path.join(arguments.output, "epochs.jsonl")
    some = slice(0, min(1000, len(x)))
    train = coloured(digits, domains)
    folder, budget = os.path.join(arguments.output, "model"), 60 * arguments.minutes
    model, seconds = resumable.fit(
        lambda: build(arguments),
        train,
        folder,
        y=domains.astype("int32"),
        epochs=10_000,
        batch_size=arguments.batch,
        steps_per_epoch=min(STEPS, len(train) // arguments.batch),
        budget=budget,
        callbacks=[
            resumable.Decay(arguments.rate, budget, folder, "generator"),
            ByEpoch(by_epoch, x[some], targets[some], truth[some]),
        ],
    )
    save_grid(model.preview((x[:32], sources[:32])), os.path.join(arguments.output, "samples.png"))
    of_domain, of_digit = judges(
        arguments.output,
        digits,
        domains,
        classes,
        (x, sources, test_classes),
        arguments.judge_epochs,
    )
    grey = np.broadcast_to(x.mean(axis=-1, keepdims=True), x.shape)
    means = np.stack([train[domains == each].mean(axis=0) for each in range(len(COLOURS))])
    rows = {
        "StarGAN": model.translate(x, targets, batch_size=BLOCK).numpy(),
        "digits in the target's colour": truth,
        "digits as they are": x,
        "digits in grey": grey,
        "the mean image of the target": means[targets],
    }
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"{int(model.steps_seen)} steps in {seconds / 60:.1f} minutes")
    print(f"Judges: {of_domain.description}; {of_digit.description}")
    print("| images | mean absolute difference | domain right | digit unchanged |")
    print("|---|---|---|---|")
    for name, images in rows.items():
        difference = np.abs(images - truth).mean()
        right = np.mean(of_domain.classify(images) == targets)
        unchanged = np.mean(of_digit.classify(images) == test_classes)
        print(f"| {name} | {difference:.4f} | {right:.3f} | {unchanged:.3f} |")


if __name__ == "__main__":
    main()
