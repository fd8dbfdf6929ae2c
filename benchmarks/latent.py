"""The latent wing on the fixed binarized MNIST of Larochelle: nats per image, 5,000 samples.

    python benchmarks/latent.py --data FOLDER --output RUNS [--models VAE IWAE] [--paper]

Protocol: trained on the 50,000 training images alone, for stages that are fixed beforehand; the
10,000 validation images are looked at after each epoch and decide nothing. There is no dynamic
binarization. The test images are evaluated once, at the end: the importance-weighted bound of 50
samples on all 10,000, and the mean gap to that of 5,000 samples on 500 of them, drawn at random
(the file is sorted by digit); the standard error is that of both. The last stages of IWAE and of
HierarchicalVAE are not those of their first runs, whose test figures README has as well. Progress
is saved after each epoch: the same command goes on where a killed one stopped. `--paper` takes the
sizes with which the papers report their own numbers, for a GPU.
"""

import argparse
import json
import os
import platform
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import NamedTuple

import keras
import numpy as np
import resumable
import tensorflow as tf

from tfgen import VAE, HierarchicalVAE
from tfgen.core import Adam
from tfgen.data import load_arrays
from tfgen.distributions import kl_terms, sample_and_log_prob
from tfgen.evaluation import two_phase_likelihood
from tfgen.latent import ELBO, IWAE, DReG, LinearWarmUp, Objective, VampPrior
from tfgen.networks import ConvolutionalNetworks, DenseNetworks

NUM_TRAIN, SHAPE = 50_000, (28, 28, 1)


class Stage(NamedTuple):
    """A part of a training.

    Attributes:
        objective: what is maximised.
        epochs: how many.
        peak: learning rate at the start, from which it falls to 0 along half a cosine, over this
            stage and those after it that have none; None to go on along the last one.
    """

    objective: Objective
    epochs: int
    peak: float | None = None


class Setting(NamedTuple):
    """How a model is built and trained.

    Attributes:
        make: `() -> model`.
        stages: one after the other.
        batch_size: of all stages.
    """

    make: Callable
    stages: Sequence[Stage]
    batch_size: int = 100


def warmed_up(epochs, batch_size):
    """The bound, with a weight of the rate that grows for some epochs."""
    return ELBO(LinearWarmUp(epochs * NUM_TRAIN // batch_size))


def vae():
    """The networks of Burda et al. (2016) with one stochastic layer."""
    networks = DenseNetworks((200, 200), "tanh")
    return VAE.default(SHAPE, latent_dim=50, architecture=networks)


def hierarchical_vae():
    return HierarchicalVAE.default(SHAPE, (40, 40), top=VampPrior(SHAPE, 40, 500))


MODELS = {
    "VAE": Setting(vae, [Stage(warmed_up(30, 100), 500, 1e-3)]),
    "IWAE": Setting(vae, [Stage(warmed_up(30, 100), 500, 1e-3), Stage(IWAE(50), 20, 5e-4)]),
    "HierarchicalVAE": Setting(
        hierarchical_vae, [Stage(warmed_up(40, 100), 200, 5e-4), Stage(IWAE(10), 40, 3e-4)]
    ),
}
PAPER = {
    # Burda et al. (2016), Table 1: 3,280 epochs in batches of 20, dynamic binarization there.
    "IWAE": Setting(vae, [Stage(DReG(50), 3280, 1e-3)], batch_size=20),
    # Tomczak & Welling (2018), Table 2: convolutional, 500 pseudo-inputs.
    "HierarchicalVAE": Setting(
        lambda: HierarchicalVAE.default(
            SHAPE, (40, 40), ConvolutionalNetworks(), top=VampPrior(SHAPE, 40, 500)
        ),
        [Stage(warmed_up(100, 100), 2000, 5e-4)],
    ),
}


def built(setting, x):
    """The model of a setting; its pixels' logits start at their frequencies among x."""
    model = setting.make()
    means = np.clip(x.mean(axis=0), 1e-3, 1 - 1e-3)
    model.decoder.get_layer("output").bias.assign(np.log(means / (1 - means)).reshape(-1))
    return model


def train(setting, folder, x, validation):
    """The trained model, and the minutes of its training."""
    epochs = 0
    for index, stage in enumerate(setting.stages):
        if stage.peak is not None:
            last = takewhile(lambda each: each.peak is None, setting.stages[index + 1 :])
            steps = sum(each.epochs for each in (stage, *last)) * NUM_TRAIN // setting.batch_size

        def prepare(model, stage=stage, steps=steps, begins=epochs):
            if stage.peak is not None and model.epochs_seen == begins:
                rate = keras.optimizers.schedules.CosineDecay(stage.peak, steps)
                model.compile(Adam(rate), steps_per_execution=50, jit_compile=True)
            model.objective = stage.objective

        epochs += stage.epochs
        model, seconds = resumable.fit(
            lambda: built(setting, x),
            x,
            folder,
            prepare=prepare,
            epochs=epochs,
            batch_size=setting.batch_size,
            validation_data=validation,
        )
    return model, seconds / 60


def layer_rates(model, x):
    """Nats of KL(q(z | x) || p(z)) in each layer, where there are several."""
    q = model.q(tf.convert_to_tensor(x))
    z, log_q = sample_and_log_prob(q, model.latent_draws(x, tf.constant((0, 0))))
    rates = np.mean(kl_terms(q, model.prior_distribution(), z, log_q), axis=0)
    return [float(rate) for rate in rates]


def run(name, setting, folder, data, split):
    x, validation = (load_arrays(data, part) for part in ("train", "valid"))
    model, minutes = train(setting, folder, x, validation)
    x = validation if split == "valid" else load_arrays(data, split)
    estimate = two_phase_likelihood(
        model, x, batch_size=50, protocol={"split": split, "binarization": "fixed"}
    )
    result = {
        "model": name,
        "parameters": model.num_free_parameters,
        "epochs": model.epochs_seen,
        "minutes": minutes,
        "estimate": estimate.to_json(),
    }
    if isinstance(model, HierarchicalVAE):
        result["layer_rates"] = layer_rates(model, x[:: len(x) // 1000])
    with open(os.path.join(folder, f"{split}.json"), "w") as file:
        json.dump(result, file, indent=2)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="folder that holds binarized_mnist/")
    parser.add_argument("--output", required=True, help="folder for checkpoints and results")
    parser.add_argument("--models", nargs="+", choices=sorted({*MODELS, *PAPER}))
    parser.add_argument("--split", default="test", help="what is evaluated: valid, to decide")
    parser.add_argument("--paper", action="store_true", help="the papers' sizes")
    arguments = parser.parse_args()
    settings = PAPER if arguments.paper else MODELS
    data = os.path.join(arguments.data, "binarized_mnist")
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print("| model | parameters | epochs | minutes | nats | standard error | rates of layers |")
    print("|---" * 7 + "|")
    for name in arguments.models or settings:
        folder = os.path.join(arguments.output, name + ("-paper" if arguments.paper else ""))
        row = run(name, settings[name], folder, data, arguments.split)
        estimate = row["estimate"]
        rates = ", ".join(f"{rate:.1f}" for rate in row.get("layer_rates", ()))
        print(
            f"| {name} | {row['parameters']:,} | {row['epochs']} | {row['minutes']:.1f} |"
            f" {-estimate['mean']:.2f} | {estimate['standard_error']:.2f} | {rates} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
