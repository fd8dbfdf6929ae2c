"""Seconds to draw images from each model; NADE beside the naive way, one pass for each pixel.

    python benchmarks/sampling.py [--data FOLDER] [--count 16] [--repeats 5]

The weights are those of the initialisation: they change no cost. Both ways of NADE read the same
uniform numbers, and the images are compared.
"""

import argparse
import os
import platform
import statistics
import time

import keras
import numpy as np
import tensorflow as tf

from tfgen import DCGAN, DDPM, GAN, NADE, VAE
from tfgen.diffusion import DDIM

SHAPE = (28, 28, 1)


def naive_nade(model, count, seed):
    """One full pass over all pixels for each pixel, as a model without a sampler would do it."""
    size = int(np.prod(SHAPE))
    uniforms = tf.random.stateless_uniform((count, size), (0, seed))

    @tf.function
    def pixel(x, d):
        base = model.conditionals(tf.reshape(x, (count, *SHAPE))).distribution
        off = tf.gather(tf.reshape(base.prob(0.0), (count, size)), d, axis=1)
        new = tf.cast(tf.gather(uniforms, d, axis=1) >= off, tf.float32)
        return tf.tensor_scatter_nd_update(
            x, tf.stack((tf.range(count), tf.fill((count,), d)), axis=1), new
        )

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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="not used; every benchmark takes it")
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    count, repeats = arguments.count, arguments.repeats
    keras.utils.set_random_seed(0)
    nade, ddpm = NADE.default(SHAPE), DDPM.default(SHAPE)
    naive = naive_nade(nade, count, 1)
    images = nade.sample(count, seed=1)
    same = bool(np.array_equal(naive(), images))
    rows = [
        ("VAE", VAE.default(SHAPE)),
        ("GAN", GAN.default(SHAPE)),
        ("DCGAN", DCGAN.default(SHAPE)),
        ("NADE", nade),
    ]
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"| {count} images of 28x28 | seconds |\n|---|---|")
    for name, model in rows:
        seconds = median_seconds(lambda model=model: model.sample(count, seed=1), repeats)
        print(f"| {name} | {seconds:.4f} |", flush=True)
    slow = median_seconds(naive, 1)
    print(f"| NADE, one pass a pixel (same images: {same}) | {slow:.2f}, {slow / seconds:.0f}x |")
    for name, sampler in (("DDPM, 1000 ancestral steps", None), ("DDPM, DDIM 50", DDIM(50))):
        draw = lambda sampler=sampler: ddpm.sample(count, seed=1, sampler=sampler)
        print(f"| {name} | {median_seconds(draw, 1):.2f} |", flush=True)


if __name__ == "__main__":
    main()
