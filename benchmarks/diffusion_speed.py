"""How fast a U-Net trains and draws: GFLOP/s beside a bare convolution's, and the first epoch.

    python benchmarks/diffusion_speed.py [--data FOLDER] [--steps 8] [--count 16] [--repeats 5]

A DDPM on 32x32 noise, `base_channels=32, multipliers=(1, 2, 4), num_blocks=2, patch_size=1`, with
batches of 32. The first epoch holds tracing and TensorFlow's preparation of the graph. Operations
are those of convolutions and matrix products, a multiplication and an addition each, from the
layers' shapes; a training step counts as three passes, one forward and two gradients. Figures are
medians; those by CPU time, of all threads, do not change where other programs want the cores.
"""

import argparse
import math
import os
import platform
import statistics
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from tfgen import DDPM
from tfgen.diffusion import DDIM
from tfgen.layers import SelfAttention

SHAPE = (32, 32, 1)
SIZES = {"base_channels": 32, "multipliers": (1, 2, 4), "num_blocks": 2, "patch_size": 1}
BATCH_SIZE = 32


def flops(network):
    """Floating-point operations of one pass of one example."""
    total = 0
    for layer in network._flatten_layers(include_self=False):
        if isinstance(layer, (layers.Conv2D, layers.Dense)):
            # Each weight of the kernel meets every position of the output once.
            total += 2 * math.prod(layer.kernel.shape) * math.prod(layer.output.shape[1:-1])
        elif isinstance(layer, SelfAttention):
            *sides, channels = layer.output.shape[1:]
            length = math.prod(sides)
            total += 8 * length * channels**2 + 4 * length**2 * channels
    return total


def timed(work):
    """Seconds and CPU seconds of one call."""
    begun = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


def median(work, repeats):
    return [
        statistics.median(each) for each in zip(*(timed(work) for _ in range(repeats)), strict=True)
    ]


def bare_convolution(repeats):
    """GFLOP/s of 3x3 convolutions of the network's first channels, one after the other."""
    channels, length = SIZES["base_channels"], 50
    kernel = tf.random.stateless_normal((3, 3, channels, channels), (0, 1)) / (3 * channels**0.5)
    x = tf.random.stateless_normal((BATCH_SIZE, *SHAPE[:2], channels), (0, 2))

    @tf.function(jit_compile=False)
    def convolve(x):
        for _ in range(length):
            x = tf.nn.conv2d(x, kernel, 1, "SAME")
        return x

    convolve(x)
    operations = length * 2 * 9 * channels**2 * math.prod(x.shape[:3])
    return operations, median(lambda: convolve(x).numpy(), repeats)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="not used; every benchmark takes it")
    parser.add_argument("--steps", type=int, default=8, help="training steps of an epoch")
    parser.add_argument("--count", type=int, default=16, help="images of one draw")
    parser.add_argument("--strides", type=int, default=20, help="of DDIM")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).random((arguments.steps * BATCH_SIZE, *SHAPE), "float32")
    model = DDPM.default(SHAPE, **SIZES)
    model.compile()
    fit = lambda: model.fit(x, batch_size=BATCH_SIZE, verbose=0)
    draw = lambda: model.sample(arguments.count, seed=0, sampler=DDIM(arguments.strides)).numpy()
    epochs = timed(fit), timed(fit)
    print("| epoch | seconds | CPU seconds |\n|---|---|---|")
    for name, (seconds, used) in zip(("first", "second"), epochs, strict=True):
        print(f"| {name} | {seconds:.1f} | {used:.1f} |")
    draw()
    one_pass = flops(model.denoiser)
    rows = {
        "a convolution": bare_convolution(arguments.repeats),
        "training": (3 * one_pass * len(x), median(fit, arguments.repeats)),
        f"{arguments.count} images by DDIM": (
            one_pass * arguments.count * arguments.strides,
            median(draw, arguments.repeats),
        ),
    }
    print("| work | GFLOP | seconds | GFLOP/s | CPU seconds | GFLOP/s of one core |")
    print("|---|---|---|---|---|---|")
    for name, (operations, (seconds, used)) in rows.items():
        operations /= 1e9
        print(
            f"| {name} | {operations:.1f} | {seconds:.2f} | {operations / seconds:.0f}"
            f" | {used:.2f} | {operations / used:.0f} |"
        )


if __name__ == "__main__":
    main()
