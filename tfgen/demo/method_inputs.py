"""What a model's method takes beside examples, as inputs: condition, guidance, steps, seed."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tfgen.conditions import Attributes, Captions, Classes, SmallImage
from tfgen.core import Condition, GenerativeModel
from tfgen.core.typing import ArrayLike
from tfgen.demo.inputs import Choice, Choices, ImageFile, Input, Number, Text
from tfgen.diffusion import DPMSolver

_MOST_SEED = 2**31 - 1
_MOST_STEPS = 100
_MOST_WORDS = 60


def method_inputs(
    model: GenerativeModel,
    method: Callable[..., Any],
    known: ArrayLike | None = None,
    num_steps: int = 20,
) -> tuple[Input, ...]:
    """The inputs of the arguments that a method has and that the model takes.

    Args:
        model: whose method it is.
        method: such as `model.sample`.
        known: conditions of held-out images.
        num_steps: at first, of a method whose draws take any number of steps.
    """
    names = inspect.signature(method).parameters
    inputs: list[Input] = []
    if "condition" in names and _reads_condition(model, method):
        inputs.append(condition_input(model.condition, known))
    if "guidance" in names and model.takes_guidance:
        start = names["guidance"].default
        start = float(model.guidance if start is None else start)
        label = "how closely the condition is followed"
        inputs.append(Number("guidance", label, 0, 10, min(start, 10), 0.5))
    most = getattr(getattr(model, "schedule", None), "num_steps", _MOST_STEPS)
    steps = functools.partial(Number, least=1, most=min(most, _MOST_STEPS))
    again = "A number that was not used before takes seconds more, once."
    if "num_steps" in names:
        inputs.append(steps("num_steps", "steps", start=min(num_steps, most), help=again))
    elif "sampler" in names:
        start = min(num_steps, most)
        inputs.append(steps("sampler", "steps", start=start, then=DPMSolver, help=again))
    if "seed" in names:
        inputs.append(Number("seed", "seed", 0, _MOST_SEED, 0))
    return tuple(inputs)


def condition_input(condition: Condition, known: ArrayLike | None = None) -> Input:
    """The input of one condition.

    Args:
        condition: of a model.
        known: conditions of held-out images, which the page has beside them.
    """
    known = () if known is None else known
    if isinstance(condition, Classes):
        choices = tuple(map(str, range(condition.num_classes)))
        answers = tuple(str(int(y)) for y in np.ravel(known))
        return Choice("condition", "class", choices, then=condition.parse, known=answers)
    if isinstance(condition, Attributes):
        parse = lambda names: condition.parse(",".join(names))
        answers = tuple(np.array(condition.names)[np.array(y) > 0].tolist() for y in known)
        return Choices("condition", "attributes", condition.names, then=parse, known=answers)
    if isinstance(condition, SmallImage):
        return ImageFile("condition", "small image", condition.image_shape)
    answers = tuple(map(_text, known))
    if not isinstance(condition, Captions):
        return Text("condition", "condition", then=condition.parse, known=answers)
    words = sorted(condition.vocabulary)
    few = len(words) <= _MOST_WORDS
    help = f"It knows the words {', '.join(words)}." if few else f"It knows {len(words)} words."
    return Text("condition", "caption", then=condition.parse, help=help, known=answers)


def _text(value):
    """A condition as it is typed."""
    if isinstance(value, bytes):
        return value.decode()
    return str(value) if isinstance(value, str) else str(tuple(map(float, value)))


def _reads_condition(model, method):
    """Whether the method of a model that may have a condition reads it."""
    of_codes = method.__name__ in ("encode", "decode", "reconstruct")
    return model.condition is not None and not (
        of_codes and not getattr(model, "codes_take_condition", True)
    )
