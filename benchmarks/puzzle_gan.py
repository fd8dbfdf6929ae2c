"""A PuzzleGAN of MNIST: where it puts three patches, and what it makes of them.

    python benchmarks/puzzle_gan.py --data FOLDER --output RUNS [--minutes 20] [--filters 16]
        [--kernel 4] [--embedding 384] [--data-set fashion_mnist] [--dcgan] [--published]

Protocol: all training images of 28x28, boxes of 10x10 by the usual rule (`EdgeEnergyBoxes`), each
patch resized to 28x28. The figures are of the first 1,000 test images: the intersection over union
of the mask that is found with the true one; the class, by a classifier that saw real training
images alone, of what is assembled; the ink, the mean of all pixels; the mean change between two
draws of z, and the share of images both draws of which are classified rightly; the largest change
by another order of the patches; and what the patches of another image do. Controls: one mask for
all images, the best threshold of the mean of training masks; the patches alone, by the sum of the
classifier's probabilities; the image under its true mask; the image.

`--dcgan` trains a DCGAN of as many filters and minutes, and sets the Frechet distances of 10,000
samples beside those of images assembled of the patches of 10,000 training images. `--published`
has the losses, the weights and the rates of the paper. Progress is saved after each epoch: the
same command goes on where a killed one stopped. `assembled.png` has the first
test images, none left out: image, patches, mask, two results.
"""

import argparse
import json
import os
import platform

import numpy as np
import resumable
import tensorflow as tf
from judged import Panel

from tfgen import DCGAN, PuzzleGAN
from tfgen.core import Adam
from tfgen.losses import GeometricDecay, PredictedMaskLoss
from tfgen.training import save_grid

SHAPE, BLOCK = (28, 28, 1), 250
PUBLISHED = {
    "part_loss": PredictedMaskLoss(),
    "part_weight": GeometricDecay(1e-2, 1e-4, 25 * 60_000 // 64),
    "mode_seeking": None,
    "average_decay": None,
}


def build(arguments):
    chosen = PUBLISHED if arguments.published else {}
    model = PuzzleGAN.default(
        SHAPE,
        base_filters=arguments.filters,
        embedding_dim=arguments.embedding,
        kernel_size=arguments.kernel,
        **chosen,
    )
    rates = {name: Adam(2e-4, beta_1=0.5) for name in ("discriminator", "generator")}
    model.compile(rates if arguments.published else None, steps_per_execution=10)
    return model


def build_dcgan(arguments):
    model = DCGAN.default(SHAPE, base_filters=arguments.filters, average_decay=0.999)
    model.compile(steps_per_execution=10)
    return model


def in_blocks(function, *arrays):
    """What a function of `[n, ...]` gives, some hundred at a time."""
    parts = [function(*(a[i : i + BLOCK] for a in arrays)) for i in range(0, len(arrays[0]), BLOCK)]
    return tuple(np.concatenate(each) for each in zip(*parts, strict=True))


def taken_apart(model, x):
    """Patches, and masks as booleans."""
    patches, masks = in_blocks(lambda x: model.take_apart(x, seed=0), x)
    return patches, masks > 0.5


def overlap(found, masks):
    """The mean intersection over union, of booleans."""
    both, either = (found & masks).sum((1, 2, 3)), (found | masks).sum((1, 2, 3))
    return float(np.mean(both / either))


def constant_mask(masks):
    """The best of the masks that are the same for all images."""
    mean = masks.mean(axis=0)
    candidates = [mean > level for level in np.arange(0.05, 0.95, 0.05)]
    return max(candidates, key=lambda mask: overlap(mask[np.newaxis], masks))


def figures(model, panel, count):
    """What is known of a model at one moment, and of the controls."""
    x, y = (each[:count] for each in panel.test)
    right = lambda images: panel.judge.classify(images) == y
    patches, masks = taken_apart(model, x)
    assemble = lambda patches, seed: model.assemble(patches, seed=seed, batch_size=BLOCK).numpy()
    whole, other = assemble(patches, 1), assemble(patches, 2)
    found = model.locate(patches, batch_size=BLOCK).numpy() > 0.5
    of_others = assemble(np.roll(patches, 1, axis=0), 1)
    turned = assemble(patches[:, ::-1], 1)
    _, training_masks = taken_apart(model, panel.train[0][:10_000])
    constant = constant_mask(training_masks)[np.newaxis]
    alone = sum(tf.nn.softmax(panel.judge.network(patches[:, n])[1]) for n in range(3))
    return {
        "IoU of the mask": overlap(found, masks),
        "IoU of a constant mask": overlap(constant, masks),
        "class of the assembled image": float(np.mean(right(whole))),
        "class of the patches alone": float(np.mean(np.argmax(alone, axis=1) == y)),
        "class of the image under its true mask": float(np.mean(right(x * masks))),
        "class of the image": float(np.mean(right(x))),
        "ink, of that of the images": float(whole.mean() / x.mean()),
        "change between two draws of z": float(np.abs(whole - other).mean()),
        "both draws classified rightly": float(np.mean(right(whole) & right(other))),
        "class of the second draw": float(np.mean(right(other))),
        "largest change by the order of the patches": float(np.abs(turned - whole).max()),
        "change by another image's patches": float(np.abs(of_others - whole).mean()),
        "class of that other image": float(
            np.mean(panel.judge.classify(of_others) == np.roll(y, 1))
        ),
    }


def distances(arguments, model, panel):
    """Frechet distances of assembled images, of a DCGAN's and of real training images."""
    dcgan, _ = resumable.fit(
        lambda: build_dcgan(arguments),
        panel.train[0][: arguments.images],
        os.path.join(arguments.output, f"{arguments.data_set}_dcgan"),
        epochs=10_000,
        batch_size=64,
        budget=60 * arguments.minutes,
    )
    x = panel.train[0][: 10 * arguments.count]
    (assembled,) = in_blocks(
        lambda x: (model.assemble(model.take_apart(x, seed=0)[0], seed=len(x)),), x
    )
    samples = dcgan.sample(len(x), seed=0, batch_size=BLOCK).numpy()
    return {
        "FD of assembled images": panel.distance(assembled),
        "FD of the DCGAN": panel.distance(samples),
        "FD of the training images": panel.distance(x),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="holds the folder of the data set")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--data-set", choices=("mnist", "fashion_mnist"), default="mnist")
    parser.add_argument("--minutes", type=float, default=20, help="of training")
    parser.add_argument("--filters", type=int, default=16)
    parser.add_argument("--kernel", type=int, default=4)
    parser.add_argument("--embedding", type=int, default=384)
    parser.add_argument("--count", type=int, default=1000, help="test images of the figures")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--dcgan", action="store_true", help="Frechet distances beside a DCGAN's")
    parser.add_argument("--published", action="store_true", help="the paper's losses and rates")
    arguments = parser.parse_args()
    of_data = os.path.join(arguments.output, f"{arguments.data_set}_real")
    panel = Panel(arguments.data, of_data, data_set=arguments.data_set)
    name = f"{arguments.data_set}_{'published' if arguments.published else 'puzzle'}"
    folder = os.path.join(arguments.output, name)
    model, seconds = resumable.fit(
        lambda: build(arguments),
        panel.train[0][: arguments.images],
        folder,
        epochs=10_000,
        batch_size=64,
        budget=60 * arguments.minutes,
    )
    shown = model.preview((panel.test[0][:64],), seed=0)
    save_grid(shown, os.path.join(folder, "assembled.png"))
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"{int(model.steps_seen)} steps in {seconds / 60:.1f} minutes")
    path = os.path.join(folder, f"figures_{int(model.steps_seen)}.json")
    line = resumable.kept(path, lambda: figures(model, panel, arguments.count))
    if arguments.dcgan:
        path = os.path.join(folder, f"distances_{int(model.steps_seen)}.json")
        line |= resumable.kept(path, lambda: distances(arguments, model, panel))
    print(f"Judge: {panel.judge.description}")
    print("| figure | |\n|---|---|")
    for title, value in line.items():
        print(f"| {title} | {value:.2e} |" if value < 1e-3 else f"| {title} | {value:.3f} |")
    print(json.dumps(line))


if __name__ == "__main__":
    main()
