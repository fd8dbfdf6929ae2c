"""Training images per second of each model through `fit`, beside a hand-written compiled loop.

    python benchmarks/throughput.py --data FOLDER [--models VAE NADE] [--repeats 5] [--epochs 20]

All ways train on the same MNIST images in the same run, in turn; the figures are medians, and so
are the ratios, each of two timings of one turn. "fit" leaves it to `compile` whether XLA is used.
"loop" is the step of the same model and Keras's own Adam in a hand-written `tf.function`: the
arrays are on the device, and one call gathers and runs as many steps as `fit` does an execution.
"plain" is such a loop over a VAE in plain TensorFlow operations, without layers and distributions,
by XLA, which reports no loss and so does not compute it; "plain, loss" reports its mean.
One timing is one call of `fit`, its checks of the array included, or as many epochs of the loop.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from tfgen import DCGAN, DDPM, GAN, NADE, VAE
from tfgen.data import load_arrays

SHAPE = (28, 28, 1)


class Setting(NamedTuple):
    """How one model is timed."""

    make: Callable
    batch_size: int
    steps: int  # of one compiled call
    calls: int  # in one epoch
    epochs: int


MODELS = {
    "VAE": Setting(lambda: VAE.default(SHAPE), 128, steps=20, calls=20, epochs=5),
    "NADE": Setting(lambda: NADE.default(SHAPE, direct=False), 100, steps=20, calls=1, epochs=2),
    "GAN": Setting(lambda: GAN.default(SHAPE), 100, steps=20, calls=4, epochs=2),
    "DCGAN": Setting(
        lambda: DCGAN.default(SHAPE, base_filters=16), 128, steps=5, calls=2, epochs=2
    ),
    "DDPM": Setting(lambda: DDPM.default(SHAPE), 128, steps=2, calls=1, epochs=2),
}


def through_fit(setting, x, **options):
    """A function that trains by `fit`."""
    model = setting.make()
    model.compile(**options)
    return lambda: model.fit(x, batch_size=setting.batch_size, epochs=setting.epochs, verbose=0)


def through_loop(setting, x, jit_compile):
    """A function that trains by a hand-written loop over the model's losses."""
    model = setting.make()
    phases = model.phases()
    variables = [[v for n in phase.networks for v in n.trainable_variables] for phase in phases]
    optimizers = model.default_optimizers()
    for phase, own in zip(phases, variables, strict=True):
        optimizers[phase.name].build(own)
    images = tf.constant(x)

    @tf.function(jit_compile=jit_compile)
    def run(images, indices):
        for step in tf.range(tf.shape(indices)[0]):
            batch = tf.gather(images, indices[step])
            for index, (phase, own) in enumerate(zip(phases, variables, strict=True)):
                with tf.GradientTape() as tape:
                    terms = phase.loss((batch,), model.phase_seed(index), True)
                    objective = next(iter(terms.values()))
                optimizers[phase.name].apply(tape.gradient(objective, own), own)
            model.steps_seen.assign_add(1)

    return epochs_of(run, setting, images, variables[0][0])


def through_plain_operations(setting, x, reports):
    """A function that trains the VAE 784-400-20 by a loop of plain operations under XLA.

    `reports`: whether it gives the mean loss of its steps.
    """
    images = tf.reshape(tf.constant(x), (len(x), 784))
    glorot = keras.initializers.GlorotUniform()
    shapes = [(784, 400), (400, 40), (20, 400), (400, 784)]
    weights = [keras.Variable(glorot, shape=shape, dtype="float32") for shape in shapes]
    biases = [keras.Variable("zeros", shape=shape[1:], dtype="float32") for shape in shapes]
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build([*weights, *biases])

    def negative_elbo(x, seed):
        affine = lambda i, x: tf.matmul(x, weights[i]) + biases[i]
        mean, log_scale = tf.split(affine(1, tf.nn.relu(affine(0, x))), 2, axis=1)
        z = mean + tf.exp(log_scale) * tf.random.stateless_normal(tf.shape(mean), seed)
        logits = affine(3, tf.nn.relu(affine(2, z)))
        distortion = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=logits)
        rate = 0.5 * (mean**2 + tf.exp(2 * log_scale) - 1) - log_scale
        return tf.reduce_mean(tf.reduce_sum(distortion, axis=1) + tf.reduce_sum(rate, axis=1))

    @tf.function(jit_compile=True)
    def run(images, indices):
        total = 0.0
        for step in tf.range(tf.shape(indices)[0]):
            batch = tf.gather(images, indices[step])
            seed = tf.stack((tf.cast(optimizer.iterations, "int32"), step))
            with tf.GradientTape() as tape:
                objective = negative_elbo(batch, seed)
            variables = [*weights, *biases]
            optimizer.apply(tape.gradient(objective, [v.value for v in variables]), variables)
            total += objective
        return total / tf.cast(tf.shape(indices)[0], tf.float32) if reports else ()

    return epochs_of(run, setting, images, weights[0])


def epochs_of(run, setting, images, variable):
    """A function that runs the epochs of a setting, as blocks of shuffled indices."""

    def train():
        for _ in range(setting.epochs):
            order = tf.random.shuffle(tf.range(len(images)))
            for block in tf.reshape(order, (setting.calls, setting.steps, setting.batch_size)):
                run(images, block)
        variable.numpy()  # waits for the last call

    return train


def measure(setting, x, repeats, plain):
    """Images per second, `{way: [one for each repeat]}`."""
    x = x[: setting.calls * setting.steps * setting.batch_size]
    steps = setting.steps
    ways = {"loop": through_loop(setting, x, False)}
    ways["fit"] = through_fit(setting, x, steps_per_execution=steps)
    if plain:
        ways["plain"] = through_plain_operations(setting, x, reports=False)
        ways["plain, loss"] = through_plain_operations(setting, x, reports=True)
    ways |= {
        "fit, 1 step a call": through_fit(setting, x),
        "fit, no XLA": through_fit(setting, x, steps_per_execution=steps, jit_compile=False),
        "fit, XLA": through_fit(setting, x, steps_per_execution=steps, jit_compile=True),
        "loop, XLA": through_loop(setting, x, True),
    }
    rates = {way: [] for way in ways}
    for way in ways.values():
        way()  # traces and compiles
    for _ in range(repeats):
        for way, train in ways.items():
            begun = time.perf_counter()
            train()
            rates[way].append(setting.epochs * len(x) / (time.perf_counter() - begun))
    return rates


def median_ratio(rates, others):
    """Of two ways, turn by turn: what else a machine does slows both."""
    return statistics.median(rate / other for rate, other in zip(rates, others, strict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds mnist/")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="of one timing, in place of the usual ones")
    arguments = parser.parse_args()
    x = load_arrays(os.path.join(arguments.data, "mnist"), "train[:51200]", binarize="threshold")
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    columns = ["fit, 1 step a call", "fit", "fit, no XLA", "fit, XLA", "loop", "loop, XLA"]
    columns += ["plain", "plain, loss"]
    beside = ["loop", "plain", "plain, loss"]
    print("| " + " | ".join(["model", *columns, *(f"fit / {way}" for way in beside)]) + " |")
    print("|---" * (1 + len(columns) + len(beside)) + "|")
    for name in arguments.models:
        keras.utils.set_random_seed(0)
        setting = MODELS[name]
        if arguments.epochs is not None:
            setting = setting._replace(epochs=arguments.epochs)
        rates = measure(setting, x, arguments.repeats, plain=name == "VAE")
        cells = [f"{statistics.median(rates[w]):,.0f}" if w in rates else "" for w in columns]
        ratios = [
            f"{median_ratio(rates['fit'], rates[w]):.2f}" if w in rates else "" for w in beside
        ]
        print("| " + " | ".join([name, *cells, *ratios]) + " |", flush=True)


if __name__ == "__main__":
    main()
