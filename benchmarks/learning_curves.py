"""What the models' defaults make of few examples: test nats by the number of training examples.

    python benchmarks/learning_curves.py --data FOLDER --output RUNS [--sets digits] [--models NADE]

Protocol: n training examples are drawn by a fixed seed, and every model gets what `tfgen train
MODEL --epochs 500 --patience 30` gives it: its defaults, the last tenth of the n held out, training
until their likelihood has not risen for 30 epochs, the weights of the best epoch. Nothing is chosen
for a set or for an n. The models to compare with have no epochs, and are fitted to all n examples:
`Independent`, and for real values the normal distribution of the highest likelihood, a full
covariance with 1e-6 of the variances added to its diagonal. The test examples (1,000 images of
binarized MNIST by a fixed seed; all 355 digits; a fifth of each table) are evaluated once, at the
end. Digits have 17 levels. The tables, with n all of their other four fifths, are scikit-learn's in
their own units, from 1e-3 to 1e3; densities are of those. Each model that is done leaves a file in
RUNS: the same command goes on where a killed one stopped.
"""

import argparse
import json
import math
import os
import platform
import time

import keras
import numpy as np
import sklearn.datasets

import tfgen
from tfgen.data import load_arrays

EPOCHS, PATIENCE = 500, 30
BINARY = ["Independent", "FVSBN", "NADE", "MADE", "DeepNADE"]
LEVELS = [
    *BINARY,
    "MaskedPixelCNN",
    "PixelCNN",
    "PixelCNNPlusPlus",
    "RowLSTM",
    "DiagonalBiLSTM",
]
# name: (numbers of training examples, levels, models)
SETS = {
    "mnist": ((300, 1000, 3000), 2, [*BINARY, "MaskedPixelCNN", "PixelCNN"]),
    "digits": ((300, 1000), 17, LEVELS),
    "wine": ((142,), None, ["normal", "RNADE"]),
    "breast_cancer": ((455,), None, ["normal", "RNADE"]),
}


def load(name, data):
    """All the training examples in an order of their own, and the test examples."""
    generator = np.random.default_rng(0)
    if name == "mnist":
        folder = os.path.join(data, "binarized_mnist")
        train, test = load_arrays(folder, "train"), load_arrays(folder, "test")
        test = test[generator.choice(len(test), 1000, replace=False)]
    elif name == "digits":
        train, test = (load_arrays("digits", split, levels=17) for split in ("train", "test"))
    else:
        x = getattr(sklearn.datasets, f"load_{name}")().data.astype("float32")
        x = x[generator.permutation(len(x))]
        return x[: len(x) * 4 // 5], x[len(x) * 4 // 5 :]
    return train[generator.permutation(len(train))], test


def normal_log_prob(x, test):
    """log p of the test examples under the normal distribution of x."""
    x, test = x.astype("float64"), test.astype("float64")
    mean, scale = x.mean(axis=0), x.std(axis=0)
    units = (x - mean) / scale
    factor = np.linalg.cholesky(units.T @ units / len(x) + 1e-6 * np.eye(len(mean)))
    z = np.linalg.solve(factor, ((test - mean) / scale).T)
    log_det = np.sum(np.log(np.diag(factor)) + np.log(scale) + 0.5 * math.log(2 * math.pi))
    return -0.5 * np.sum(z**2, axis=0) - log_det


def run(name, levels, x, test):
    """Nats of the test examples, their standard error, epochs and minutes."""
    begun, taken = time.perf_counter(), None
    if name == "normal":
        log_prob = normal_log_prob(x, test)
    else:
        keras.utils.set_random_seed(0)
        kind = getattr(tfgen, name)
        model = kind.default(x.shape[1:], **({} if levels is None else {"levels": levels}))
        batch_size = model.default_batch_size
        model.compile(steps_per_execution=min(50, math.ceil(len(x) / batch_size)))
        if name == "Independent":
            model.fit(x, batch_size=batch_size, verbose=0)
        else:
            stop = keras.callbacks.EarlyStopping(
                "val_negative_log_prob", mode="min", patience=PATIENCE, restore_best_weights=True
            )
            history = model.fit(
                x,
                batch_size=batch_size,
                epochs=EPOCHS,
                validation_split=0.1,
                callbacks=[stop],
                verbose=0,
            )
            taken = len(history.epoch)
        log_prob = model.log_prob(test, batch_size=500).numpy().astype("float64")
    return {
        "nats": -log_prob.mean(),
        "standard_error": log_prob.std(ddof=1) / math.sqrt(len(log_prob)),
        "epochs": taken,
        "minutes": (time.perf_counter() - begun) / 60,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds binarized_mnist/")
    parser.add_argument("--output", required=True, help="folder of the results")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--models", nargs="+", help="of those that a set is meant for")
    parser.add_argument("--most", type=int, default=10**9, help="largest number of examples")
    arguments = parser.parse_args()
    os.makedirs(arguments.output, exist_ok=True)
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print("| set | examples | model | test nats | standard error | epochs | minutes |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.sets:
        counts, levels, models = SETS[name]
        train, test = load(name, arguments.data)
        for count in (count for count in counts if count <= arguments.most):
            for model in models:
                if arguments.models and model not in arguments.models:
                    continue
                path = os.path.join(arguments.output, f"{name}-{count}-{model}.json")
                if not os.path.exists(path):
                    result = run(model, levels, train[:count], test)
                    with open(path, "w") as file:
                        json.dump(result, file)
                with open(path) as file:
                    row = json.load(file)
                print(
                    f"| {name} | {count:,} | `{model}` | {row['nats']:.2f} |"
                    f" {row['standard_error']:.2f} | {row['epochs'] or ''} |"
                    f" {row['minutes']:.1f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
