"""A DDPM of MNIST given the class: labels and distances by the scale of the guidance.

    python benchmarks/conditional_ddpm.py --data FOLDER --output RUNS [--steps 10000] [--minutes 30]
        [--prediction velocity] [--weighting velocity] [--schedule cosine] [--guidance 1 2 4]

Protocol: all 60,000 training images, batches of 64, a rate that rises for 200 steps and falls to 0
along a cosine until the last step; the class is left out of one example in ten. In the end, for
each scale of the guidance, 10,000 samples of seed 1, 1,000 of each class, by 20 steps of
DPM-Solver++(2M), are compared with the test images. The judge is a classifier that saw real
training images alone, that of `conditional_dcgan.py`. Progress is saved every 500 steps: the same
command goes on where a killed one stopped. `guidance.png` has the first samples of seed 0 of each
scale, one above the other, of the same noise, a column for each class, none left out. Two pictures
at guidance 2: `strip.png`, what the network guesses that a sample will be, as the noise goes, a row
for each class; and `edited.png`, the first ten test images, below them without their lower halves,
and three times with a lower half that is redrawn given the class.

To compare predictions and weightings, run it for each of them with fewer steps: what a run makes is
kept in a folder of its own.
"""

import argparse
import os
import platform

import keras
import numpy as np
import resumable
from judged import Panel

from tfgen import DDPM
from tfgen.conditions import Classes
from tfgen.diffusion import (
    CosineSchedule,
    DPMSolver,
    EDMWeighting,
    Epsilon,
    LinearSchedule,
    MinSNR,
    Preconditioned,
    Simple,
    Start,
    Velocity,
)
from tfgen.training import save_grid

SHAPE, BATCH = (28, 28, 1), 500
PER_EPOCH = 500
PREDICTIONS = {
    "epsilon": Epsilon(),
    "start": Start(),
    "velocity": Velocity(),
    "preconditioned": Preconditioned(),
}
WEIGHTINGS = {
    "simple": Simple(),
    "min_snr": MinSNR(5.0),
    "edm": EDMWeighting(0.5),
    "velocity": EDMWeighting(1.0),
}
SCHEDULES = {"cosine": CosineSchedule(1000), "linear": LinearSchedule(1000)}


def build(arguments):
    model = DDPM.default(
        SHAPE,
        base_channels=arguments.channels,
        multipliers=(1, 2, 4),
        num_blocks=1,
        attention_at=(1, 2),
        dropout=0.0,
        condition=Classes(10),
        drop_rate=0.1,
        schedule=SCHEDULES[arguments.schedule],
        prediction=PREDICTIONS[arguments.prediction],
        weighting=WEIGHTINGS[arguments.weighting],
        sampler=DPMSolver(20),
        ema_decay=arguments.decay,
    )
    warm_up = min(200, arguments.steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, arguments.steps - warm_up, warmup_target=arguments.rate, warmup_steps=warm_up
    )
    model.compile(
        keras.optimizers.Adam(rate, beta_2=0.99, global_clipnorm=1.0), steps_per_execution=10
    )
    return model


def drawn(model, count, guidance):
    """Samples of seed 1, classes in turn."""
    labels = np.arange(count) % 10
    samples = model.sample(count, condition=labels, guidance=guidance, seed=1, batch_size=BATCH)
    return samples.numpy(), labels


def train(arguments, x, y):
    """The trained model, its folder, and the seconds that it took."""
    name = f"{arguments.prediction}_{arguments.weighting}_{arguments.schedule}"
    folder = os.path.join(arguments.output, f"{name}_{arguments.steps}")
    per_epoch = min(PER_EPOCH, arguments.steps, len(x) // 64)
    model, seconds = resumable.fit(
        lambda: build(arguments),
        x,
        folder,
        y=y.astype("int32"),
        epochs=arguments.steps // per_epoch,
        steps_per_epoch=per_epoch,
        batch_size=64,
        budget=60 * arguments.minutes,
    )
    return model, folder, seconds


def pictures(model, folder, x, y):
    """Writes `strip.png` and `edited.png`, of the first of these test images."""
    guesses = []
    model.sample(
        10,
        condition=np.arange(10),
        guidance=2.0,
        seed=0,
        callback=lambda sigma, images: guesses.append(images.numpy()),
    )
    # A column for every second step, and the sample at last.
    strip = np.stack([*guesses[:-1:2], guesses[-1]], axis=1)
    save_grid(strip, os.path.join(folder, "strip.png"))
    x, y = x[:10], y[:10]
    mask = np.ones(SHAPE, "float32")
    mask[SHAPE[0] // 2 :] = 0
    redrawn = [model.edit(x, mask, condition=y, guidance=2.0, seed=seed) for seed in range(3)]
    rows = [x, np.where(mask, x, 0.5), *redrawn]
    save_grid(np.stack(rows), os.path.join(folder, "edited.png"))


def parse(count=10_000):
    """The arguments of a command line; `count` is the usual number of samples of a figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds mnist/")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--steps", type=int, default=10_000, help="of training")
    parser.add_argument("--minutes", type=float, default=30, help="the most that training takes")
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--decay", type=float, default=0.998, help="of the average of weights")
    parser.add_argument("--prediction", choices=PREDICTIONS, default="velocity")
    parser.add_argument("--weighting", choices=WEIGHTINGS, default="velocity")
    parser.add_argument("--schedule", choices=SCHEDULES, default="cosine")
    parser.add_argument("--guidance", type=float, nargs="+", default=[1.0, 2.0, 4.0])
    parser.add_argument("--count", type=int, default=count, help="samples of a figure")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--judge-epochs", type=int, default=5)
    return parser.parse_args()


def main():
    arguments = parse()
    real = os.path.join(arguments.output, "real")
    panel = Panel(arguments.data, real, epochs=arguments.judge_epochs)
    model, folder, seconds = train(arguments, *(each[: arguments.images] for each in panel.train))
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(
        f"{int(model.steps_seen)} steps in {seconds / 60:.1f} minutes,"
        f" {model.denoiser.count_params():,} parameters"
    )
    pictures(model, folder, *panel.test)
    rows, shown = {}, []
    for scale in arguments.guidance:
        path = os.path.join(folder, f"guidance_{scale:g}_{arguments.count}.json")
        work = lambda: panel.figures(*drawn(model, arguments.count, scale))  # noqa: B023
        rows[f"guidance {scale:g}"] = resumable.kept(path, work)
        first = model.sample(30, condition=np.arange(30) % 10, guidance=scale, seed=0)
        shown.append(np.reshape(first, (3, 10, *SHAPE)))
    save_grid(np.concatenate(shown), os.path.join(folder, "guidance.png"))
    panel.show(rows)
    print("recall of each class, of that of real training images:")
    for name, figures in rows.items():
        shares = panel.recall_shares(figures)
        print(f"{name}: " + ", ".join(f"{digit}: {share:.2f}" for digit, share in shares.items()))


if __name__ == "__main__":
    main()
