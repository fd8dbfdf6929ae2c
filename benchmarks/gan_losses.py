"""Loss pairs on the same networks: what five minutes of training with each one reach on MNIST.

    python benchmarks/gan_losses.py --data FOLDER --output RUNS [--minutes 5] [--seeds 3]

The networks are those of DCGAN with 16 filters, without a condition; the critic of WGAN-GP has
layer normalization in place of batch normalization. Each loss has the optimizers of its model, and
batches of 64. 10,000 samples of seed 0 by the weights as they are; means and standard deviations
over the seeds of training. Progress is saved after each epoch: the same command goes on where a
killed one stopped. Each folder has a grid of the first 64 samples.
"""

import argparse
import os
import platform

import keras
import resumable
from judged import COLUMNS, Panel

from tfgen import DCGAN, LSGAN, WGANGP
from tfgen.losses import Hinge, NonSaturating
from tfgen.training import save_grid

SHAPE, BATCH = (28, 28, 1), 64
MODELS = {
    "NonSaturating": lambda sizes: DCGAN.default(SHAPE, loss_pair=NonSaturating(), **sizes),
    "LSGAN": lambda sizes: LSGAN.default(SHAPE, **sizes),
    "Hinge": lambda sizes: DCGAN.default(SHAPE, loss_pair=Hinge(), **sizes),
    "WGAN-GP": lambda sizes: WGANGP.default(SHAPE, **sizes),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds mnist/")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--minutes", type=float, default=5, help="of training, for each")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--filters", type=int, default=16)
    parser.add_argument("--count", type=int, default=10_000, help="samples of a figure")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    arguments = parser.parse_args()
    panel = Panel(arguments.data, os.path.join(arguments.output, "real"))
    rows = {}
    # All losses of one seed before the next one: a killed run has them all.
    for seed in range(arguments.seeds):
        for name in arguments.models:
            folder = os.path.join(arguments.output, f"{name}_{seed}")
            os.makedirs(folder, exist_ok=True)
            work = lambda: run(name, seed, folder, panel, arguments)  # noqa: B023
            figures = resumable.kept(os.path.join(folder, "figures.json"), work)
            print(f"{name}, seed {seed}: FD {figures['FD']:.2f} after {figures['steps']} steps")
            rows.setdefault(name, []).append(figures)
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    panel.show(rows, ("steps", *COLUMNS[1:]))


def run(name, seed, folder, panel, arguments):
    """Trains one, and gives its figures."""

    def build():
        keras.utils.set_random_seed(seed)
        model = MODELS[name]({"base_filters": arguments.filters, "latent_dim": 100})
        model.compile(steps_per_execution=10)
        return model

    model, seconds = resumable.fit(
        build,
        panel.train[0][: arguments.images],
        folder,
        epochs=1000,
        batch_size=BATCH,
        budget=60 * arguments.minutes,
    )
    save_grid(model.sample(64, seed=0), os.path.join(folder, "samples.png"))
    samples = model.sample(arguments.count, seed=0, batch_size=500).numpy()
    return {**panel.figures(samples), "steps": int(model.steps_seen), "seconds": seconds}


if __name__ == "__main__":
    main()
