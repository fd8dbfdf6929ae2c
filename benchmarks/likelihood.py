"""Nats per image on the fixed binarized MNIST of Larochelle: 50,000 training, 10,000 test images.

    python benchmarks/likelihood.py --data FOLDER --output RUNS [--models NADE VAE] [--paper]

Protocol: the model is trained on the 50,000 training images alone, for a number of epochs that is
fixed beforehand; the 10,000 validation images are looked at after each epoch and decide nothing.
All 10,000 test images are evaluated once, at the end; of a bound also the importance-weighted one,
of 50 samples on all of them and its mean gap to 5,000 samples on 500 drawn at random. Progress is
saved after each epoch: the same command goes on where a killed one stopped. `--paper` takes the
sizes with which the papers report their own numbers, for a GPU.
"""

import argparse
import json
import math
import os
import platform
from collections.abc import Callable
from typing import NamedTuple

import keras
import resumable

from tfgen import (
    FVSBN,
    MADE,
    NADE,
    VAE,
    DiagonalBiLSTM,
    Independent,
    MarkovChain,
    PixelCNN,
    RowLSTM,
)
from tfgen.data import load_arrays
from tfgen.evaluation import likelihood, two_phase_likelihood
from tfgen.networks import DenseNetworks

NUM_TRAIN = 50_000
SHAPE = (28, 28, 1)


# These sizes and this training were chosen before `default` had a prior of the weights and a start
# at the frequencies of the training images.
PLAIN = {"weight_prior": None, "marginal_start": False}


def cosine(peak, steps, **options):
    """Adam with a learning rate that falls from `peak` to 0 along half a cosine."""
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(peak, steps), **options)


class Setting(NamedTuple):
    """How a model is built and trained.

    Attributes:
        make: `() -> model`.
        epochs, batch_size: of its training.
        optimizer: `(number of steps) -> optimizer`, or None for the model's own.
        xla: whether XLA compiles its training step.
    """

    make: Callable
    epochs: int
    batch_size: int
    optimizer: Callable | None = None
    xla: bool | str = "auto"

    def compiled(self, epochs):
        model = self.make()
        steps = epochs * math.ceil(NUM_TRAIN / self.batch_size)
        optimizer = self.optimizer and self.optimizer(steps)
        model.compile(optimizer, steps_per_execution=20, jit_compile=self.xla)
        return model


MODELS = {
    "Independent": Setting(lambda: Independent.default(SHAPE), 1, 100),
    "MarkovChain": Setting(lambda: MarkovChain.default(SHAPE), 1, 100),
    "FVSBN": Setting(
        lambda: FVSBN.default(SHAPE, kernel_regularizer=keras.regularizers.L1(1.2e-4), **PLAIN),
        50,
        20,
        lambda n: keras.optimizers.SGD(
            keras.optimizers.schedules.CosineDecay(0.03, n), momentum=0.9
        ),
        True,
    ),
    "NADE": Setting(
        lambda: NADE.default(SHAPE, direct=False, **PLAIN), 40, 100, lambda n: cosine(2e-3, n)
    ),
    "MADE": Setting(
        lambda: MADE.default(SHAPE, hidden=(1000, 1000), num_masks=4, direct_prior=None, **PLAIN),
        60,
        100,
        lambda n: cosine(1e-3, n),
        True,
    ),
    "PixelCNN": Setting(
        lambda: PixelCNN.default(SHAPE, num_features=32, num_layers=8, kernel_size=5),
        10,
        50,
        lambda n: cosine(2e-3, n, global_clipnorm=1.0),
    ),
    "VAE": Setting(
        lambda: VAE.default(SHAPE, latent_dim=40, architecture=DenseNetworks((400, 400))),
        30,
        100,
        lambda n: cosine(1e-3, n),
    ),
}
PAPER = {
    "NADE": Setting(
        lambda: NADE.default(SHAPE, direct=False, **PLAIN), 200, 100, lambda n: cosine(1e-3, n)
    ),
    "MADE": Setting(
        lambda: MADE.default(SHAPE, hidden=(8000, 8000), num_masks=32, direct_prior=None, **PLAIN),
        300,
        100,
        lambda n: cosine(1e-3, n),
    ),
    "PixelCNN": Setting(
        lambda: PixelCNN.default(SHAPE, num_features=64, num_layers=12, kernel_size=5),
        100,
        50,
        lambda n: cosine(1e-3, n, global_clipnorm=1.0),
    ),
    "RowLSTM": Setting(lambda: RowLSTM.default(SHAPE), 100, 16),
    "DiagonalBiLSTM": Setting(lambda: DiagonalBiLSTM.default(SHAPE), 100, 16),
}


def evaluate(model, x):
    """The exact log-likelihood, or the bound and that of 5,000 samples, as JSON-like estimates."""
    known = {"split": "test", "binarization": "fixed"}
    found = {"estimate": likelihood(model, x, batch_size=500, protocol=known).to_json()}
    if model.density == "bound":
        found["importance_weighted"] = two_phase_likelihood(model, x, protocol=known).to_json()
    return found


def run(name, setting, folder, data, epochs):
    epochs = epochs or setting.epochs
    model, seconds = resumable.fit(
        lambda: setting.compiled(epochs),
        load_arrays(data, "train"),
        folder,
        epochs=epochs,
        batch_size=setting.batch_size,
        validation_data=load_arrays(data, "valid"),
    )
    result = {
        "model": name,
        "parameters": model.num_free_parameters,
        "epochs": epochs,
        "minutes": seconds / 60,
        **evaluate(model, load_arrays(data, "test")),
    }
    with open(os.path.join(folder, "result.json"), "w") as file:
        json.dump(result, file, indent=2)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds binarized_mnist/")
    parser.add_argument("--output", required=True, help="folder for checkpoints and results")
    parser.add_argument("--models", nargs="+", choices=sorted({**MODELS, **PAPER}))
    parser.add_argument("--epochs", type=int, help="instead of each model's own number")
    parser.add_argument("--paper", action="store_true", help="the papers' sizes")
    arguments = parser.parse_args()
    settings = PAPER if arguments.paper else MODELS
    data = os.path.join(arguments.data, "binarized_mnist")
    rows = []
    unknown = [name for name in arguments.models or () if name not in settings]
    if unknown:
        parser.error(f"expected models among {', '.join(settings)}. Received: {', '.join(unknown)}")
    for name in arguments.models or settings:
        setting = settings[name]
        sizes = "-paper" if arguments.paper else ""
        folder = os.path.join(
            arguments.output, f"{name}-{arguments.epochs or setting.epochs}{sizes}"
        )
        rows.append(run(name, setting, folder, data, arguments.epochs))
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    header = "model", "parameters", "epochs", "minutes", "nats", "standard error", "5,000 samples"
    print("| " + " | ".join(header) + " |\n" + "|---" * len(header) + "|")
    for row in rows:
        estimate, bound = row["estimate"], row.get("importance_weighted")
        bound = f"{-bound['mean']:.2f} +- {bound['standard_error']:.2f}" if bound else "exact"
        print(
            f"| {row['model']} | {row['parameters']:,} | {row['epochs']} | {row['minutes']:.1f} |"
            f" {-estimate['mean']:.2f} | {estimate['standard_error']:.2f} | {bound} |"
        )


if __name__ == "__main__":
    main()
