"""The grids of the README: trains on MNIST, and writes one picture for each model.

    python benchmarks/gallery.py --data FOLDER --output RUNS [--models GAN DCGAN DDPM VAE plane]

The sizes suit two CPU cores. Progress is saved after each epoch: the same command goes on where a
killed one stopped. The pictures hold the first 64 samples of seed 0, none left out; that of "plane"
holds the means of p(x | z) all over the plane of a VAE's codes.
"""

import argparse
import os
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import resumable
import tensorflow as tf

from tfgen import DCGAN, DDPM, GAN, VAE
from tfgen.data import load_arrays
from tfgen.diffusion import DDIM, CosineSchedule, Velocity
from tfgen.networks import DenseNetworks
from tfgen.training import save_grid

SHAPE = (28, 28, 1)
VAE_EPOCHS = 20


def gan():
    model = GAN.default(SHAPE)
    model.compile(steps_per_execution=10)
    return model


def dcgan():
    model = DCGAN.default(SHAPE, base_filters=16)
    model.compile(steps_per_execution=10)
    return model


def ddpm():
    model = DDPM.default(
        SHAPE,
        base_channels=24,
        multipliers=(1, 2),
        dropout=0.0,
        ema_decay=0.995,
        schedule=CosineSchedule(1000),
        prediction=Velocity(),
        sampler=DDIM(50),
    )
    steps = 3 * 60_000 // 64
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), steps_per_execution=10)
    return model


def vae(latent_dim):
    """One for fixed binarized MNIST."""
    networks = DenseNetworks((400, 400))
    model = VAE.default(SHAPE, latent_dim=latent_dim, architecture=networks)
    rate = keras.optimizers.schedules.CosineDecay(1e-3, VAE_EPOCHS * 500)
    model.compile(learning_rate=rate, steps_per_execution=20)
    return model


def samples(model):
    return model.sample(64, seed=0)


def plane(model, side=12):
    """Decoded codes of a plane, spaced so that each stands for the same share of the prior."""
    shares = (np.arange(side, dtype="float32") + 0.5) / side
    places = model.prior_distribution().distribution.quantile(shares[:, np.newaxis])
    across, up = tf.unstack(places, axis=1)
    z = tf.stack(tf.meshgrid(across, up[::-1]), axis=-1)
    return model.decode(tf.reshape(z, (-1, 2)))


class Setting(NamedTuple):
    """How a model is trained and shown.

    Attributes:
        build: `() -> compiled model`.
        batch_size: images of one step.
        epochs: number of epochs in all.
        data: folder of the training images.
        picture: images of a trained model.
    """

    build: Callable
    batch_size: int
    epochs: int
    data: str = "mnist"
    picture: Callable = samples


MODELS = {
    "GAN": Setting(gan, 128, 25),
    "DCGAN": Setting(dcgan, 64, 3),
    "DDPM": Setting(ddpm, 64, 3),
    "VAE": Setting(lambda: vae(40), 100, VAE_EPOCHS, "binarized_mnist"),
    "plane": Setting(lambda: vae(2), 100, VAE_EPOCHS, "binarized_mnist", plane),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder of mnist/ and binarized_mnist/")
    parser.add_argument("--output", required=True, help="folder for checkpoints and pictures")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    arguments = parser.parse_args()
    for name in arguments.models:
        build, batch_size, epochs, data, picture = MODELS[name]
        x = load_arrays(os.path.join(arguments.data, data), "train")
        folder = os.path.join(arguments.output, name)
        model, seconds = resumable.fit(build, x, folder, epochs=epochs, batch_size=batch_size)
        save_grid(picture(model), os.path.join(folder, "samples.png"))
        print(f"{name}: {model.epochs_seen} epochs, {seconds:.0f} s")


if __name__ == "__main__":
    main()
