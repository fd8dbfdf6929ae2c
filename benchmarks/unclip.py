"""Digits in colours from captions, by unCLIP: all its parts, on triples that training never shows.

    python benchmarks/unclip.py --data FOLDER --output RUNS [--minutes 5 5 55 25] [--guidance 3]
        [--base-channels 32] [--count 500] [--nonsense]

FOLDER is where TFDS keeps prepared sets. Protocol: all 60,000 training images of captioned_mnist
and their captions; the minutes are those of training of clip, prior, decoder and upsampler, one
after the other, each on what those before it give. The figures are of captions and images of the
split held_out, whose triples of digit, ink and ground no training image has, by three judges that
saw real training images alone (see `text_to_image.py`):

- samples of captions, and of captions permuted; samples by the text's embedding in place of one
  that the prior draws;
- variations of real images: what the caption says, and how far they are from their image, where 0
  is a copy and 1 is another real image of the triple;
- edits: the middle 24x24 of a real image of one caption, redrawn to another digit and ink that are
  no triple of training with its ground; and of the lower half, to the same caption;
- the distance of the samples to the nearest of 10,000 training images, over that of real images.

Beside them are real images, the ceiling. `--nonsense` exchanges the names of digits and colours for
words that mean nothing. Progress is saved after each epoch and each figure: the same command goes
on where a killed one stopped. `samples.png` has samples of eight held-out captions, a row for each,
none left out; `edits.png`, `lower_halves.png` and `variations.png` pairs of an image and what
became of it; `interpolations.png` a row from one image to another; `text_differences.png` an image
and its way from its own caption to that of the next digit.
"""

import argparse
import functools
import os
import platform

import keras
import numpy as np
import resumable
from text_to_image import Panel, say

from tfgen import UnCLIP
from tfgen.conditions import Captions
from tfgen.core import Adam
from tfgen.data.captioned import COLOURS, DIGITS, WORDINGS
from tfgen.training import save_grid

PARTS = ("clip", "prior", "decoder", "upsampler")
BLOCK, RATE = 250, 1e-3
SHARES = np.linspace(0, 0.5, 6)  # of the arc; the most in the paper is a half


def in_blocks(function, *arrays):
    """`function` of 250 examples at a time."""
    starts = range(0, len(arrays[0]), BLOCK)
    found = [function(*(a[i : i + BLOCK] for a in arrays)) for i in starts]
    if isinstance(found[0], tuple):
        return tuple(
            np.concatenate([np.asarray(f) for f in each]) for each in zip(*found, strict=True)
        )
    return np.concatenate([np.asarray(each) for each in found])


def train(arguments, x, captions):
    """The composed model, its parts trained one after the other."""
    condition = Captions.from_corpus(captions)
    keras.utils.set_random_seed(0)
    whole = UnCLIP.default(
        x.shape[1:], condition, base_channels=arguments.base_channels, guidance=arguments.guidance
    )
    batches = {"clip": 256, "prior": 64, "decoder": 32, "upsampler": 32}
    tokens = condition.tokens(captions).numpy()
    done = {}
    for name, minutes in zip(PARTS, arguments.minutes, strict=True):
        whole = UnCLIP(**{**whole.parts, **done}, guidance=arguments.guidance)
        data = (x, captions)
        if name == "upsampler":
            data = (x, in_blocks(whole.small, x))
        elif name != "clip":
            data = in_blocks(functools.partial(part_batch, whole, name), x, tokens)
        steps = arguments.steps[PARTS.index(name)]

        def build(part=whole.parts[name], steps=steps, name=name):
            schedule = keras.optimizers.schedules.CosineDecay(
                RATE / 10, steps, alpha=0.1, warmup_target=RATE, warmup_steps=100
            )
            clipped = {} if name == "clip" else {"global_clipnorm": 1.0}
            optimizer = Adam(schedule, beta_2=0.98 if name == "clip" else 0.99, **clipped)
            part.compile({part.phases()[0].name: optimizer}, steps_per_execution=10)
            return part

        folder = os.path.join(arguments.output, name)
        done[name], seconds = resumable.fit(
            build,
            data[0],
            folder,
            y=data[1],
            epochs=1000,
            batch_size=batches[name],
            budget=60 * minutes,
        )
        print(
            f"{name}: {done[name].num_free_parameters:,} parameters,"
            f" {int(done[name].steps_seen)} steps in {seconds / 60:.1f} minutes",
            flush=True,
        )
    return UnCLIP(**done, guidance=arguments.guidance)


def part_batch(whole, name, x, tokens):
    return whole.part_batch(name, (x, tokens))


class Figures:
    """What is asked of a trained model."""

    def __init__(self, arguments, panel, model):
        self.panel, self.model, self.output = panel, model, arguments.output
        x, captions, numbers = panel.held_out
        # In the order of the file all triples of one digit stand together.
        rows = np.random.default_rng(0).permutation(len(x))[: arguments.count]
        self.x, self.captions, self.numbers = x[rows], captions[rows], numbers[rows]
        self.say = nonsense if arguments.nonsense else np.asarray

    def drawn(self, captions, seed=1, **arguments):
        return self.model.sample(
            len(captions), condition=self.say(captions), seed=seed, batch_size=BLOCK, **arguments
        ).numpy()

    def of_captions(self, guidance=None):
        images = self.drawn(self.captions, guidance=guidance)
        found = self.panel.right(images, self.numbers)
        permuted = self.panel.right(images, np.roll(self.numbers, 1, axis=0))
        nearest = self.nearest(images) / self.nearest(self.x)
        return {**found, "permuted": permuted["all three"], "distance": float(nearest)}

    def nearest(self, images):
        """Mean distance to the nearest of 10,000 training images."""
        train = self.panel.train[0][:10_000]
        train = train.reshape(len(train), -1)
        flat = images.reshape(len(images), -1)
        squares = (flat**2).sum(1)[:, None] + (train**2).sum(1) - 2 * flat @ train.T
        return np.sqrt(np.maximum(squares.min(axis=1), 0)).mean()

    def by_text_embeddings(self):
        z = self.model.encode_text(self.say(self.captions))
        decode = lambda z, captions: self.model.from_embeddings(
            z, condition=self.say(captions), seed=1
        )
        return self.panel.right(in_blocks(decode, z, self.captions), self.numbers)

    def of_variations(self):
        images = in_blocks(lambda x: self.model.variation(x, seed=1), self.x)
        same = [
            self.x[np.flatnonzero((self.numbers == t).all(axis=1) & (np.arange(len(self.x)) != i))]
            for i, t in enumerate(self.numbers)
        ]
        distance = lambda a, b: float(np.sqrt(np.square(a - b).sum()))
        others = np.mean(
            [
                np.mean([distance(x, y) for y in each])
                for x, each in zip(self.x, same, strict=True)
                if len(each)
            ]
        )
        own = np.mean([distance(x, y) for x, y in zip(self.x, images, strict=True)])
        self.show_pairs(images, "variations.png")
        return {**self.panel.right(images, self.numbers), "distance": float(own / others)}

    def of_edits(self, half):
        """The middle 24x24 to another digit and ink; or the lower half, to the same caption."""
        mask = np.ones(self.x.shape[1:], "float32")
        numbers, captions = self.numbers.copy(), self.captions
        if half:
            mask[16:28, 4:28] = 0
        else:
            mask[4:28, 4:28] = 0
            # Another digit and ink on the same ground, a triple that training does not show.
            random, triples = np.random.default_rng(2), self.panel.triples
            for row in numbers:
                others = (triples[:, 2] == row[2]) & (triples[:, :2] != row[:2]).all(axis=1)
                row[:] = random.choice(triples[others])
            captions = np.array([say(WORDINGS[0], row) for row in numbers])
        edit = lambda x, captions: self.model.edit(x, mask, condition=self.say(captions), seed=1)
        images = in_blocks(edit, self.x, captions)
        outside = mask == 1
        exact = bool((images[:, outside] == self.x[:, outside]).all())
        remains = float((self.panel.seen(images)[:, 0] == self.numbers[:, 0]).mean())
        found = {**self.panel.right(images, numbers), "outside equal": float(exact)}
        self.show_pairs(images, "lower_halves.png" if half else "edits.png")
        return found if half else {**found, "old digit": remains}

    def show_pairs(self, images, name):
        """Writes the first 40 images, each beside what became of it."""
        pairs = np.stack([self.x[:40], images[:40]], axis=1)
        columns = 2 * (len(pairs) // min(8, len(pairs)))
        pairs = pairs.reshape(-1, columns, *self.x.shape[1:])
        save_grid(pairs, os.path.join(self.output, name))


def nonsense(captions):
    """The captions in words that mean nothing: each name's letters, the last first, and "u"."""
    words = {name: name[::-1] + "u" for name in (*DIGITS, *COLOURS)}
    return np.array(
        [" ".join(words.get(w, w) for w in text.replace(",", " ,").split()) for text in captions]
    )


def pictures(of, path):
    """Samples of captions, ways from image to image, and from caption to caption."""
    captions = of.panel.captions
    shown = captions[:: len(captions) // 8][:8]
    save_grid(of.drawn(shown.repeat(10), 0).reshape(8, 10, *of.x.shape[1:]), path("samples.png"))
    print("rows of samples.png:", "; ".join(shown))
    line = of.model.interpolate(of.x[:8], of.x[8:16], 10, seed=0)
    save_grid(np.asarray(line), path("interpolations.png"))
    # To the next digit in the same colours.
    numbers = of.numbers[:8] + np.array([1, 0, 0])
    numbers[:, 0] %= len(DIGITS)
    texts = [of.say([say(WORDINGS[0], row) for row in each]) for each in (of.numbers[:8], numbers)]
    changed = [of.model.text_difference(of.x[:8], *texts, share, seed=0) for share in SHARES]
    save_grid(np.stack([of.x[:8], *changed], axis=1), path("text_differences.png"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="where TFDS keeps prepared sets")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--minutes", type=float, nargs=4, default=(5, 5, 55, 25), help="of each")
    parser.add_argument(
        "--steps",
        type=int,
        nargs=4,
        default=(2500, 5000, 15_000, 7000),
        help="over which the rate of each falls to a tenth",
    )
    parser.add_argument("--base-channels", type=int, default=32)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--count", type=int, default=500, help="images of a figure")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--judge-epochs", type=int, default=10, help="of that of digits")
    parser.add_argument("--nonsense", action="store_true", help="words that mean nothing")
    arguments = parser.parse_args()
    panel = Panel(arguments)
    x, captions, _ = panel.train
    model = train(arguments, x, nonsense(captions) if arguments.nonsense else captions)
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    of = Figures(arguments, panel, model)
    path = lambda name: os.path.join(arguments.output, name)
    pictures(of, path)
    rows = {}
    for title, compute in {
        **{f"guidance {w}": functools.partial(of.of_captions, w) for w in (3.0, 2.0, 1.0)},
        "variations": of.of_variations,
        "edits": functools.partial(of.of_edits, False),
        "lower half redrawn": functools.partial(of.of_edits, True),
        "the text's embedding": of.by_text_embeddings,
    }.items():
        name = f"{title.replace(' ', '_')}_{arguments.count}.json"
        rows[title] = resumable.kept(path(name), compute)
        print(title, rows[title], flush=True)
    panel.show(rows)


if __name__ == "__main__":
    main()
