"""Nats per image on the fixed binarized MNIST of Larochelle: 50,000 training, 10,000 test images.

    python benchmarks/likelihood.py --data FOLDER --output RUNS [--models NADE VAE] [--epochs N]

Protocol: the model is trained on the 50,000 training images alone, for a number of epochs that is
fixed beforehand; the 10,000 validation images are looked at after each epoch and decide nothing.
All 10,000 test images are evaluated once, at the end; the importance-weighted bound takes 2,000 of
them, drawn at random. Progress is saved after each epoch: the same command goes on where a killed
one stopped.
"""

import argparse
import json
import math
import os
import platform

import keras
import numpy as np
import resumable

from tfgen import NADE, VAE, PixelCNN
from tfgen.data import load_arrays

NUM_TRAIN = 50_000


def cosine(peak, epochs, batch_size, **options):
    """Adam with a learning rate that falls from `peak` to 0 along half a cosine."""
    steps = epochs * math.ceil(NUM_TRAIN / batch_size)
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(peak, steps), **options)


def build_nade(epochs, batch_size):
    model = NADE.default((28, 28, 1), num_hidden=500)
    model.compile(cosine(2e-3, epochs, batch_size), steps_per_execution=20)
    return model


def build_pixel_cnn(epochs, batch_size):
    model = PixelCNN.default((28, 28, 1), num_features=32, num_layers=8, kernel_size=5)
    model.compile(cosine(2e-3, epochs, batch_size, global_clipnorm=1.0), steps_per_execution=20)
    return model


def build_vae(epochs, batch_size):
    model = VAE.default((28, 28, 1), latent_dim=40, hidden=(400, 400))
    model.compile(cosine(1e-3, epochs, batch_size), steps_per_execution=50)
    return model


def evaluate_exact(model, x):
    log_prob = model.log_prob(x, batch_size=500).numpy()
    return {"nats": -log_prob.mean(), "standard_error": standard_error(log_prob)}


def evaluate_bound(model, x):
    """The ELBO of all images, and the importance-weighted bound of 2,000 of them.

    The test file is sorted by digit, so the 2,000 are drawn at random, by a fixed seed.
    """
    elbo = np.mean([model.elbo(x, seed=seed, batch_size=500) for seed in range(10)], axis=0)
    some = np.random.default_rng(0).choice(len(x), 2000, replace=False)
    bound = model.iwae_bound(x[some], num_samples=5000, seed=0, batch_size=20).numpy()
    return {
        "nats": -elbo.mean(),
        "standard_error": standard_error(elbo),
        "iwae_5000_nats": -bound.mean(),
        "iwae_5000_standard_error": standard_error(bound),
    }


def standard_error(values):
    return values.std(ddof=1) / math.sqrt(len(values))


MODELS = {
    "NADE": (build_nade, evaluate_exact, 40, 100),
    "PixelCNN": (build_pixel_cnn, evaluate_exact, 10, 50),
    "VAE": (build_vae, evaluate_bound, 30, 100),
}


def run(name, epochs, data, output):
    build, evaluate, default_epochs, batch_size = MODELS[name]
    epochs = epochs or default_epochs
    folder = os.path.join(output, f"{name}-{epochs}")
    model, seconds = resumable.fit(
        lambda: build(epochs, batch_size),
        load_arrays(data, "train"),
        folder,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=load_arrays(data, "valid"),
    )
    result = {
        "model": name,
        "parameters": sum(math.prod(v.shape) for v in model.trainable_variables),
        "epochs": epochs,
        "minutes": seconds / 60,
        **evaluate(model, load_arrays(data, "test")),
    }
    result = {k: v if isinstance(v, (str, int)) else float(v) for k, v in result.items()}
    with open(os.path.join(folder, "result.json"), "w") as file:
        json.dump(result, file, indent=2)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds binarized_mnist/")
    parser.add_argument("--output", required=True, help="folder for checkpoints and results")
    parser.add_argument("--models", nargs="+", choices=sorted(MODELS), default=sorted(MODELS))
    parser.add_argument("--epochs", type=int, help="instead of each model's own number")
    arguments = parser.parse_args()
    data = os.path.join(arguments.data, "binarized_mnist")
    rows = [run(name, arguments.epochs, data, arguments.output) for name in arguments.models]
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    header = "model", "parameters", "epochs", "minutes", "nats", "standard error", "5,000 samples"
    print("| " + " | ".join(header) + " |\n" + "|---" * len(header) + "|")
    for row in rows:
        bound = "exact"
        if "iwae_5000_nats" in row:
            bound = f"{row['iwae_5000_nats']:.2f} +- {row['iwae_5000_standard_error']:.2f}"
        print(
            f"| {row['model']} | {row['parameters']:,} | {row['epochs']} | {row['minutes']:.1f} |"
            f" {row['nats']:.2f} | {row['standard_error']:.2f} | {bound} |"
        )


if __name__ == "__main__":
    main()
