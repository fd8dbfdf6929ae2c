"""Real handwritten digits in colours, each with a caption: TFDS sets for text-to-image models."""

import abc
import itertools
from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds

from tfgen.data.digits import read_digits
from tfgen.data.tfds_builders import prepared

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# The corners of the cube of colours: any two differ by all of at least one channel.
COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
}
WORDINGS = (
    "a {ink} {digit} on a {ground} ground",
    "a {ink} {digit} on {ground}",
    "{digit} in {ink} on a {ground} background",
    "the digit {digit}, {ink} on {ground}",
    "on a {ground} ground, a {ink} {digit}",
)


def is_held_out(digit: int, ink: int, ground: int) -> bool:
    """Whether a triple (numbers of a digit and of two colours) is kept out of training.

    One digit of each pair of colours is: 56 of the 560 triples. Of each digit with an ink, and with
    a ground, it is one triple at most, so that training sees every pair of words.
    """
    return (digit + 3 * ink + ground) % len(DIGITS) == 0


def colour(shade: np.ndarray, ink: int, ground: int) -> np.ndarray:
    """A grey image in two colours.

    Args:
        shade: `[height, width]`, in [0, 1], 1 where all is ink.
        ink, ground: numbers of colours.
    Returns:
        uint8 `[height, width, 3]`, rounded.
    """
    one, other = (np.array(list(COLOURS.values())[index]) for index in (ground, ink))
    return np.rint(one + shade[..., np.newaxis] * (other - one)).astype(np.uint8)


class _Captioned(tfds.core.GeneratorBasedBuilder, abc.ABC):
    """What the sets share: colours, captions and splits.

    A set supplies `side` and `_grey_digits`. The images of a digit, in their order, take its pairs
    of colours in turn, in an order that is drawn anew each time round; wordings are drawn.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Eight colours, five wordings, 56 triples held out."}

    def _info(self):
        shape = (self.side, self.side, 3)
        features = {
            "image": tfds.features.Image(shape=shape),
            "caption": tfds.features.Text(),
            "digit": tfds.features.ClassLabel(names=list(DIGITS)),
            "ink": tfds.features.ClassLabel(names=list(COLOURS)),
            "ground": tfds.features.ClassLabel(names=list(COLOURS)),
        }
        return self.dataset_info_from_configs(
            description=self.__doc__,
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("caption", "image"),
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # the images are those of another set
        return {
            "train": self._generate_examples("train", held_out=False),
            "test": self._generate_examples("test", held_out=False),
            "held_out": self._generate_examples("test", held_out=True),
        }

    @abc.abstractmethod
    def _grey_digits(self, source: str) -> Iterator[tuple[np.ndarray, int]]:
        """Pairs of a `[side, side]` image in [0, 1] and its digit, of "train" or "test"."""

    def _generate_examples(self, source, held_out):
        number = 2 * held_out + (source == "test")
        choices = [_choices(digit, held_out, (0, number, digit)) for digit in range(len(DIGITS))]
        for index, (shade, digit) in enumerate(self._grey_digits(source)):
            ink, ground, caption = next(choices[digit])
            names = {"digit": digit, "ink": ink, "ground": ground}
            yield index, {"image": colour(shade, ink, ground), "caption": caption, **names}


def _choices(digit, held_out, seed):
    """Pairs of colours with a caption, for ever."""
    random = np.random.default_rng(seed)
    colours = itertools.permutations(range(len(COLOURS)), 2)
    pairs = [pair for pair in colours if is_held_out(digit, *pair) == held_out]
    names = list(COLOURS)
    while True:
        for ink, ground in random.permutation(pairs).tolist():
            wording = WORDINGS[random.integers(len(WORDINGS))]
            yield (
                ink,
                ground,
                wording.format(digit=DIGITS[digit], ink=names[ink], ground=names[ground]),
            )


class CaptionedDigits(_Captioned):
    """Scikit-learn's 8x8 digits in eight colours of ink on seven of ground, each with a caption.

    1,442 training and 355 test images, as "digits" has them. A tenth of the 560 triples of digit,
    ink and ground is in neither: "held_out" has the test images in those alone. Training sees every
    word and every pair of words. "a red seven on a blue ground" is one of five wordings.
    """

    side = 8

    def _grey_digits(self, source):
        for _, image, digit in read_digits(test=source == "test"):
            yield image / 16, digit


class CaptionedMnist(_Captioned):
    """MNIST's digits, 32x32, in eight colours of ink on seven of ground, each with a caption.

    60,000 training and 10,000 test images, framed by two pixels of ground. A tenth of the 560
    triples of digit, ink and ground is in neither: "held_out" has the test images in those alone.
    Training sees every word and every pair of words. "a red seven on a blue ground" is one of five
    wordings. MNIST itself is prepared first, from the network or from files that are there.
    """

    side = 32
    made_of = ("mnist",)

    def _grey_digits(self, source):
        config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
        builder = prepared("mnist", self.data_dir_root)
        for row in builder.as_dataset(split=source, read_config=config).as_numpy_iterator():
            yield np.pad(row["image"][..., 0] / 255, 2), int(row["label"])
