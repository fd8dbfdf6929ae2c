"""A control: what is asked for, and what becomes of the answers."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from tfgen.demo.inputs import ImageFile, Input


@dataclasses.dataclass(frozen=True)
class Result:
    """What a control shows.

    Attributes:
        picture: uint8 `[rows, columns, 1 or 3]`, or None.
        text: lines, or "".
    """

    picture: np.ndarray | None = None
    text: str = ""


@dataclasses.dataclass(frozen=True)
class Control:
    """One thing that a model can do.

    Attributes:
        title: of it, one word or two.
        button: what a click does.
        inputs: what is asked for.
        run: the function, of the inputs by their names.
        help: what is shown, in a sentence.
        live: whether it also runs when a number is moved.
    """

    title: str
    button: str
    inputs: tuple[Input, ...]
    run: Callable[..., Result]
    help: str = ""
    live: bool = False

    def __call__(self, *answers: Any) -> Result:
        """Reads an answer for each of the inputs, and runs.

        Raises:
            ValueError: an answer that is none, or that the model refuses.
        """
        read = {
            each.name: each.read(answer) for each, answer in zip(self.inputs, answers, strict=True)
        }
        return self.run(**read)

    def warm_up(self) -> None:
        """Runs once with what the page begins with, so that the first click finds it compiled."""
        self.run(**{each.name: each.then(each.initial()) for each in self.inputs})


def image(name: str, label: str, model: Any, examples: np.ndarray | None) -> ImageFile:
    """The input of an image of a model.

    Args:
        name: of the argument.
        label: what the page calls it.
        model: one of images.
        examples: images that may be taken instead.
    """
    return ImageFile(name, label, tuple(model.event_shape), model.levels, examples)
