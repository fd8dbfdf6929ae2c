"""Digits in colours from captions: TextToImageGAN on triples that training never shows.

    python benchmarks/text_to_image.py --data FOLDER --output RUNS [--minutes 30] [--published]
        [--batch 64] [--filters 32] [--mode-seeking 0.1] [--contrast 1]
        [--text-steps 2000] [--rate 4e-4] [--decay-steps 20000]

FOLDER is where TFDS keeps prepared sets. Protocol: all 60,000 training images of captioned_mnist
and their captions; the minutes are those of training, the text encoder's included. Three
classifiers, of digit, ink and ground, that saw real training images alone (that of digits without
their colours: the distance of each pixel from the frame) judge 2,000 samples of seed 1, for
captions of the split held_out, whose triples of digit, ink and ground no training image has.
"changed" is the share of samples in which a judge sees another digit (ink, ground) when that word
of the caption is exchanged and the noise is the same, "stay" that in which the other two judges see
what they saw. "permuted" judges the samples by each other's captions. Diversity is the mean
distance of two samples of one caption, over that of two real images of its triple, 50 samples of
each of the 56. Beside them are real images, which are the ceiling, the mean image of each triple,
and real images of other captions. Progress is saved after each epoch: the same command goes on
where a killed one stopped. `samples.png` has samples of seed 0 of eight captions of held_out, a row
for each, none left out. `--published` trains the published objective alone on the same networks: no
text training, any other caption as the wrong one, midpoints.
"""

import argparse
import os
import platform
import time

import keras
import numpy as np
import resumable
from judged import write_line

from tfgen import TextToImageGAN
from tfgen.adversarial import ContrastiveText
from tfgen.conditions import Captions
from tfgen.data import load_arrays
from tfgen.data.captioned import COLOURS, DIGITS, WORDINGS
from tfgen.evaluation.fidelity import load_judge, train_judge
from tfgen.losses import ModeSeeking
from tfgen.training import save_grid

ATTRIBUTES = {"digit": DIGITS, "ink": tuple(COLOURS), "ground": tuple(COLOURS)}
BATCH, OF_EACH = 500, 50


def load(arguments, split):
    """Images, captions and `[n, 3]` numbers of digit, ink and ground, kept as one file."""
    path = os.path.join(arguments.output, f"{split}.npz")
    if not os.path.exists(path):
        read = lambda labels: load_arrays(
            "captioned_mnist", split, labels=labels, data_dir=arguments.data
        )
        x, captions = read(True)
        numbers = np.stack([read(name)[1] for name in ATTRIBUTES], axis=1)
        x = np.rint(255 * x).astype("uint8")
        np.savez(path, x=x, captions=captions.astype(str), numbers=numbers)
    with np.load(path) as found:
        return found["x"].astype("float32") / 255, found["captions"], found["numbers"]


class Panel:
    """Real images, the three judges of them, and the figures of any others."""

    def __init__(self, arguments):
        os.makedirs(arguments.output, exist_ok=True)
        self.count = arguments.count
        self.output = arguments.output
        self.train = tuple(each[: arguments.images] for each in load(arguments, "train"))
        self.held_out = load(arguments, "held_out")
        self.judges = [
            self._judge(name, index, arguments.judge_epochs if name == "digit" else 2)
            for index, name in enumerate(ATTRIBUTES)
        ]
        triples, first = np.unique(self.held_out[2], axis=0, return_index=True)
        self.triples, self.captions = triples, self.held_out[1][first]

    def _judge(self, name, index, epochs):
        path = os.path.join(self.output, f"judge_{name}.keras")
        if not os.path.exists(path):
            pairs = [(x, numbers[:, index]) for x, _, numbers in (self.train, self.held_out)]
            if name == "digit":
                pairs = [(uncoloured(x), y) for x, y in pairs]
            judge = train_judge(*pairs, data=f"captioned_mnist ({name})", epochs=epochs)
            judge.save(path)
        return load_judge(path)

    def seen(self, images):
        """`[n, 3]`, what the judges see."""
        views = uncoloured(images), images, images
        seen = [judge.classify(x) for judge, x in zip(self.judges, views, strict=True)]
        return np.stack(seen, axis=1)

    def right(self, images, numbers):
        """Shares of images that show all three, and each of them."""
        right = self.seen(images) == numbers
        shares = dict(zip(ATTRIBUTES, right.mean(axis=0).tolist(), strict=True))
        return {"all three": float(right.all(axis=1).mean()), **shares}

    def diversity(self, images):
        """Mean distance of two of the `[56, 50, ...]` images of each caption, over real ones'."""
        rows = [np.flatnonzero((self.held_out[2] == triple).all(axis=1)) for triple in self.triples]
        real = np.stack([self.held_out[0][each[:OF_EACH]] for each in rows])
        return float(_mean_distance(images) / _mean_distance(real))

    def figures(self, draw):
        """All that is asked of samples.

        Args:
            draw: captions and a seed to images; the noise of an image is that of its place.
        """
        captions, numbers = (each[: self.count] for each in self.held_out[1:])
        images = draw(captions, 1)
        found = self.right(images, numbers)
        found["permuted"] = self.right(images, np.roll(numbers, 1, axis=0))["all three"]
        before = self.seen(images)
        for index, name in enumerate(ATTRIBUTES):
            after = self.seen(draw(exchanged(captions, numbers, index), 1))
            same = after == before
            others = np.delete(same, index, axis=1)
            found[f"{name} changed"] = float(1 - same[:, index].mean())
            found["others stay, " + name] = float(others.all(axis=1).mean())
        of_each = draw(np.repeat(self.captions, OF_EACH), 2)
        of_each = of_each.reshape(len(self.captions), OF_EACH, *images.shape[1:])
        return {**found, "diversity": self.diversity(of_each)}

    def references(self):
        """`{name: figures}` of real images and of cheats."""
        x, _, numbers = (each[: self.count] for each in self.held_out)
        means = {
            tuple(t): self.held_out[0][(self.held_out[2] == t).all(axis=1)].mean(axis=0)
            for t in self.triples
        }
        of_means = np.stack([means[tuple(t)] for t in numbers])
        other = np.roll(x, 1, axis=0)
        return {
            "real images of the captions": {**self.right(x, numbers), "diversity": 1.0},
            "mean image of each triple": {**self.right(of_means, numbers), "diversity": 0.0},
            "real images of other captions": self.right(other, numbers),
        }

    def show(self, rows):
        """Prints a table."""
        for judge in self.judges:
            print(f"judge: {judge.description}")
        rows = {**rows, **self.references()}
        columns = list(dict.fromkeys(name for found in rows.values() for name in found))
        print(f"| images | {' | '.join(columns)} |")
        print("|---" * (len(columns) + 1) + "|")
        for title, found in rows.items():
            cells = [f"{found[name]:.3f}" if name in found else "" for name in columns]
            print(f"| {title} | {' | '.join(cells)} |")


def uncoloured(images):
    """What the judge of digits sees: how far each pixel is from the frame's colour, at most 1."""
    frame = np.ones(images.shape[1:3], bool)
    frame[2:-2, 2:-2] = False
    apart = np.abs(images - images[:, frame].mean(axis=1)[:, None, None]).sum(
        axis=-1, keepdims=True
    )
    return apart / np.maximum(apart.max(axis=(1, 2, 3), keepdims=True), 1e-6)


def _mean_distance(images):
    """Mean Euclidean distance of two images of a group, of `[groups, n, ...]`."""
    flat = images.reshape(*images.shape[:2], -1).astype("float64")
    squares = (flat**2).sum(axis=-1)
    products = flat @ flat.transpose(0, 2, 1)
    apart = np.sqrt(np.maximum(squares[:, :, None] + squares[:, None] - 2 * products, 0))
    return apart.sum() / (len(apart) * apart.shape[1] * (apart.shape[1] - 1))


def exchanged(captions, numbers, index):
    """The captions with another digit, ink or ground, drawn from those that the rest allows."""
    random = np.random.default_rng(index)
    names = list(ATTRIBUTES.values())
    changed = []
    for caption, triple in zip(captions, numbers, strict=True):
        wording = next(w for w in WORDINGS if say(w, triple) == caption)
        taken = {triple[index]} if index == 0 else set(triple[1:])
        choice = random.choice([k for k in range(len(names[index])) if k not in taken])
        changed.append(say(wording, [choice if i == index else k for i, k in enumerate(triple)]))
    return np.array(changed)


def say(wording, triple):
    words = [names[k] for names, k in zip(ATTRIBUTES.values(), triple, strict=True)]
    return wording.format(**dict(zip(ATTRIBUTES, words, strict=True)))


def build(arguments, panel, folder):
    """A model whose text encoder is trained; the seconds of that are kept beside it."""
    x, captions, _ = panel.train
    options = {"text_training": ContrastiveText(arguments.text_steps)}
    if arguments.mode_seeking is not None:
        options["mode_seeking"] = ModeSeeking(arguments.mode_seeking)
    if arguments.contrast is not None:
        options["contrast_weight"] = arguments.contrast
    if arguments.published:
        options = TextToImageGAN.published
    model = TextToImageGAN.default(
        x.shape[1:], Captions.from_corpus(captions), base_filters=arguments.filters, **options
    )
    rate = arguments.rate or (2e-4 if arguments.published else 4e-4)
    if arguments.decay_steps:
        rate = keras.optimizers.schedules.PolynomialDecay(rate, arguments.decay_steps, rate / 20)
    model.compile(steps_per_execution=10, learning_rate=rate)
    begun = time.monotonic()
    if not arguments.published:
        model.train_text(x, captions)
    with open(os.path.join(folder, "text_seconds.txt"), "w") as file:
        file.write(str(time.monotonic() - begun))
    return model


def sampler(model):
    """`draw(captions, seed)` of a model."""
    return lambda captions, seed: model.sample(
        len(captions), condition=captions, seed=seed, batch_size=BATCH
    ).numpy()


class ByEpoch(keras.callbacks.Callback):
    """Adds a line to a file after each epoch."""

    def __init__(self, panel, path, every):
        super().__init__()
        self.panel, self.path, self.every = panel, path, every

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        line = {"steps": int(self.model.steps_seen), **self.panel.figures(sampler(self.model))}
        write_line(self.path, line)
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="where TFDS keeps prepared sets")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--minutes", type=float, default=30, help="of training")
    parser.add_argument("--published", action="store_true", help="the published objective alone")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--filters", type=int, default=32)
    parser.add_argument("--mode-seeking", type=float, help="weight; the default's if not given")
    parser.add_argument("--rate", type=float, help="of both players; 4e-4, published 2e-4")
    parser.add_argument(
        "--decay-steps", type=int, default=0, help="to a twentieth of the rate; 0: constant"
    )
    parser.add_argument("--contrast", type=float, help="weight; the default's if not given")
    parser.add_argument("--text-steps", type=int, default=2000)
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--count", type=int, default=2000, help="samples of a figure")
    parser.add_argument("--judge-epochs", type=int, default=10, help="of that of digits")
    parser.add_argument("--epochs", type=int, default=1000, help="at most")
    parser.add_argument("--every", type=int, default=4, help="epochs between figures")
    arguments = parser.parse_args()
    panel = Panel(arguments)
    folder = os.path.join(arguments.output, "published" if arguments.published else "default")
    os.makedirs(folder, exist_ok=True)
    x, captions, _ = panel.train
    by_epoch = os.path.join(folder, "epochs.jsonl")
    text = os.path.join(folder, "text_seconds.txt")
    # Before the stopwatch of the epochs is asked how much is left.
    if not os.path.exists(os.path.join(folder, "checkpoint.keras")):
        keras.utils.set_random_seed(0)
        build(arguments, panel, folder).save(os.path.join(folder, "checkpoint.keras"))
    with open(text) as file:
        text_seconds = float(file.read())
    model, seconds = resumable.fit(
        lambda: None,
        x,
        folder,
        y=captions,
        epochs=arguments.epochs,
        batch_size=arguments.batch,
        budget=60 * arguments.minutes - text_seconds,
        callbacks=[ByEpoch(panel, by_epoch, arguments.every)],
    )
    shown = x[:80], panel.captions[:: len(panel.captions) // 8][:8].repeat(10)
    save_grid(model.preview(shown), os.path.join(folder, "samples.png"))
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(
        f"{int(model.steps_seen)} steps in {(seconds + text_seconds) / 60:.1f} minutes, "
        f"{text_seconds:.0f} s of them for the text encoder"
    )
    print("rows of samples.png:", "; ".join(dict.fromkeys(shown[1])))
    path = os.path.join(folder, f"figures_{int(model.steps_seen)}.json")
    panel.show(
        {os.path.basename(folder): resumable.kept(path, lambda: panel.figures(sampler(model)))}
    )


if __name__ == "__main__":
    main()
