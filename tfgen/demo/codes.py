"""Controls of models whose images have codes, or lie on a way from one to another."""

import inspect
from typing import Any

import numpy as np

from tfgen.core import GenerativeModel
from tfgen.demo.control import Control, Result, image
from tfgen.demo.examples import Examples
from tfgen.demo.inputs import Choice, Input, Number
from tfgen.demo.method_inputs import method_inputs
from tfgen.distributions import CategoricalCode, CodePart
from tfgen.latent import EncodingModel
from tfgen.training.pictures import image_grid

_NUM_POINTS = 8
_MOST_SLIDERS = 12


def sliding(model: GenerativeModel, examples: Examples) -> list[Control]:
    """An image, decoded from a code near its own, of a model with codes.

    The sliders are of those coordinates that differ the most between the examples, and move by
    their standard deviations there.
    """
    if not isinstance(model, EncodingModel):
        return []
    places, scale = _widest(model, examples)

    def run(x, condition=None, **shifts):
        given = {} if condition is None else {"condition": condition}
        code = model.encode(x[None], **given).numpy()
        moved = code.copy()
        for place, shift in zip(places, shifts.values(), strict=True):
            moved[:, place] += shift * scale[place]
        decoded = model.decode(np.concatenate([code, moved]), **given)
        return Result(image_grid(np.concatenate([x[None], decoded]), 3))

    sliders = [Number(f"z{place}", f"z {place + 1}", -3, 3, 0, 0.1) for place in places]
    x = image("x", "image", model, examples.x)
    inputs = (x, *method_inputs(model, model.encode, examples.condition), *sliders)
    help = (
        "The image, its reconstruction, and what its code gives when numbers of it are moved, by"
        " standard deviations of the codes of held-out images."
    )
    return [Control("Codes", "Decode", inputs, run, help, live=True)]


def steering(model: GenerativeModel, examples: Examples, num_samples: int) -> list[Control]:
    """Samples of a code that is chosen, of a model whose `sample` takes codes."""
    if not hasattr(model, "sample") or "codes" not in inspect.signature(model.sample).parameters:
        return []
    asked = [_of_part(index, part) for index, part in enumerate(model.code.parts)]

    def run(seed, **answers):
        values = []
        for part, inputs in zip(model.code.parts, asked, strict=True):
            chosen = [answers[each.name] for each in inputs]
            values.append(chosen if isinstance(part, CategoricalCode) else np.float32([chosen]))
        codes = model.code.join(*values)[0]
        return Result(image_grid(model.sample(num_samples, codes=codes, seed=seed)))

    seeds = [each for each in method_inputs(model, model.sample) if each.name == "seed"]
    inputs = (*(each for inputs in asked for each in inputs), *seeds)
    help = "Samples that differ in their noise and share a code."
    return [Control("Codes", "Draw", inputs, run, help, live=True)]


def between(model: GenerativeModel, examples: Examples) -> list[Control]:
    """The way from one image to another, by the model's `interpolate` or along its codes."""
    if hasattr(model, "interpolate"):

        def run(a, b, **given):
            points = model.interpolate(a[None], b[None], _NUM_POINTS, **given)
            return Result(image_grid(points))

        rest = method_inputs(model, model.interpolate, examples.condition, num_steps=10)
    elif isinstance(model, EncodingModel):

        def run(a, b, **given):
            ends = model.encode(np.stack([a, b]), **given).numpy()
            shares = np.linspace(0, 1, _NUM_POINTS, dtype="float32")[:, None]
            codes = (1 - shares) * ends[0] + shares * ends[1]
            return Result(image_grid(model.decode(codes, **given), _NUM_POINTS))

        rest = method_inputs(model, model.encode, examples.condition)
    else:
        return []
    inputs = (
        image("a", "from", model, examples.x),
        image("b", "to", model, None if examples.x is None else examples.x[::-1]),
        *rest,
    )
    help = "Images on the way from one to the other, both ends as the model makes them."
    return [Control("Between two", "Interpolate", inputs, run, help)]


def _of_part(index: int, part: CodePart) -> list[Input]:
    """The inputs of a part of a code: a value, or numbers from -1 to 1."""
    label = f"code {index + 1}"
    if isinstance(part, CategoricalCode):
        values = tuple(map(str, range(part.num_values)))
        return [Choice(f"code{index}", label, values, then=int)]
    places = range(part.dim)
    label = label if part.dim == 1 else f"{label}, number {{}}"
    return [Number(f"code{index}_{i}", label.format(i + 1), -1, 1, 0, step=0.05) for i in places]


def _widest(model: Any, examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    """The coordinates of z that have sliders, sorted, and the standard deviation of each of all."""
    scale = np.ones(model.latent_dim, "float32")
    if examples.x is not None:
        known = {} if examples.condition is None else {"condition": examples.condition}
        known = known if model.codes_take_condition else {}
        scale = model.encode(examples.x, **known).numpy().std(axis=0)
    return np.sort(np.argsort(-scale, kind="stable")[:_MOST_SLIDERS]), scale
