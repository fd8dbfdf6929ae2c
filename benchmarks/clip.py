"""CLIP on digits in colours: which of all 560 captions is an image's, of triples never trained on.

    python benchmarks/clip.py --data FOLDER --output RUNS [--minutes 5] [--batch 256]
        [--embedding 64] [--rate 1e-3]

FOLDER is where TFDS keeps prepared sets. Protocol: all 60,000 training images of captioned_mnist
and their captions; the images of the split held_out, whose triples of digit, ink and ground no
training image has, choose among the captions of all 560 triples in one wording, and among the ten
that have their two colours. "Mean wording" has the mean embedding of the five wordings of a triple
in place of one. The rate falls to 0 as the cosine does over `--decay-steps`. Controls: captions
permuted among the images, and the untrained model. Progress is saved after each epoch: the same
command goes on where a killed one stopped.
"""

import argparse
import itertools
import os
import platform

import keras
import numpy as np
import resumable
from text_to_image import load

from tfgen import CLIP
from tfgen.conditions import Captions
from tfgen.core import Adam
from tfgen.data.captioned import COLOURS, DIGITS, WORDINGS

COLUMNS = ("all 560", "ten of the two colours", "digit", "ink", "ground")


def all_triples():
    """`[560, 3]` numbers of digit, ink and ground, no ground of the ink's colour."""
    colours = range(len(COLOURS))
    triples = itertools.product(range(len(DIGITS)), colours, colours)
    return np.array([each for each in triples if each[1] != each[2]])


def captions(triples, wording):
    """Captions of triples."""
    names = list(COLOURS)
    return [
        wording.format(digit=DIGITS[digit], ink=names[ink], ground=names[ground])
        for digit, ink, ground in triples
    ]


def figures(model, x, numbers, texts):
    """Shares of images that find their caption, by embeddings of the captions of all triples."""
    triples = all_triples()
    fit = model.encode_image(x).numpy() @ texts.T
    found = triples[fit.argmax(axis=1)]
    same_colours = (numbers[:, np.newaxis, 1:] == triples[:, 1:]).all(axis=-1)
    of_ten = triples[np.where(same_colours, fit, -np.inf).argmax(axis=1)]
    right = found == numbers
    shares = [right.all(axis=1), (of_ten == numbers).all(axis=1), *right.T]
    return {name: float(share.mean()) for name, share in zip(COLUMNS, shares, strict=True)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="where TFDS keeps prepared sets")
    parser.add_argument("--output", required=True, help="folder of checkpoints and results")
    parser.add_argument("--minutes", type=float, default=5, help="of training")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--embedding", type=int, default=64, help="size of the embeddings")
    parser.add_argument("--rate", type=float, default=1e-3, help="of learning, at the start")
    parser.add_argument("--decay-steps", type=int, default=2500, help="of the rate, to 0")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    arguments = parser.parse_args()
    os.makedirs(arguments.output, exist_ok=True)
    x, y, _ = (each[: arguments.images] for each in load(arguments, "train"))
    held_out, _, numbers = load(arguments, "held_out")

    def build():
        model = CLIP.default(x.shape[1:], Captions.from_corpus(y), arguments.embedding)
        rate = keras.optimizers.schedules.CosineDecay(arguments.rate, arguments.decay_steps)
        model.compile({"encoders": Adam(rate, beta_2=0.98, epsilon=1e-6)}, steps_per_execution=10)
        return model

    keras.utils.set_random_seed(0)
    untrained = build()
    model, seconds = resumable.fit(
        build,
        x,
        os.path.join(arguments.output, "clip"),
        y=y,
        epochs=1000,
        batch_size=arguments.batch,
        budget=60 * arguments.minutes,
    )
    print(f"machine: {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(
        f"{model.num_free_parameters:,} parameters, {int(model.steps_seen)} steps in"
        f" {seconds / 60:.1f} minutes, {len(held_out):,} images"
    )
    triples = all_triples()
    one = model.encode_text(captions(triples, WORDINGS[0])).numpy()
    mean = np.mean([model.encode_text(captions(triples, each)) for each in WORDINGS], axis=0)
    before = untrained.encode_text(captions(triples, WORDINGS[0])).numpy()
    rows = {
        "one wording": figures(model, held_out, numbers, one),
        "mean wording": figures(model, held_out, numbers, mean),
        "captions permuted": figures(model, held_out, np.roll(numbers, 1, axis=0), one),
        "untrained": figures(untrained, held_out, numbers, before),
    }
    print(f"| captions | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name, found in rows.items():
        print(f"| {name} | {' | '.join(f'{found[each]:.3f}' for each in COLUMNS)} |")


if __name__ == "__main__":
    main()
