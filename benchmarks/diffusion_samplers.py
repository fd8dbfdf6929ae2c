"""Frechet distance by the evaluations of the denoiser: samplers of one trained DDPM.

    python benchmarks/diffusion_samplers.py --data FOLDER --output RUNS [--count 2000]

The model is that of `conditional_ddpm.py`, which trains it first where RUNS does not hold it; there
is no guidance. For each sampler and number of steps, 2,000 samples of seed 1, 200 of each class,
are compared with the test images by the features of the judge. The fewer the samples, the larger
the distance, in the same way for all. What is drawn is kept: the same command goes on where a
killed one stopped. `curves.png` has the table as a picture.
"""

import os
import platform

import conditional_ddpm
import matplotlib.pyplot as plt
import numpy as np
import resumable
from judged import Panel

from tfgen.diffusion import DDIM, Ancestral, DPMSolver, Heun

# Its sampler of n steps, and the evaluations that they take.
KINDS = {
    "ancestral": (Ancestral, lambda steps: steps, (20, 50, 100)),
    "DDIM": (DDIM, lambda steps: steps, (5, 10, 20, 50, 100)),
    "Heun": (Heun, lambda steps: 2 * steps - 1, (3, 5, 10, 25)),
    "DPM-Solver++(2M)": (DPMSolver, lambda steps: steps, (5, 10, 20, 50)),
}


def distances(panel, model, folder, count):
    """`{sampler: [(evaluations, FD), ...]}`."""
    labels, found = np.arange(count) % 10, {}
    for name, (kind, evaluations, every) in KINDS.items():
        found[name] = []
        for steps in every:
            path = os.path.join(folder, f"{kind.__name__}_{steps}_{count}.json")

            def work(sampler=kind(steps)):
                samples = model.sample(
                    count, condition=labels, sampler=sampler, seed=1, batch_size=500
                )
                return {"FD": panel.distance(samples.numpy())}

            found[name].append((evaluations(steps), resumable.kept(path, work)["FD"]))
            print(name, *found[name][-1], flush=True)
    return found


def draw(found, path):
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for name, points in found.items():
        axes.plot(*zip(*points, strict=True), "o-", label=name)
    axes.set(xscale="log", yscale="log", xlabel="evaluations of the denoiser", ylabel="FD")
    axes.legend()
    figure.savefig(path, dpi=150)


def main():
    arguments = conditional_ddpm.parse(count=2_000)
    real = os.path.join(arguments.output, "real")
    panel = Panel(arguments.data, real, epochs=arguments.judge_epochs)
    training = (each[: arguments.images] for each in panel.train)
    model, folder, _ = conditional_ddpm.train(arguments, *training)
    found = distances(panel, model, folder, arguments.count)
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print("| sampler | evaluations | FD | FD over that of DDIM with 100 |\n|---|---|---|---|")
    best = dict(found["DDIM"])[100]
    for name, points in found.items():
        for evaluations, distance in points:
            print(f"| {name} | {evaluations} | {distance:.3f} | {distance / best:.2f} |")
    draw(found, os.path.join(folder, "curves.png"))


if __name__ == "__main__":
    main()
