"""Emoji from their names, by unCLIP: what training has shown, drawn again.

    python benchmarks/emoji_unclip.py --data FOLDER --output RUNS [--minutes 2 3 15 10]
        [--base-channels 32] [--guidance 3] [--count 50]

Protocol: all named emoji of the modern style, 32x32 over white, with their names for captions; none
are left out, as so few pictures allow no more than to remember them. Of the names of 50 emoji drawn
at random: the share whose sample has the named emoji as the nearest of all, by the distance of
pixels. Beside it the same with the names permuted. The minutes are those of clip, prior, decoder
and upsampler. Progress is saved after each epoch: the same command goes on where a killed one
stopped. `samples.png` has the emoji and, beside each, its sample; none left out.
"""

import argparse
import json
import os
import platform

import numpy as np
from emoji import read_style
from unclip import train

from tfgen.training import save_grid


def named(data):
    """Images `[n, 32, 32, 3]` and their names."""
    with open(os.path.join(data, "emoji", "emoji_names.json")) as file:
        names = {key: value["name"] for key, value in json.load(file).items() if "name" in value}
    images = {key: x for key, x in read_style(data, "modern").items() if key in names}
    return np.stack(list(images.values())), np.array([names[key] for key in images])


def nearest(images, x):
    """The index of the nearest of x."""
    flat, others = images.reshape(len(images), -1), x.reshape(len(x), -1)
    return np.argmin((others**2).sum(1) - 2 * flat @ others.T, axis=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds emoji/")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--minutes", type=float, nargs=4, default=(2, 3, 15, 10), help="of each")
    parser.add_argument(
        "--steps",
        type=int,
        nargs=4,
        default=(1000, 3000, 4000, 2500),
        help="over which the rate of each falls to a tenth",
    )
    parser.add_argument("--base-channels", type=int, default=32)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--count", type=int, default=50, help="names of the figure")
    arguments = parser.parse_args()
    x, names = named(arguments.data)
    model = train(arguments, x, names)
    rows = np.random.default_rng(0).permutation(len(x))[: arguments.count]
    images = model.sample(len(rows), condition=names[rows], seed=1).numpy()
    found = names[nearest(images, x)]
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"{len(x)} emoji, {len(set(names))} names")
    print(f"the nearest emoji is the named one: {np.mean(found == names[rows]):.3f}")
    print(f"with the names permuted: {np.mean(found == np.roll(names[rows], 1)):.3f}")
    shown = np.stack([x[rows], images], axis=1)
    save_grid(shown.reshape(-1, 10, *x.shape[1:]), os.path.join(arguments.output, "samples.png"))


if __name__ == "__main__":
    main()
