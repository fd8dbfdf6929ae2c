"""A ProgressiveGAN at 32x32, by stage and beside a DCGAN of as many minutes; one step at 1024x1024.

    python benchmarks/progressive_gan.py --data FOLDER --output RUNS [--minutes 30]
        [--data-set mnist|tiles|cifar10] [--channels 8] [--most 512] [--latent 128] [--batch 16]
        [--leg-epochs 1] [--decay 0.999]
    python benchmarks/progressive_gan.py --size 1024 [--channels 4] [--most 32] [--batch 1]
        [--paper]

A stage and the fade into it last `leg-epochs` epochs each; the last stage has what is left of the
minutes. At the end of each stage, and of the training: a grid of the first 64 samples of seed 0,
none left out, and the sliced Wasserstein distance of 2,000 samples of seed 1 from as many test
images, at each level of the pyramid, times 1,000. Of MNIST (28x28, black rows and columns of 2
pixels around it) also the Frechet distance and the other figures of 10,000 samples by a classifier
of real training images, beside those of a DCGAN of the same minutes. Progress is saved after each
epoch: the same command goes on where a killed one stopped.

With `--size` the networks are built for that side, an image is drawn and two steps are made of the
last stage, in the middle of its fade, on images of noise; the peak of the memory is printed after
each. `--paper` has the published features, 16 to 512, instead of narrow ones.
"""

import argparse
import io
import json
import os
import platform
import resource
import tarfile
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
import resumable
from colour_images import read_image
from judged import Panel

from tfgen import DCGAN, ProgressiveGAN
from tfgen.adversarial import Growth
from tfgen.core import Adam
from tfgen.data import load_arrays
from tfgen.evaluation.fidelity import sliced_wasserstein
from tfgen.training import save_grid

SIDE, NUM_STAGES, BLOCK = 32, 4, 250
COLUMNS = ("32x32", "16x16", "8x8", "mean")


def padded(x):
    return np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))


def read_tiles(data):
    """All 32x32 images of the zip; every tenth in the order of their names for comparison."""
    with zipfile.ZipFile(os.path.join(data, "dcss_tiles", "dcss_tiles_nov2015_32.zip")) as file:
        names = sorted(name for name in file.namelist() if name.endswith(".png"))
        images = [read_image(io.BytesIO(file.read(name))) for name in names]
    images = np.stack([each for each in images if each.shape == (SIDE, SIDE, 3)])
    # Tiles of a kind stand together.
    test = np.arange(len(images)) % 10 == 0
    return images[~test], images[test]


def read_cifar10(data):
    parts = {"train": [], "test": []}
    with tarfile.open(os.path.join(data, "cifar10", "cifar10_jpeg.tar.xz")) as file:
        for member in file:
            split = member.name.removeprefix("./").split("/")[0]
            if member.isfile() and split in parts:
                parts[split].append(read_image(io.BytesIO(file.extractfile(member).read())))
    return np.stack(parts["train"]), np.random.default_rng(0).permutation(np.stack(parts["test"]))


def read_mnist(data):
    return tuple(padded(load_arrays(os.path.join(data, "mnist"), s)) for s in ("train", "test"))


READERS = {"mnist": read_mnist, "tiles": read_tiles, "cifar10": read_cifar10}


def build(arguments, shape, num_images):
    images = arguments.leg_epochs * num_images
    model = ProgressiveGAN.default(
        shape,
        latent_dim=arguments.latent,
        base_channels=arguments.channels,
        max_channels=arguments.most,
        growth=Growth(images, images),
        average_decay=arguments.decay,
    )
    model.compile(steps_per_execution=10)
    return model


class ByStage(keras.callbacks.Callback):
    """At the end of each stage: see `look`. At the next start, where a process ended before it."""

    def __init__(self, folder, test):
        super().__init__()
        self.folder = folder
        self.test = test

    def on_epoch_begin(self, epoch, logs=None):
        self.on_epoch_end(epoch)

    def on_epoch_end(self, epoch, logs=None):
        state = self.model.growth_state
        upcoming, _ = self.model.growth(state.images.value, NUM_STAGES)
        if int(upcoming) > int(state.stage):
            look(self.model, self.folder, self.test)


def look(model, folder, test):
    """A grid of samples, and their distances from test images, once for each number of images."""
    state = model.growth_state
    name = f"stage_{int(state.images):09d}_{4 * 2 ** int(state.stage)}"

    def figures():
        save_grid(model.sample(64, seed=0), os.path.join(folder, f"{name}.png"))
        samples = model.sample(len(test), seed=1, batch_size=BLOCK).numpy()
        return sliced_wasserstein(test, samples, smallest=8)

    found = resumable.kept(os.path.join(folder, f"{name}.json"), figures)
    print(name, found, flush=True)


def show_stages(folder, train, test):
    """A table of the distances that are kept, and of real images and of cheats."""
    drawn = train[np.random.default_rng(0).permutation(len(train))[: len(test)]]
    means = np.broadcast_to(drawn.mean(axis=(0, 1, 2)), drawn.shape).astype("float32")
    noise = np.random.default_rng(1).random(drawn.shape, "float32")
    references = {"training images": drawn, "one colour, the mean": means, "uniform noise": noise}
    rows = {}
    for path in sorted(Path(folder).glob("stage_*.json")):
        _, images, side = path.stem.split("_")
        rows[f"{side}x{side}, {int(images):,} images seen"] = json.loads(path.read_text())
    for name, images in references.items():
        path = os.path.join(folder, f"{name.replace(' ', '_')}.json")
        work = lambda: sliced_wasserstein(test, images, smallest=8)  # noqa: B023
        rows[name] = resumable.kept(path, work)
    print(f"| images | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, figures in rows.items():
        print(f"| {name} | {' | '.join(f'{1000 * figures[c]:.1f}' for c in COLUMNS)} |")


def run_dcgan(arguments, x):
    """A DCGAN of the same minutes, of images without the border."""

    def make():
        model = DCGAN.default((28, 28, 1), base_filters=16, average_decay=arguments.decay)
        optimizers = {name: Adam(2e-4, beta_1=0.5) for name in ("discriminator", "generator")}
        model.compile(optimizers, steps_per_execution=10)
        return model

    folder = os.path.join(arguments.output, "dcgan")
    model, seconds = resumable.fit(
        make, x, folder, epochs=10_000, batch_size=64, budget=60 * arguments.minutes
    )
    print(f"DCGAN: {int(model.steps_seen)} steps in {seconds / 60:.1f} minutes")
    save_grid(model.sample(64, seed=0), os.path.join(folder, "samples.png"))
    return model


def compare(arguments, model):
    """Figures of MNIST's samples by the judge."""
    panel = Panel(arguments.data, os.path.join(arguments.output, "real"), arguments.judge_epochs)
    x = panel.train[0][: arguments.images]
    inner = lambda images: images[:, 2:-2, 2:-2]
    rows = {}
    for name, each, crop in (
        ("ProgressiveGAN", model, inner),
        ("DCGAN", run_dcgan(arguments, x), lambda images: images),
    ):
        path = os.path.join(arguments.output, f"{name}_{int(each.steps_seen)}.json")
        draw = lambda: crop(  # noqa: B023
            each.sample(arguments.count, seed=1, batch_size=BLOCK).numpy()  # noqa: B023
        )
        rows[name] = resumable.kept(path, lambda: panel.figures(draw()))  # noqa: B023
    panel.show(rows)


def run_large(arguments):
    """A forward and a training step of the last stage at any side, and the memory's peak."""
    sizes = (16, 512) if arguments.paper else (arguments.channels, arguments.most)
    shape = (arguments.size, arguments.size, 3)
    model = ProgressiveGAN.default(
        shape, arguments.latent, *sizes, growth=Growth(1, 2 * arguments.batch)
    )
    last = model.critic.num_stages - 1
    model.growth_state.images.assign(model.growth.images_before(last) + arguments.batch)
    model.growth_state.stage.assign(last)
    model.compile()
    print(
        f"{arguments.size}x{arguments.size}, {sizes[0]} to {sizes[1]} features, batches of"
        f" {arguments.batch}; parameters: generator {model.generator.count_params():,}, critic"
        f" {model.critic.count_params():,}"
    )
    work = {
        "an image drawn": lambda: model.sample(1, seed=0),
        "first step, traced": lambda: step(model, shape, arguments.batch),
        "second step": lambda: step(model, shape, arguments.batch),
    }
    for name, run in work.items():
        begun = time.monotonic()
        run()
        seconds = time.monotonic() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{name}: {seconds:.1f} s, peak of the memory so far {peak:.2f} GiB", flush=True)
    assert int(model.growth_state.stage) == last


def step(model, shape, batch):
    x = np.random.default_rng(0).random((batch, *shape), "float32")
    print(model.train_on_batch(x, return_dict=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="holds mnist/, dcss_tiles/ or cifar10/")
    parser.add_argument("--output", help="folder of checkpoints and results")
    parser.add_argument("--data-set", choices=list(READERS), default="mnist")
    parser.add_argument("--minutes", type=float, default=30, help="of training")
    parser.add_argument("--channels", type=int, help="features of the full grid; 8, large: 4")
    parser.add_argument("--most", type=int, help="most features; 512, large: 32")
    parser.add_argument("--latent", type=int, default=128, help="size of z")
    parser.add_argument("--batch", type=int, help="16, large: 1")
    parser.add_argument("--leg-epochs", type=int, default=1, help="of a stage and of a fade")
    parser.add_argument("--decay", type=float, default=0.999, help="of the average of weights")
    parser.add_argument("--count", type=int, default=10_000, help="samples of a figure")
    parser.add_argument("--patches-of", type=int, default=2000, help="samples of a sliced distance")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--judge-epochs", type=int, default=5)
    parser.add_argument("--size", type=int, help="side, for the memory of one step")
    parser.add_argument("--paper", action="store_true", help="published features, with --size")
    arguments = parser.parse_args()
    large = arguments.size is not None
    for name, small_one, large_one in (("channels", 8, 4), ("most", 512, 32), ("batch", 16, 1)):
        if getattr(arguments, name) is None:
            setattr(arguments, name, large_one if large else small_one)
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    if large:
        run_large(arguments)
        return
    train, test = READERS[arguments.data_set](arguments.data)
    train = train[: arguments.images]
    folder = os.path.join(arguments.output, arguments.data_set)
    test = test[: arguments.patches_of]
    model, seconds = resumable.fit(
        lambda: build(arguments, train.shape[1:], len(train)),
        train,
        folder,
        epochs=10_000,
        batch_size=arguments.batch,
        budget=60 * arguments.minutes,
        callbacks=[ByStage(folder, test)],
    )
    print(f"ProgressiveGAN: {int(model.steps_seen)} steps in {seconds / 60:.1f} minutes")
    look(model, folder, test)
    show_stages(folder, train, test)
    if arguments.data_set == "mnist":
        compare(arguments, model)


if __name__ == "__main__":
    main()
