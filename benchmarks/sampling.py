"""Seconds to draw images from each model; the autoregressive ones beside one pass for each pixel.

    python benchmarks/sampling.py [--data FOLDER] [--count 16] [--repeats 5] [--models NADE ...]

The weights are those of the initialisation: they change no cost. Both ways of drawing read the
same uniform numbers, and the images are compared.
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


def median_seconds(draw, repeats):
    draw()
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        np.asarray(draw())
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def compare(model, count, repeats):
    """Seconds of the model's sampler and of the naive one, and the share of equal images."""
    # A model of several orders reads one number more, which picks one of them.
    size = int(np.prod(SHAPE))
    numbers = size + 1 if isinstance(model, OrderEnsemble) else size
    uniforms = tf.random.stateless_uniform((count, numbers), (0, 1))[:, :size]
    images = model.sample(count, seed=1)
    seconds = median_seconds(lambda: model.sample(count, seed=1), repeats)
    slow = naive(model, uniforms)
    begun = time.perf_counter()
    others = slow()
    taken = time.perf_counter() - begun
    same = np.mean(np.all(images == others, axis=(1, 2, 3)))
    return seconds, taken, same


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
    print(f"| {count} images of 28x28 | seconds | one pass a pixel | ratio | same images |")
    print("|---|---|---|---|---|")
    for name in chosen:
        if name in ONE_PASS:
            model = ONE_PASS[name].default(SHAPE)
            seconds = median_seconds(lambda model=model: model.sample(count, seed=1), repeats)
            print(f"| {name} | {seconds:.4f} | | | |", flush=True)
        elif name in AUTOREGRESSIVE:
            seconds, slow, same = compare(AUTOREGRESSIVE[name](), count, repeats)
            ratio = f"{slow / seconds:,.0f}"
            print(f"| {name} | {seconds:.4f} | {slow:.2f} | {ratio} | {same:.0%} |", flush=True)
        else:
            model = DDPM.default(SHAPE)
            for label, sampler in DIFFUSION.items():
                draw = functools.partial(model.sample, count, seed=1, sampler=sampler)
                print(f"| {label} | {median_seconds(draw, 1):.2f} | | | |", flush=True)


if __name__ == "__main__":
    main()
