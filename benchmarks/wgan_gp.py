"""What the critic of a WGAN-GP estimates, and whether its generator finds every mode.

    python benchmarks/wgan_gp.py --output RUNS [--parts distance grid] [--grid-epochs 140]

distance: a critic alone, of N(3, 1) against N(0, 1), whose Wasserstein-1 distance is 3. It is
    trained on 512 draws a step, and measured on the quantiles of 20,000 levels of both. At weight
    lambda the penalty only pulls the slope to 1: the best critic of two densities so far apart is
    steeper, a linear one by distance / (2 lambda), so that the paper's 10 gives too much. The
    critic starts at 0 everywhere: in one dimension one that starts with the wrong slope is held
    there by the penalty, which pulls it to -1 as well as to 1.
grid: 25 normals of deviation 0.05 on a 5 x 5 grid of spacing 2, as in the paper's toys: the share
    of 25,000 samples of the model within 4 deviations of a mode, and of each mode among all.

Training saves its progress after each epoch: the same command goes on where a killed one stopped.
"""

import argparse
import os

import keras
import numpy as np
import resumable
import tensorflow as tf
import tensorflow_probability as tfp
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tfgen import WGANGP
from tfgen.core import Adam
from tfgen.distributions import StandardNormal
from tfgen.losses import GradientPenalty
from tfgen.networks import mlp

tfd = tfp.distributions

WEIGHTS = (10.0, 30.0, 100.0)
DEVIATION = 0.05
MODES = np.stack(np.meshgrid(*[np.arange(-4.0, 5.0, 2.0)] * 2), axis=-1).reshape(-1, 2)
GRID_BATCH = 256


def build_distance(weight, steps, seed):
    """A critic beside a generator that stays the identity: its samples are N(0, 1)."""
    keras.utils.set_random_seed(seed)
    model = WGANGP(
        generator=mlp((1,), (), (1,)),
        critic=mlp((1,), (64, 64), (), activation="tanh", name="critic"),
        prior=StandardNormal(1),
        penalty=GradientPenalty(weight),
    )
    model.generator.set_weights([np.eye(1), np.zeros(1)])
    model.critic.layers[-2].kernel.assign(np.zeros((64, 1)))
    rate = keras.optimizers.schedules.CosineDecay(1e-2, steps)
    frozen = keras.optimizers.SGD(0.0)
    critic = Adam(rate, beta_1=0.0, beta_2=0.9)
    model.compile({"critic": critic, "generator": frozen}, steps_per_execution=50)
    return model


def measure_distance(model):
    """The estimate, and the mean slope of the critic on the way between the two."""
    levels = (np.arange(20_000, dtype="float32") + 0.5) / 20_000
    fake = tfd.Normal(0.0, 1.0).quantile(levels)[:, tf.newaxis]
    x = tf.linspace(0.0, 3.0, 301)[:, tf.newaxis]
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(model(x))
    distance = tf.reduce_mean(model(fake + 3)) - tf.reduce_mean(model(fake))
    return {
        "estimate": float(distance),
        "slope": float(tf.reduce_mean(tf.abs(tape.gradient(total, x)))),
    }


def grid(num, seed):
    """Draws of the mixture, `[num, 2]`."""
    rng = np.random.default_rng(seed)
    centres = MODES[rng.integers(len(MODES), size=num)]
    return (centres + DEVIATION * rng.normal(size=centres.shape)).astype("float32")


def build_grid(steps):
    """The paper's settings, but narrower networks, a larger rate that decays, and an average."""
    model = WGANGP.default(
        (2,), latent_dim=2, hidden=(128, 128, 128), penalty=GradientPenalty(0.1), average_decay=0.99
    )
    # The generator moves at every fifth step.
    decay = lambda steps: keras.optimizers.schedules.CosineDecay(1e-3, steps)
    model.compile(
        {
            "critic": Adam(decay(steps), beta_1=0.0, beta_2=0.9),
            "generator": Adam(decay(steps // 5), beta_1=0.0, beta_2=0.9),
        },
        steps_per_execution=100,
    )
    return model


def measure_grid(samples):
    """The share near a mode, and the least and the largest share of one of the modes."""
    distances = np.linalg.norm(samples[:, None] - MODES, axis=2)
    counts = np.bincount(np.argmin(distances, axis=1), minlength=len(MODES)) / len(samples)
    return {
        "near a mode": float(np.mean(distances.min(axis=1) <= 4 * DEVIATION)),
        "least mode": float(counts.min()),
        "largest mode": float(counts.max()),
    }


def draw(samples, path):
    figure = Figure(figsize=(5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.scatter(*samples.T, s=1, linewidths=0)
    axes.set(aspect="equal", xlim=(-5, 5), ylim=(-5, 5))
    figure.savefig(path, dpi=100)


def show(name, seconds, figures):
    print(f"{name}, {seconds:.0f} s: " + ", ".join(f"{k} {v:.4f}" for k, v in figures.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", required=True, help="folder for checkpoints and pictures")
    parser.add_argument("--parts", nargs="+", choices=("distance", "grid"), default=None)
    parser.add_argument("--weights", nargs="+", type=float, default=WEIGHTS)
    parser.add_argument("--seeds", type=int, default=3, help="of the distance")
    parser.add_argument("--distance-epochs", type=int, default=10)
    parser.add_argument("--grid-epochs", type=int, default=140)
    arguments = parser.parse_args()
    parts = arguments.parts or ("distance", "grid")
    if "distance" in parts:
        x = np.random.default_rng(0).normal(3.0, 1.0, (51_200, 1)).astype("float32")
        epochs = arguments.distance_epochs
        for weight in arguments.weights:
            for seed in range(arguments.seeds):
                make = lambda weight=weight, seed=seed: build_distance(weight, epochs * 100, seed)
                output = os.path.join(arguments.output, f"distance-{weight:g}-{seed}")
                model, seconds = resumable.fit(make, x, output, epochs=epochs, batch_size=512)
                figures = measure_distance(model)
                show(f"distance 3, weight {weight:g}, seed {seed}", seconds, figures)
    if "grid" in parts:
        x, epochs = grid(128_000, 0), arguments.grid_epochs
        output = os.path.join(arguments.output, "grid")
        make = lambda: build_grid(epochs * len(x) // GRID_BATCH)
        model, seconds = resumable.fit(make, x, output, epochs=epochs, batch_size=GRID_BATCH)
        samples = model.sample(25_000, seed=0).numpy()
        draw(samples, os.path.join(output, "samples.png"))
        show("grid", seconds, measure_grid(samples))
        show("grid, draws of the mixture itself", 0, measure_grid(grid(25_000, 1)))


if __name__ == "__main__":
    main()
