"""Controls of models whose images have codes, or lie on a way from one to another."""

from typing import Any

import numpy as np

from tfgen.core import GenerativeModel
from tfgen.demo.control import Control, Result, image
from tfgen.demo.examples import Examples
from tfgen.demo.inputs import Number
from tfgen.demo.method_inputs import method_inputs
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


def _widest(model: Any, examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    """The coordinates of z that have sliders, sorted, and the standard deviation of each of all."""
    scale = np.ones(model.latent_dim, "float32")
    if examples.x is not None:
        known = {} if examples.condition is None else {"condition": examples.condition}
        known = known if model.codes_take_condition else {}
        scale = model.encode(examples.x, **known).numpy().std(axis=0)
    return np.sort(np.argsort(-scale, kind="stable")[:_MOST_SLIDERS]), scale
