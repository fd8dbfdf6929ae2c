"""What a reader hands over: one split of a data set, its facts, and ways to read it."""

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from tfgen.data.channels import convert_channels
from tfgen.distributions import level_values

_SPLIT = re.compile(r"(?P<name>\w+)(\[(?P<start>-?\d+%?)?:(?P<stop>-?\d+%?)?\])?")
_ALIASES = {"valid": "validation", "validation": "valid"}


class DataInfo(NamedTuple):
    """Facts of one split of a data set.

    Attributes:
        event_shape: shape of one example: (height, width, channels) of an image, (d,) of a vector.
        levels: number of levels that the examples come in: 2 for binary ones, 17 for the digits,
            256 for 8 bits, None for real values.
        num_classes: number of classes, or None without labels.
        num_examples: number of examples in the split, after slicing.
        vocabulary: words of the captions, the most frequent first, or None without captions.
        length: number of words of the longest caption, or None without captions.
    """

    event_shape: tuple[int, ...]
    levels: int | None
    num_classes: int | None
    num_examples: int
    vocabulary: tuple[str, ...] | None = None
    length: int | None = None


class Source(NamedTuple):
    """One split, opened. A source that cannot be streamed has only `arrays`.

    Attributes:
        info: its `DataInfo`.
        arrays: () -> (x, y): x float32 `[n, *event_shape]`, images in [0, 1]; y int64 `[n]`, texts
            `[n]`, or None.
        read: index -> (x, y), in a graph: example `index` (scalar int64), read from its file.
        stream: () -> a `tf.data.Dataset` of (x, y) in the stored order.
        captions: () -> the texts `[n]` that y consists of; None where it does not.
    """

    info: DataInfo
    arrays: Callable
    read: Callable | None = None
    stream: Callable | None = None
    captions: Callable | None = None

    @property
    def in_memory(self) -> bool:
        """Whether the arrays are the only way to read it."""
        return self.read is None and self.stream is None


class Slice(NamedTuple):
    """A split and a part of it, such as "train[:90%]"."""

    name: str
    start: str | None
    stop: str | None

    @classmethod
    def parse(cls, split: str) -> Self:
        """Read "name", "name[a:b]", where a and b count examples or, with %, hundredths.

        Raises:
            ValueError: when `split` does not read so.
        """
        match = _SPLIT.fullmatch(split) if isinstance(split, str) else None
        if match is None:
            raise ValueError(
                f"split: expected a name, or a part such as 'train[:90%]'. Received: {split!r}"
            )
        return cls(match["name"], match["start"], match["stop"])

    def choose(self, available: Collection[str], where: str | Path) -> str:
        """The name under which `where` has the split ("valid" and "validation" are one).

        Raises:
            ValueError: when it is not there; says which are.
        """
        for name in (self.name, _ALIASES.get(self.name)):
            if name in available:
                return name
        raise ValueError(
            f"split: expected one that {where} has, of {sorted(available)}. Received: {self.name!r}"
        )

    def bounds(self, num_examples: int) -> tuple[int, int]:
        """The part as (start, stop); a boundary in % is rounded to the nearest example.

        Raises:
            ValueError: when it reaches over the ends, or is empty.
        """
        start = _boundary(self.start, 0, num_examples)
        stop = _boundary(self.stop, num_examples, num_examples)
        if not 0 <= start < stop <= num_examples:
            raise ValueError(
                f"split: expected a part of {self.name!r}, which has {num_examples} examples, "
                f"with at least one of them. Received: [{self.start or ''}:{self.stop or ''}]"
            )
        return start, stop


def _boundary(text, default, num_examples):
    if text is None:
        return default
    position = round(num_examples * int(text[:-1]) / 100) if text[-1] == "%" else int(text)
    return position + num_examples if text[0] == "-" else position


def check_images(
    x: np.ndarray, where: str, levels: int = 256, channels: int | None = None
) -> np.ndarray:
    """Images as `[n, h, w, c]`, float32 in [0, 1].

    Args:
        x: array `[n, h, w, c]`, `[n, h, w]` or, for square grey images, `[n, h * w]`. bool and real
            values stand for themselves; uint8 counts levels and is divided by levels - 1.
        where: the file or array, for error messages.
        levels: number of levels of uint8 images.
        channels: 1 or 3, to which they are converted (see `convert_channels`); None: as they are.
    Raises:
        ValueError: on other types and shapes, no images, NaN, infinity, values outside [0, 1].
    """
    side = round(x.shape[1] ** 0.5) if x.ndim == 2 else 0
    if x.ndim == 2 and side * side == x.shape[1]:
        x = x.reshape(-1, side, side)
    x = x[..., None] if x.ndim == 3 else x
    if x.ndim != 4 or x.shape[-1] not in (1, 3) or 0 in x.shape:
        raise ValueError(
            f"{where}: expected images [n, height, width, channels] of 1 or 3 channels, "
            f"[n, height, width], or square ones [n, height * width]. Received: shape {x.shape}"
        )
    if x.dtype == np.uint8:
        largest = int(x.max())
        if largest >= levels or levels == 256 and largest == 1:
            raise ValueError(
                f"{where}: expected uint8 images of 0 to {levels - 1} (store binary ones as bool "
                f"or float32). Received: a largest value of {largest}"
            )
        return level_values(levels)[convert_channels(x, channels)]
    if x.dtype != bool and not np.issubdtype(x.dtype, np.floating):
        raise ValueError(
            f"{where}: expected uint8, bool or float images; scale integers yourself, "
            f'x.astype("float32") / 255 for 8 bits. Received: dtype {x.dtype}'
        )
    with np.errstate(over="ignore"):
        x = x.astype(np.float32)
    if not np.isfinite(x).all():
        raise ValueError(f"{where}: expected finite values. Received: NaN or infinity")
    if x.min() < 0 or x.max() > 1:
        raise ValueError(
            f"{where}: expected values in [0, 1]. Received: {x.min():g} to {x.max():g}"
        )
    return convert_channels(x, channels)


def check_vectors(x: np.ndarray, where: str) -> np.ndarray:
    """Vectors as `[n, d]`, float32, the values standing for themselves.

    Args:
        x: array `[n, d]`, bool, integers or floating point.
        where: the file or array, for error messages.
    Raises:
        ValueError: on other types and shapes, no vectors, NaN, infinity, or values that float32
            does not reach.
    """
    if x.ndim != 2 or 0 in x.shape or x.dtype.kind not in "biuf":
        raise ValueError(
            f"{where}: expected vectors [n, d] of numbers. Received: shape {x.shape}, dtype "
            f"{x.dtype}"
        )
    with np.errstate(over="ignore"):
        x = x.astype(np.float32)
    wrong = np.argwhere(~np.isfinite(x))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise ValueError(
            f"{where}: expected finite values of float32. "
            f"Received: {x[row, column]} in row {row}, column {column}, counted from 0"
        )
    return x


def check_labels(y: np.ndarray, num_examples: int, where: str) -> np.ndarray:
    """Class labels as int64 `[n]`, from integers `[n]` or `[n, 1]` that are not negative.

    Raises:
        ValueError: on anything else, or when there are not `num_examples`.
    """
    y = y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y
    if y.shape != (num_examples,) or not np.issubdtype(y.dtype, np.integer) or y.min() < 0:
        raise ValueError(
            f"{where}: expected {num_examples} integer labels, one an image, from 0 up. "
            f"Received: shape {y.shape}, dtype {y.dtype}"
        )
    return y.astype(np.int64)
