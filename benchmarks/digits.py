"""Bits per dimension on the 8x8 digits, 17 levels, one split: exact ones, and a diffusion model's.

    python benchmarks/digits.py [--data FOLDER] [--models RowLSTM PixelCNN ...]

Protocol: of the 1,442 training images a tenth is held out; training stops when their likelihood
has not risen for a tenth of the epochs, and the weights of the best epoch are kept. All 355 test
images are evaluated once, at the end. The tables are fitted by counting.

A DDPM's figure is the bound with all of its terms, and below it stands the estimate by the
probability flow, after uniform dequantization. The loss takes the likelihood's place in training:
noise levels are spread evenly in log sigma, where the mean square of what is predicted of the noise
is the bound, but for its first term (Kingma et al. 2021).
"""

import argparse
import math
import os
import platform
import time

import keras
import numpy as np
import tensorflow as tf

from tfgen import (
    DDPM,
    FVSBN,
    MADE,
    NADE,
    DiagonalBiLSTM,
    Independent,
    LocallyMaskedPixelCNN,
    MarkovChain,
    MaskedPixelCNN,
    PixelCNN,
    PixelCNNPlusPlus,
    RowLSTM,
)
from tfgen.autoregressive import s_curve_orders
from tfgen.data import load_arrays
from tfgen.diffusion import KarrasSchedule, PosteriorVariance, Simple, Velocity
from tfgen.evaluation import Bound, likelihood

SHAPE = (8, 8, 1)
# As in `likelihood.py`.
PLAIN = {"weight_prior": None, "marginal_start": False}


def adam(rate):
    return lambda: keras.optimizers.Adam(rate, global_clipnorm=1.0)


class WideFirstStep(PosteriorVariance):
    """beta_tilde_t; p(x_0 | x_1), which rounds to a level, has half of x_1's deviation."""

    def first(self, schedule, share=None):
        return tf.square(schedule.sigma(1) / 2)


# From a third of the distance of two levels up; so large a rho makes the ratios of sigmas equal.
EVEN = KarrasSchedule(500, sigma_min=0.04, sigma_max=20.0, rho=100.0)


def ddpm():
    return DDPM.default(
        SHAPE,
        multipliers=(1, 2),
        attention_at=(1,),
        schedule=EVEN,
        prediction=Velocity(),
        weighting=Simple(),
        variance=WideFirstStep(),
        ema_decay=0.995,
        levels=17,
    )


# name: (builder, optimizer, most epochs)
MODELS = {
    "Independent": (lambda: Independent.default(SHAPE, levels=17), None, 1),
    "MarkovChain": (lambda: MarkovChain.default(SHAPE, levels=17), None, 1),
    "FVSBN": (lambda: FVSBN.default(SHAPE, levels=17, **PLAIN), adam(1e-3), 200),
    "NADE": (
        lambda: NADE.default(SHAPE, num_hidden=100, levels=17, direct=False, **PLAIN),
        adam(1e-3),
        200,
    ),
    "MADE": (
        lambda: MADE.default(
            SHAPE, hidden=(300, 300), num_masks=4, levels=17, direct_prior=None, **PLAIN
        ),
        adam(1e-3),
        200,
    ),
    "MaskedPixelCNN": (lambda: MaskedPixelCNN.default(SHAPE, levels=17), adam(2e-3), 200),
    "LocallyMaskedPixelCNN": (
        lambda: LocallyMaskedPixelCNN.default(SHAPE, s_curve_orders(8, 8), levels=17),
        adam(2e-3),
        400,
    ),
    "PixelCNN": (lambda: PixelCNN.default(SHAPE, levels=17, num_layers=6), adam(2e-3), 200),
    "PixelCNNPlusPlus": (lambda: PixelCNNPlusPlus.default(SHAPE, levels=17), adam(1e-3), 200),
    "RowLSTM": (lambda: RowLSTM.default(SHAPE, levels=17, num_layers=3), adam(3e-3), 100),
    "DiagonalBiLSTM": (
        lambda: DiagonalBiLSTM.default(SHAPE, levels=17, num_layers=3),
        adam(3e-3),
        100,
    ),
    "DDPM": (ddpm, adam(1e-3), 400),
}


def run(name, x, test):
    build, optimizer, epochs = MODELS[name]
    keras.utils.set_random_seed(0)
    model = build()
    model.compile(optimizer and optimizer(), steps_per_execution=21)
    begun = time.perf_counter()
    if epochs == 1:
        model.fit(x, batch_size=64, verbose=0)
        taken = 1
    else:
        stop = keras.callbacks.EarlyStopping(
            f"val_{model.term_names[0]}",
            mode="min",
            patience=math.ceil(epochs / 10),
            restore_best_weights=True,
        )
        history = model.fit(
            x, batch_size=64, epochs=epochs, validation_split=0.1, callbacks=[stop], verbose=0
        )
        taken = len(history.history[model.term_names[0]])
    minutes = (time.perf_counter() - begun) / 60
    trained = f"{model.num_free_parameters:,} | {taken} | {minutes:.1f}"
    if name != "DDPM":
        found = likelihood(model, test)
        show(name, trained, found.mean, found.standard_error)
        return
    found = likelihood(model, test, estimator=Bound(EVEN.num_steps))
    show("DDPM, bound", trained, found.mean, found.standard_error)
    by_flow, of_probes = model.log_prob_ode(test, num_steps=20, seed=0)
    error = np.std(by_flow, ddof=1) / math.sqrt(len(test))
    show("DDPM, probability flow", trained, np.mean(by_flow), error)
    probes = np.sqrt(np.sum(np.square(of_probes))) / len(test)
    print(f"\nprobability flow: {probes:.2f} nats of the standard error are its probes'")


def show(name, trained, log_prob, error):
    bits = -log_prob / math.prod(SHAPE) / math.log(2)
    print(f"| {name} | {trained} | {-log_prob:.2f} | {error:.2f} | {bits:.3f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="not used: the digits come with scikit-learn")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    arguments = parser.parse_args()
    x, test = load_arrays("digits", "train"), load_arrays("digits", "test")
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print("| model | parameters | epochs | minutes | test nats | standard error | bits/dim |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.models:
        run(name, x, test)


if __name__ == "__main__":
    main()
