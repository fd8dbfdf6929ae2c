"""A DDPM of colour images: what a budget of minutes gives, or the paper's settings for a GPU.

    python benchmarks/colour_ddpm.py --data IMAGES --output RUNS [--minutes 60] [--paper]

IMAGES is a name or a path as `tfgen.data.load_arrays` takes it, such as "cifar10" where TFDS has it
prepared, or a folder of images with subfolders "train" and "test"; all training images are used, of
one size. `--paper` has the network, the batches of 128, the rate and the average of Ho et al.
(2020), appendix B, 800,000 steps and samples by all 1,000 steps of the reverse process; images are
not mirrored. Without it the network has 32 channels in place of 128, and the minutes end the
training. Progress is saved every 500 steps, or every epoch: the same command goes on where a killed
one stopped. `samples.png` has the first 64 samples of seed 0, none left out.
"""

import argparse
import os
import platform

import keras
import resumable

from tfgen import DDPM
from tfgen.data import load_arrays
from tfgen.diffusion import Ancestral, CosineSchedule, DPMSolver, LinearSchedule, Velocity
from tfgen.training import save_grid

PAPER = {
    "base_channels": 128,
    "multipliers": (1, 2, 2, 2),
    "num_blocks": 2,
    "attention_at": (1,),
    "patch_size": 1,
    "schedule": LinearSchedule(1000),
    "sampler": Ancestral(),
    "ema_decay": 0.9999,
}
SMALL = {
    "base_channels": 32,
    "multipliers": (1, 2, 4),
    "num_blocks": 1,
    "attention_at": (1, 2),
    "patch_size": 1,
    "dropout": 0.0,
    "schedule": CosineSchedule(1000),
    "prediction": Velocity(),
    "sampler": DPMSolver(20),
    "ema_decay": 0.998,
}


def rate(highest, warm_up):
    """Up along a line for `warm_up` steps, then constant."""
    steps = keras.optimizers.schedules.PolynomialDecay(highest / warm_up, warm_up, highest)
    return keras.optimizers.Adam(steps, global_clipnorm=1.0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="name or path of images")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--minutes", type=float, default=60, help="the most that training takes")
    parser.add_argument("--paper", action="store_true", help="the paper's settings")
    parser.add_argument("--steps", type=int, default=800_000, help="of training")
    parser.add_argument("--batch", type=int, help="128 with --paper, else 32")
    parser.add_argument("--samples", type=int, default=64)
    arguments = parser.parse_args()
    x = load_arrays(arguments.data, "train", channels=3)
    batch = arguments.batch or (128 if arguments.paper else 32)

    def build():
        model = DDPM.default(x.shape[1:], **(PAPER if arguments.paper else SMALL))
        model.compile(rate(2e-4, 5000) if arguments.paper else rate(5e-4, 200))
        return model

    folder = os.path.join(arguments.output, "colour_paper" if arguments.paper else "colour")
    per_epoch = min(500, arguments.steps, len(x) // batch)
    model, seconds = resumable.fit(
        build,
        x,
        folder,
        epochs=arguments.steps // per_epoch,
        steps_per_epoch=per_epoch,
        batch_size=batch,
        budget=60 * arguments.minutes,
    )
    path = os.path.join(folder, "samples.png")
    save_grid(model.sample(arguments.samples, seed=0, batch_size=32), path)
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(
        f"{model.denoiser.count_params():,} parameters, {int(model.steps_seen)} steps of {batch}"
        f" images in {seconds / 60:.1f} minutes: {path}"
    )


if __name__ == "__main__":
    main()
