"""Seconds to draw images from each model; the autoregressive ones beside one pass for each pixel.

    python benchmarks/sampling.py [--data FOLDER] [--count 16] [--repeats 5] [--models NADE ...]

The weights are those of the initialisation: they change no cost. The first call traces and
compiles: "to compile" is what it takes beyond the median of the later ones, "seconds". Both ways
of drawing read the same uniform numbers, and the images are compared.
"""

import argparse
import functools
import os
import platform
import statistics
import time

import keras
import numpy as np
import tensorflow as tf

from tfgen import (
    DCGAN,
    DDPM,
    FVSBN,
    GAN,
    MADE,
    NADE,
    VAE,
    DiagonalBiLSTM,
    LocallyMaskedPixelCNN,
    MaskedPixelCNN,
    PixelCNN,
    PixelCNNPlusPlus,
    RowLSTM,
)
from tfgen.autoregressive.order_ensemble import OrderEnsemble
from tfgen.diffusion import DDIM

SHAPE = (28, 28, 1)
ONE_PASS = {"VAE": VAE, "GAN": GAN, "DCGAN": DCGAN}
AUTOREGRESSIVE = {
    "FVSBN": lambda: FVSBN.default(SHAPE),
    "NADE": lambda: NADE.default(SHAPE, direct=False),
    "MADE": lambda: MADE.default(SHAPE),
    "MaskedPixelCNN": lambda: MaskedPixelCNN.default(SHAPE),
    "LocallyMaskedPixelCNN": lambda: LocallyMaskedPixelCNN.default(SHAPE),
    "PixelCNN": lambda: PixelCNN.default(SHAPE),
    "PixelCNNPlusPlus": lambda: PixelCNNPlusPlus.default(SHAPE),
    "RowLSTM": lambda: RowLSTM.default(SHAPE),
    "DiagonalBiLSTM": lambda: DiagonalBiLSTM.default(SHAPE),
}
DIFFUSION = {"DDPM, 1000 ancestral steps": None, "DDPM, DDIM 50": DDIM(50)}


def naive(model, uniforms):
    """One full pass over all pixels for each pixel, as a model without a sampler would do it."""
    count, size = uniforms.shape

    @tf.function
    def pixel(x, d):
        base = model.conditionals(tf.reshape(x, (count, *SHAPE))).distribution
        off = tf.gather(tf.reshape(base.prob(0.0), (count, size)), d, axis=1)
        new = tf.cast(tf.gather(uniforms, d, axis=1) >= off, tf.float32)
        places = tf.stack((tf.range(count), tf.fill((count,), d)), axis=1)
        return tf.tensor_scatter_nd_update(x, places, new)

    def draw():
        x = tf.zeros((count, size))
        for d in tf.range(size):
            x = pixel(x, d)
        return tf.reshape(x, (count, *SHAPE))

    pixel(tf.zeros((count, size)), tf.constant(0))
    return draw


def seconds_of(draw):
    begun = time.perf_counter()
    np.asarray(draw())
    return time.perf_counter() - begun


def compiling_and_drawing(draw, repeats):
    """Seconds that the first call takes beyond a later one, and the median of the later ones."""
    first = seconds_of(draw)
    steady = statistics.median(seconds_of(draw) for _ in range(repeats))
    return first - steady, steady


def compare(model, count, repeats):
    """Seconds of the model's sampler and of the naive one, and the share of equal images."""
    # A model of several orders reads one number more, which picks one of them.
    size = int(np.prod(SHAPE))
    numbers = size + 1 if isinstance(model, OrderEnsemble) else size
    uniforms = tf.random.stateless_uniform((count, numbers), (0, 1))[:, :size]
    compiling, seconds = compiling_and_drawing(lambda: model.sample(count, seed=1), repeats)
    images = model.sample(count, seed=1)
    slow = naive(model, uniforms)
    begun = time.perf_counter()
    others = slow()
    taken = time.perf_counter() - begun
    same = np.mean(np.all(images == others, axis=(1, 2, 3)))
    return compiling, seconds, taken, same


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="not used; every benchmark takes it")
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--models", nargs="+", choices=[*ONE_PASS, *AUTOREGRESSIVE, "DDPM"])
    arguments = parser.parse_args()
    count, repeats = arguments.count, arguments.repeats
    chosen = arguments.models or [*ONE_PASS, *AUTOREGRESSIVE, "DDPM"]
    keras.utils.set_random_seed(0)
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    columns = ("seconds", "to compile", "one pass a pixel", "ratio", "same images")
    print(f"| {count} images of 28x28 | {' | '.join(columns)} |")
    print("|---" * (1 + len(columns)) + "|")
    for name in chosen:
        if name in ONE_PASS:
            model = ONE_PASS[name].default(SHAPE)
            draw = functools.partial(model.sample, count, seed=1)
            compiling, seconds = compiling_and_drawing(draw, repeats)
            print(f"| {name} | {seconds:.4f} | {compiling:.1f} | | | |", flush=True)
        elif name in AUTOREGRESSIVE:
            compiling, seconds, slow, same = compare(AUTOREGRESSIVE[name](), count, repeats)
            cells = f"{seconds:.4f} | {compiling:.1f} | {slow:.2f} | {slow / seconds:,.0f}"
            print(f"| {name} | {cells} | {same:.0%} |", flush=True)
        else:
            model = DDPM.default(SHAPE)
            for label, sampler in DIFFUSION.items():
                draw = functools.partial(model.sample, count, seed=1, sampler=sampler)
                compiling, seconds = compiling_and_drawing(draw, 1)
                print(f"| {label} | {seconds:.2f} | {compiling:.1f} | | | |", flush=True)


if __name__ == "__main__":
    main()
