"""What a control asks of whoever plays, and how an answer is read: checked, as if it were hostile.

A browser may send anything, whatever the page offers.
"""

import abc
import dataclasses
import math
import numbers
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tfgen.data.files import check_regular
from tfgen.data.image_folder import read_image
from tfgen.training.user_images import nearest_values, read_pixels

MAX_UPLOAD = 8 * 2**20  # bytes of an image file
_MOST_CHARACTERS = 2000


def as_it_is(value: Any) -> Any:
    """What was read, unchanged."""
    return value


@dataclasses.dataclass(frozen=True)
class Input(abc.ABC):
    """One thing that a control asks for.

    Attributes:
        name: the argument of the control's function that it becomes.
        label: what the page calls it.
        then: what is made of the answer that was read.
        help: a line below it.
        known: the answers that go with held-out images, in their order, where there are any.
    """

    name: str
    label: str
    then: Callable[[Any], Any] = dataclasses.field(default=as_it_is, kw_only=True)
    help: str = dataclasses.field(default="", kw_only=True)
    known: tuple[Any, ...] = dataclasses.field(default=(), kw_only=True, repr=False)

    @abc.abstractmethod
    def check(self, value: Any) -> Any:
        """Checks an answer.

        Raises:
            ValueError: it is none that the page could have given.
        """

    @abc.abstractmethod
    def initial(self) -> Any:
        """An answer that `check` has read, such as the page begins with."""

    def read(self, value: Any) -> Any:
        """The argument that an answer means.

        Raises:
            ValueError: as `check` or `then`.
        """
        return self.then(self.check(value))


@dataclasses.dataclass(frozen=True)
class Number(Input):
    """A number from `least` to `most`, in steps.

    Attributes:
        step: 1 for whole numbers, which are read as int; others as float.
    """

    least: float
    most: float
    start: float
    step: float = 1

    def check(self, value: Any) -> int | float:
        expected = f"expected {self.label} from {self.least} to {self.most}"
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not self.least <= value <= self.most:
            raise ValueError(f"{expected}. Received: {_short(value)}")
        if self.step != 1:
            return float(value)
        if value != int(value):
            raise ValueError(f"{expected}, a whole number. Received: {value}")
        return int(value)

    def initial(self) -> int | float:
        return self.check(self.start)


@dataclasses.dataclass(frozen=True)
class Choice(Input):
    """One of several texts."""

    choices: tuple[str, ...]

    def check(self, value: Any) -> str:
        if value not in self.choices:
            expected = f"expected {self.label} to be one of {', '.join(self.choices)}"
            raise ValueError(f"{expected}. Received: {_short(value)}")
        return value

    def initial(self) -> str:
        return self.known[0] if self.known else self.choices[0]


@dataclasses.dataclass(frozen=True)
class Choices(Input):
    """Any of several texts."""

    choices: tuple[str, ...]

    def check(self, value: Any) -> list[str]:
        if not isinstance(value, (list, tuple)) or not set(map(str, value)) <= set(self.choices):
            expected = f"expected {self.label} among {', '.join(self.choices)}"
            raise ValueError(f"{expected}. Received: {_short(value)}")
        return [choice for choice in self.choices if choice in value]

    def initial(self) -> list[str]:
        return list(self.known[0]) if self.known else []


@dataclasses.dataclass(frozen=True)
class Text(Input):
    """A text of a line, or of several."""

    start: str = ""
    num_lines: int = 1

    def check(self, value: Any) -> str:
        value = "" if value is None else value
        if not isinstance(value, str) or len(value) > _MOST_CHARACTERS:
            raise ValueError(
                f"expected {self.label} to be a text of at most {_MOST_CHARACTERS} characters."
                f" Received: {_short(value)}"
            )
        return value

    def initial(self) -> str:
        return self.known[0] if self.known else self.start


@dataclasses.dataclass(frozen=True)
class ImageFile(Input):
    """An image file of the size that a model has learned from, read as float32 in [0, 1].

    Attributes:
        shape: `(height, width, 1 or 3)`; `(None, None, 1 or 3)` for a file of any size.
        levels: of the model, whose nearest values the pixels become; None for all in [0, 1].
        examples: `[n, *shape]`, held-out images that may be taken instead.
    """

    shape: tuple[int | None, ...]
    levels: int | None = None
    examples: np.ndarray | None = dataclasses.field(default=None, compare=False, repr=False)

    def check(self, value: Any) -> np.ndarray:
        if not isinstance(value, str) or not value:
            raise ValueError(f"expected an image as {self.label}. Received: none")
        path = Path(value)
        try:
            if path.is_file() and path.stat().st_size > MAX_UPLOAD:
                raise ValueError(
                    f"{path}: expected at most {MAX_UPLOAD:,} bytes."
                    f" Received: {path.stat().st_size:,}"
                )
            return nearest_values(self._pixels(path), self.levels)
        except ValueError as error:
            # Where uploads lie is nobody's business.
            raise ValueError(str(error).replace(value, path.name)) from error

    def _pixels(self, path):
        if self.shape[0] is not None:
            return read_pixels(path, self.shape)
        check_regular(path)
        return read_image(path, self.shape[-1])

    def initial(self) -> np.ndarray:
        if self.examples is not None and len(self.examples):
            return self.examples[0]
        return np.zeros([side or 8 for side in self.shape], "float32")


@dataclasses.dataclass(frozen=True)
class Region(Input):
    """The pixels of an image that are painted over: what is kept, 1, and what is drawn, 0.

    Attributes:
        image: the input of the image that is painted on.
    """

    image: ImageFile

    def check(self, value: Any) -> np.ndarray:
        rows, columns, _ = self.image.shape
        painted = value if isinstance(value, (list, tuple)) else ()
        if not painted:
            raise ValueError("expected at least one painted pixel. Received: none")
        for place in painted:
            whole = isinstance(place, int) and not isinstance(place, bool)
            if not whole or not 0 <= place < rows * columns:
                raise ValueError(
                    f"expected painted pixels from 0 to {rows * columns - 1}, row by row."
                    f" Received: {_short(place)}"
                )
        kept = np.ones(self.image.shape, "float32")
        kept.reshape(rows * columns, -1)[np.unique(painted)] = 0
        return kept

    def initial(self) -> np.ndarray:
        """The lower half."""
        kept = np.ones(self.image.shape, "float32")
        kept[self.image.shape[0] // 2 :] = 0
        return kept


def _short(value):
    """What was sent, of which there may be much."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
