"""Seconds for the figures of fidelity of 10,000 x 2,048 features, random ones.

python benchmarks/fidelity_speed.py [--runs 3] [--oracle]
"""

import argparse
import os
import platform
import statistics
import time

import numpy as np

from tfgen.evaluation.fidelity import (
    FeatureMoments,
    density_coverage,
    frechet_distance,
    kernel_distance,
    prdc,
    precision_recall,
)


def features(count, dim, seed):
    """Rectified, correlated, with a spectrum that falls, as features of a network have it."""
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).normal(size=(dim, dim)) * np.arange(1, dim + 1) ** -0.5
    return np.maximum(random.normal(size=(count, dim)) @ mixing.T + 0.1 * seed, 0).astype("float32")


def by_sqrtm(real, fake):
    import scipy.linalg

    first, second = real.covariance, fake.covariance
    root = scipy.linalg.sqrtm(first @ second).real
    return np.sum((real.mean - fake.mean) ** 2) + np.trace(first + second - 2 * root)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="not used; every benchmark takes it")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--dim", type=int, default=2048)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--oracle", action="store_true", help="scipy.linalg.sqrtm beside it")
    arguments = parser.parse_args()
    real, fake = (features(arguments.count, arguments.dim, seed) for seed in (1, 2))
    moments = [FeatureMoments().add(each) for each in (real, fake)]
    rows = {
        "mean and covariance of one set": lambda: FeatureMoments().add(real),
        "Frechet distance of moments": lambda: frechet_distance(*moments),
        "Frechet distance of features": lambda: frechet_distance(real, fake),
        "precision, recall, density, coverage, one k": lambda: prdc(real, fake),
        "precision and recall, k = 3": lambda: precision_recall(real, fake),
        "density and coverage, k = 5": lambda: density_coverage(real, fake),
        "kernel distance, 100 subsets of 1,000": lambda: kernel_distance(real, fake),
    }
    if arguments.oracle:
        rows["Frechet distance of moments, scipy.linalg.sqrtm"] = lambda: by_sqrtm(*moments)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"{arguments.count:,} x {arguments.dim:,} features, medians of {arguments.runs} runs")
    print("| figure | seconds | of the processors |")
    print("|---|---|---|")
    found = {}
    for name, compute in rows.items():
        taken, busy = [], []
        for _ in range(arguments.runs):
            begun, cpu = time.perf_counter(), time.process_time()
            found[name] = compute()
            taken.append(time.perf_counter() - begun)
            busy.append(time.process_time() - cpu)
        print(
            f"| {name} | {statistics.median(taken):.2f} | {statistics.median(busy):.2f} |",
            flush=True,
        )
    if arguments.oracle:
        ours = found["Frechet distance of moments"]
        expected = found["Frechet distance of moments, scipy.linalg.sqrtm"]
        print(f"relative difference of the two: {abs(ours - expected) / expected:.1e}")


if __name__ == "__main__":
    main()
