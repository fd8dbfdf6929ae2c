"""Bits per dimension of the autoregressive models on the 8x8 digits, 17 levels, one split.

    python benchmarks/digits.py [--data FOLDER] [--models RowLSTM PixelCNN ...]

Protocol: of the 1,442 training images a tenth is held out; training stops when their likelihood
has not risen for a tenth of the epochs, and the weights of the best epoch are kept. All 355 test
images are evaluated once, at the end. The tables are fitted by counting.
"""

import argparse
import math
import os
import platform
import time

import keras

from tfgen import (
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
from tfgen.evaluation import likelihood

SHAPE = (8, 8, 1)
# As in `likelihood.py`.
PLAIN = {"weight_prior": None, "marginal_start": False}


def adam(rate):
    return lambda: keras.optimizers.Adam(rate, global_clipnorm=1.0)


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
            "val_negative_log_prob",
            mode="min",
            patience=math.ceil(epochs / 10),
            restore_best_weights=True,
        )
        history = model.fit(
            x, batch_size=64, epochs=epochs, validation_split=0.1, callbacks=[stop], verbose=0
        )
        taken = len(history.history["negative_log_prob"])
    minutes = (time.perf_counter() - begun) / 60
    found = likelihood(model, test)
    print(
        f"| {name} | {model.num_free_parameters:,} | {taken} | {minutes:.1f} |"
        f" {-found.mean:.2f} | {found.standard_error:.2f} |"
        f" {found.bits_per_dim:.3f} |",
        flush=True,
    )


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
