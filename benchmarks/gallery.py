"""The sample grids of the README: trains on MNIST, and writes one picture for each model.

    python benchmarks/gallery.py --data FOLDER --output RUNS [--models GAN DCGAN DDPM]

The sizes suit two CPU cores. Progress is saved after each epoch: the same command goes on where a
killed one stopped. The pictures hold the first 64 samples of seed 0, none left out.
"""

import argparse
import os

import keras
import resumable

from tfgen import DCGAN, DDPM, GAN
from tfgen.data import load_arrays
from tfgen.diffusion import DDIM, CosineSchedule, Velocity
from tfgen.training import save_grid

SHAPE = (28, 28, 1)


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


# name: (builder, batch size, epochs)
MODELS = {"GAN": (gan, 128, 25), "DCGAN": (dcgan, 64, 3), "DDPM": (ddpm, 64, 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds mnist/")
    parser.add_argument("--output", required=True, help="folder for checkpoints and pictures")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    arguments = parser.parse_args()
    x = load_arrays(os.path.join(arguments.data, "mnist"), "train")
    for name in arguments.models:
        build, batch_size, epochs = MODELS[name]
        folder = os.path.join(arguments.output, name)
        model, seconds = resumable.fit(build, x, folder, epochs=epochs, batch_size=batch_size)
        save_grid(model.sample(64, seed=0), os.path.join(folder, "samples.png"))
        print(f"{name}: {model.epochs_seen} epochs, {seconds:.0f} s")


if __name__ == "__main__":
    main()
