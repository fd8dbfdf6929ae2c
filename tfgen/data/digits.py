"""The 8x8 handwritten digits that come with scikit-learn, as a TFDS data set."""

from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds


class Digits(tfds.core.GeneratorBasedBuilder):
    """1,797 handwritten digits, 8x8 pixels of 17 grey levels, 0 to 16 (Alpaydin & Kaynak, 1998).

    The split is fixed and stratified: in the order of scikit-learn, every fifth image of each
    class is a test image. This gives 1,442 training and 355 test images. The images are read from
    the installed scikit-learn, so that preparing needs no network.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Every fifth image of each class is a test image."}

    def _info(self):
        return self.dataset_info_from_configs(
            description=self.__doc__,
            homepage="https://archive.ics.uci.edu/dataset/80",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(8, 8, 1)),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing is downloaded
        return {"train": self._generate_examples(test=False), "test": self._generate_examples(True)}

    def _generate_examples(self, test):
        for index, image, label in read_digits(test):
            yield index, {"image": image[..., None], "label": label}


def read_digits(test: bool) -> Iterator[tuple[int, np.ndarray, int]]:
    """The images of a split in their order: number among all, `[8, 8]` uint8 up to 16, label."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    seen = np.zeros(10, int)
    for index, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        seen[label] += 1
        if (seen[label] % 5 == 0) == test:
            yield index, image.astype(np.uint8), int(label)
