"""CycleGAN and StarGAN between two drawing styles of emoji: pictures to look at.

    python benchmarks/emoji.py --data FOLDER --output RUNS [--models CycleGAN StarGAN]
        [--minutes 15] [--batch 4] [--filters 16] [--blocks 3] [--rate 2e-4] [--decay 0.998]

Protocol: emoji of 32x32 over white, drawn in a modern style (domain a, or 0) and as the older blobs
(b, or 1). Every tenth that both styles have is left out of both training sets; a StarGAN's two
domains are the styles. The rate falls to 0 along a line in the second half of the time. Progress is
saved every 500 steps: the same command goes on where a killed one stopped. `samples.png` has the
first emoji that were left out: the modern one, its translation, the blob that was drawn, and the
translation of that. The mean absolute difference to the other style's drawing stands beside that
of an untouched copy; it says little, as the two styles often draw another thing by the same name.
"""

import argparse
import io
import os
import platform
import zipfile

import numpy as np
import resumable
from colour_images import read_image

from tfgen import CycleGAN, StarGAN
from tfgen.conditions import Classes
from tfgen.core import Adam
from tfgen.training import save_grid

SIDE, SHOWN, STEPS = 32, 32, 500
KINDS = ["CycleGAN", "StarGAN"]
SHAPE = (SIDE, SIDE, 3)


def read_style(data, style):
    """`{file name: image}` of one style."""
    with zipfile.ZipFile(os.path.join(data, "emoji", f"noto_{style}_128.zip")) as file:
        names = sorted(name for name in file.namelist() if name.endswith(".png"))
        return {name: read_image(io.BytesIO(file.read(name)), SIDE) for name in names}


def build(kind, arguments):
    sizes = {
        "base_filters": arguments.filters,
        "num_blocks": arguments.blocks,
        "num_halvings": 1,
        "kernel_size": 5,
        "judge_filters": 32,
        "average_decay": arguments.decay,
    }
    if kind == "CycleGAN":
        model = CycleGAN.default(SHAPE, SHAPE, judge_halvings=1, **sizes)
    else:
        model = StarGAN.default(SHAPE, Classes(2), **sizes)
    rates = {phase.name: Adam(arguments.rate, beta_1=0.5) for phase in model.phases()}
    model.compile(rates, steps_per_execution=10)
    return model


def translate(model, x, to):
    """Images of the other style, 0 or 1."""
    if isinstance(model, CycleGAN):
        return model.translate(x, to="ab"[to]).numpy()
    return model.translate(x, np.full(len(x), to)).numpy()


def train(kind, arguments, a, b):
    x, y = a, b
    if kind == "StarGAN":
        x, y = np.concatenate([a, b]), np.repeat([0, 1], [len(a), len(b)]).astype("int32")
    folder, budget = os.path.join(arguments.output, kind), 60 * arguments.minutes
    return resumable.fit(
        lambda: build(kind, arguments),
        x,
        folder,
        y=y,
        epochs=10_000,
        steps_per_epoch=min(STEPS, len(x) // arguments.batch),
        batch_size=arguments.batch,
        budget=budget,
        callbacks=[resumable.Decay(arguments.rate, budget, folder)],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds emoji/")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--models", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--minutes", type=float, default=15, help="of training, each")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--filters", type=int, default=16, help="of the generators")
    parser.add_argument("--blocks", type=int, default=3, help="residual ones of a generator")
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--decay", type=float, default=0.998, help="of the average of weights")
    arguments = parser.parse_args()
    modern, blobs = read_style(arguments.data, "modern"), read_style(arguments.data, "blob")
    left_out = sorted(modern.keys() & blobs.keys())[::10]
    others = lambda style: np.stack([style[name] for name in style if name not in left_out])
    of = lambda style: np.stack([style[name] for name in left_out])
    test_a, test_b = of(modern), of(blobs)
    difference = lambda made, truth: float(np.mean(np.abs(made - truth)))
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"emoji left out: {len(left_out)}; copies, L1: {difference(test_a, test_b):.4f}")
    for kind in arguments.models:
        model, seconds = train(kind, arguments, others(modern), others(blobs))
        to_b, to_a = translate(model, test_a, 1), translate(model, test_b, 0)
        print(
            f"{kind}: {int(model.steps_seen)} steps of {arguments.batch} in {seconds / 60:.1f}"
            f" minutes; L1 to the blobs {difference(to_b, test_b):.4f}, to the modern ones"
            f" {difference(to_a, test_a):.4f}",
            flush=True,
        )
        shown = np.stack([each[:SHOWN] for each in (test_a, to_b, test_b, to_a)], axis=1)
        grid = shown.reshape(-1, 16, *SHAPE)
        save_grid(grid, os.path.join(arguments.output, kind, "samples.png"))


if __name__ == "__main__":
    main()
