"""How well an adversarial autoencoder's codes match a prior without a density: a Swiss roll.

    python benchmarks/swiss_roll.py --data FOLDER --output RUNS [--settings plain r1] [--split test]

Trains on fixed binarized MNIST, and measures on the 10,000 held-out images of the split:

two-sample accuracy: that of a k-nearest-neighbour classifier of codes and as many draws of the
    prior, fitted to a random half of both and tested on the other, for k = 5 and k = 100 = sqrt(n)
    (Lopez-Paz & Oquab 2017). Two samples of one distribution have 0.5; the control, the prior
    against itself, shows what is left to chance.
reconstruction: mean squared error of a pixel beside that of the training set's mean image.

Settings are chosen by the validation split, the test split is looked at once. Progress is saved
after each epoch: the same command goes on where a killed one stopped. `RUNS/SETTING/codes.png` has
the codes before and after training beside the prior.
"""

import argparse
import json
import os

import keras
import numpy as np
import resumable
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.neighbors import KNeighborsClassifier

from tfgen import AAE
from tfgen.data import load_arrays
from tfgen.distributions import SwissRoll
from tfgen.losses import R1
from tfgen.networks import DenseNetworks

SHAPE = (28, 28, 1)
BATCH_SIZE = 100
NEIGHBOURS = (5, 100)


def build(epochs, num_images, rates, **arguments):
    """A compiled AAE, its learning rates decaying to 0 along a cosine."""
    model = AAE.default(
        SHAPE,
        prior=SwissRoll(),
        architecture=DenseNetworks((256, 256)),
        discriminator_hidden=(256, 256, 256),
        **arguments,
    )
    steps = epochs * -(-num_images // BATCH_SIZE)
    decay = lambda rate: keras.optimizers.schedules.CosineDecay(rate, steps)
    reconstruction, discriminator, encoder = map(decay, rates)
    model.compile(
        {
            "reconstruction": keras.optimizers.Adam(reconstruction),
            "discriminator": keras.optimizers.Adam(discriminator, beta_1=0.5),
            "encoder": keras.optimizers.Adam(encoder, beta_1=0.5),
        },
        steps_per_execution=20,
    )
    return model


# name: learning rates of reconstruction, discriminator and encoder, and arguments of the model
SETTINGS = {
    "plain": ((1e-3, 2e-4, 2e-4), {}),
    "r1": ((5e-5, 1e-3, 5e-4), {"penalty": R1(0.05)}),
}


def two_sample_accuracy(one, other, k, seed=0):
    """Accuracy of k nearest neighbours that tell two samples of one size apart."""
    x = np.concatenate((one, other))
    y = np.repeat((0, 1), (len(one), len(other)))
    order = np.random.default_rng(seed).permutation(len(x))
    train, test = np.array_split(order, 2)
    return KNeighborsClassifier(k).fit(x[train], y[train]).score(x[test], y[test])


def codes(model, x):
    """z ~ q(z | x) of every image, `[n, 2]`."""
    blocks = np.array_split(x, 10)
    return np.concatenate([model.code(block, (7, i)) for i, block in enumerate(blocks)])


def measure(model, x, mean_image):
    """The figures of the table."""
    drawn, again = (model.prior().sample(len(x), seed=(8, i)).numpy() for i in range(2))
    z = codes(model, x)
    error = np.mean((model.reconstruct(x, batch_size=1000) - x) ** 2)
    figures = {f"accuracy, k = {k}": two_sample_accuracy(z, drawn, k) for k in NEIGHBOURS}
    figures |= {f"control, k = {k}": two_sample_accuracy(again, drawn, k) for k in NEIGHBOURS}
    return figures | {
        "squared error": float(error),
        "of the mean image": float(np.mean((mean_image - x) ** 2)),
    }


def draw(panels, path):
    """Scatter plots of points in the plane, side by side, `{title: [n, 2]}`."""
    figure = Figure(figsize=(4 * len(panels), 4), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (title, z) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        axes.scatter(*np.transpose(z), s=1, linewidths=0)
        axes.set(title=title, aspect="equal")
    figure.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds binarized_mnist/")
    parser.add_argument("--output", required=True, help="folder for checkpoints and pictures")
    parser.add_argument("--settings", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--epochs", type=int, default=16)
    arguments = parser.parse_args()
    folder = os.path.join(arguments.data, "binarized_mnist")
    x, held_out = (load_arrays(folder, split) for split in ("train", arguments.split))
    for name in arguments.settings:
        rates, values = SETTINGS[name]
        make = lambda rates=rates, values=values: build(arguments.epochs, len(x), rates, **values)
        output = os.path.join(arguments.output, name)
        keras.utils.set_random_seed(0)
        panels = {"codes before training": codes(make(), held_out)}
        model, seconds = resumable.fit(
            make, x, output, epochs=arguments.epochs, batch_size=BATCH_SIZE
        )
        figures = measure(model, held_out, x.mean(axis=0))
        panels["codes after training"] = codes(model, held_out)
        panels["prior"] = model.prior().sample(len(held_out), seed=(8, 0)).numpy()
        draw(panels, os.path.join(output, "codes.png"))
        with open(os.path.join(output, f"{arguments.split}.json"), "w") as file:
            json.dump(figures, file, indent=1)
        shown = ", ".join(f"{key} {value:.4f}" for key, value in figures.items())
        print(f"{name}: {model.epochs_seen} epochs, {seconds:.0f} s; {arguments.split}: {shown}")


if __name__ == "__main__":
    main()
