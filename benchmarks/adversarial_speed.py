"""How fast DCGANs train: GFLOP/s beside bare convolutions', conditional beside unconditional.

    python benchmarks/adversarial_speed.py [--data FOLDER] [--filters 16] [--images 6400]

Whole `fit` epochs of random 28x28 images, batches of 64. Operations are those of convolutions and
matrix products, a multiplication and an addition each, from the layers' shapes. A step runs the
generator forward for the discriminator's phase, the discriminator forward and backward on real
images and on generated ones, then the generator forward and backward through the discriminator,
whose own weights have no gradient there. Figures are medians of epochs that alternate between the
models; those by CPU time, of all threads, do not change where other programs want the cores.
"""

import argparse
import math
import os
import platform
import statistics

import keras
import numpy as np
import tensorflow as tf
from diffusion_speed import timed
from keras import layers

from tfgen import DCGAN
from tfgen.conditions import Classes

SHAPE, BATCH = (28, 28, 1), 64


def flops(network):
    """Floating-point operations of one forward pass of one example, and of its first layer."""
    each = []
    for layer in network._flatten_layers(include_self=False):
        if isinstance(layer, (layers.Conv2DTranspose, layers.Conv2D, layers.Dense)):
            # Each weight meets every position of the output once; transposed, of the input.
            grid = layer.input if isinstance(layer, layers.Conv2DTranspose) else layer.output
            each.append(2 * math.prod(layer.kernel.shape) * math.prod(grid.shape[1:-1]))
    return sum(each), each[0]


def of_a_step(model):
    """Floating-point operations of a training step, by example."""
    (generator, first), (judge, judge_first) = flops(model.generator), flops(model.discriminator)
    # Nothing needs the gradient by z, nor by the images where weights of the judge are moved.
    of_judge = 2 * (3 * judge - judge_first)
    of_generator = (3 * generator - first) + 2 * judge
    return generator + of_judge + of_generator


def bare(filters, repeats):
    """GFLOP/s of the discriminator's second convolution alone, forward and both gradients."""
    x = tf.random.stateless_normal((BATCH, 14, 14, filters), (0, 1))
    kernel = tf.random.stateless_normal((5, 5, filters, 2 * filters), (0, 2))

    @tf.function(jit_compile=False)
    def work():
        results = []
        for index in range(20):
            # Another image each time: equal work is done once.
            images = x + float(index)
            with tf.GradientTape() as tape:
                tape.watch([images, kernel])
                y = tf.nn.conv2d(images, kernel, 2, "SAME")
            results += [tf.reduce_sum(g) for g in tape.gradient(y, [images, kernel], y)]
        return tf.add_n(results)

    work()
    operations = 20 * 3 * 2 * math.prod(kernel.shape) * BATCH * 7 * 7
    times = [timed(lambda: work().numpy()) for _ in range(repeats)]
    return operations, times


def build(filters, condition=None):
    model = DCGAN.default(SHAPE, base_filters=filters, condition=condition)
    model.compile(steps_per_execution=10)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="not used; every benchmark takes it")
    parser.add_argument("--filters", type=int, default=16)
    parser.add_argument("--images", type=int, default=6400, help="of an epoch")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).random((arguments.images, *SHAPE), "float32")
    y = np.arange(len(x), dtype="int32") % 10
    models = {
        "DCGAN": (build(arguments.filters), (x,)),
        "given the class": (build(arguments.filters, Classes(10)), (x, y)),
    }
    times = {name: [] for name in models}
    for repeat in range(arguments.repeats + 1):
        for name, (model, batch) in models.items():
            used = timed(lambda: model.fit(*batch, batch_size=BATCH, verbose=0))  # noqa: B023
            if repeat:
                times[name].append(used)
    operations, bare_times = bare(arguments.filters, arguments.repeats)
    rows = {"a convolution": (operations, bare_times)}
    rows |= {name: (of_a_step(models[name][0]) * len(x), times[name]) for name in models}
    print("| work | GFLOP | seconds | GFLOP/s | CPU seconds | beside the first model |")
    print("|---|---|---|---|---|---|")
    first = statistics.median(seconds for seconds, _ in times["DCGAN"])
    for name, (operations, each) in rows.items():
        seconds, used = (statistics.median(column) for column in zip(*each, strict=True))
        share = f"{seconds / first:.3f}" if name in models else ""
        print(
            f"| {name} | {operations / 1e9:.1f} | {seconds:.2f} | {operations / seconds / 1e9:.0f}"
            f" | {used:.2f} | {share} |"
        )


if __name__ == "__main__":
    main()
