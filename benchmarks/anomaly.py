"""Digits among clothes: how well models of Fashion-MNIST tell the images of MNIST from their own.

    python benchmarks/anomaly.py --data FOLDER --output RUNS [--models vae pixel_cnn]

Protocol: models are trained on the first 55,000 training images of Fashion-MNIST, for numbers of
epochs fixed beforehand. The other 5,000 set the threshold of a false-alarm rate of 5%. The figures
are of all 10,000 test images of both sets. The VAE has all 256 levels, the PixelCNNs 8. The
likelihood ratio has two background models: the same PixelCNN, trained on images of which 30% of the
pixels are drawn anew (Ren et al. 2019); and a PixelCNN of one layer, trained on the images as they
are, which sees the nearest pixels alone (Zhang et al. 2021, "On the out-of-distribution
generalization of probabilistic image modelling"). That one's first kernel, 3 rather than 5, was
chosen on 1,000 training images of MNIST; nothing else was. Trainings save their progress: the same
command goes on where a killed one stopped.
"""

import argparse
import json
import math
import os
import platform

import keras
import resumable

from tfgen import VAE, PixelCNN
from tfgen.data import load_arrays
from tfgen.distributions import LogisticMixture
from tfgen.evaluation import (
    PNG,
    AnomalyDetector,
    ComplexityCorrected,
    LikelihoodRatio,
    NegativeLogLikelihood,
    ReconstructionError,
    Typicality,
    Zlib,
    detection,
    mutate,
)
from tfgen.networks import DenseNetworks

SHAPE = (28, 28, 1)
NUM_TRAIN = 55_000
MUTATED = 0.3
NUM_SAMPLES = 2  # of z, for each bound


def adam(rate, steps, **options):
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    return keras.optimizers.Adam(schedule, **options)


def vae(steps):
    model = VAE.default(
        SHAPE, 20, DenseNetworks((400, 400)), likelihood=LogisticMixture(5, levels=256)
    )
    model.compile(adam(1e-3, steps), steps_per_execution=20)
    return model


def pixel_cnn(steps, num_layers=4, first_kernel_size=7):
    model = PixelCNN.default(
        SHAPE,
        levels=8,
        num_features=16,
        num_layers=num_layers,
        first_kernel_size=first_kernel_size,
    )
    model.compile(adam(4e-3, steps, global_clipnorm=1.0), steps_per_execution=20)
    return model


# name: (builder, levels, epochs, batch size, share of pixels drawn anew)
TRAININGS = {
    "vae": (vae, 256, 6, 100, 0.0),
    "pixel_cnn": (pixel_cnn, 8, 1, 50, 0.0),
    "background": (pixel_cnn, 8, 1, 50, MUTATED),
    "local": (lambda steps: pixel_cnn(steps, 1, 3), 8, 1, 50, 0.0),
}


def images(data, name, split, levels):
    return load_arrays(os.path.join(data, name), split, levels=levels)


def trained(name, data, output, epochs):
    """A trained model and the minutes that it took."""
    build, levels, usual, batch_size, rate = TRAININGS[name]
    epochs = epochs or usual
    x = mutate(images(data, "fashion_mnist", f"train[:{NUM_TRAIN}]", levels), rate, levels)
    steps = epochs * math.ceil(len(x) / batch_size)
    model, seconds = resumable.fit(
        lambda: build(steps),
        x,
        os.path.join(output, name),
        epochs=epochs,
        batch_size=batch_size,
    )
    return model, seconds / 60


def vae_scores(model, x_train):
    return {
        "-ELBO": NegativeLogLikelihood(NUM_SAMPLES),
        "reconstruction error": ReconstructionError(),
        "typicality": Typicality.of(model, x_train, num_samples=NUM_SAMPLES),
        "complexity-corrected, PNG": ComplexityCorrected(PNG(), NUM_SAMPLES),
        "complexity-corrected, zlib": ComplexityCorrected(Zlib(), NUM_SAMPLES),
    }


def pixel_cnn_scores(background, local):
    return {
        "-log p": NegativeLogLikelihood(),
        "likelihood ratio, mutated background": LikelihoodRatio(background),
        "likelihood ratio, local background": LikelihoodRatio(local),
        "complexity-corrected, PNG": ComplexityCorrected(PNG()),
    }


def figures(model, score, data, path):
    """The figures of one score, kept in a file."""
    if not os.path.exists(path):
        calibration = images(data, "fashion_mnist", f"train[{NUM_TRAIN}:]", model.levels)
        detector = AnomalyDetector(model, score, 0.05, batch_size=500).fit(calibration)
        normal, strange = (
            detector.decision_function(images(data, name, "test", model.levels))
            for name in ("fashion_mnist", "mnist")
        )
        row = detection(normal, strange)
        row |= {"false_alarms": (normal < 0).mean(), "found": (strange < 0).mean()}
        with open(path, "w") as file:
            json.dump(row, file)
    with open(path) as file:
        return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds fashion_mnist/ and mnist/")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--models", nargs="+", default=["vae", "pixel_cnn"])
    parser.add_argument("--epochs", type=int, help="of all trainings, in place of the usual ones")
    arguments = parser.parse_args()
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print("| model | score | AUROC | AUPR | false alarms | found | minutes |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.models:
        folder = (arguments.data, arguments.output, arguments.epochs)
        model, minutes = trained(name, *folder)
        if name == "vae":
            scores = vae_scores(model, images(arguments.data, "fashion_mnist", "train[:5000]", 256))
        else:
            others = [trained(each, *folder) for each in ("background", "local")]
            scores = pixel_cnn_scores(*(each for each, _ in others))
            minutes += sum(more for _, more in others)
        for label, score in scores.items():
            file = os.path.join(arguments.output, f"{name}-{label.replace(' ', '_')}.json")
            row = figures(model, score, arguments.data, file)
            print(
                f"| `{type(model).__name__}` | {label} | {row['auroc']:.3f} | {row['aupr']:.3f} |"
                f" {100 * row['false_alarms']:.1f}% | {100 * row['found']:.1f}% |"
                f" {minutes:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
