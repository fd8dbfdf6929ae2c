"""The control that draws anew what is painted over, of models that can."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgen import latent
from tfgen.core import GenerativeModel
from tfgen.demo.control import Control, Result, image
from tfgen.demo.examples import Examples
from tfgen.demo.inputs import Region
from tfgen.demo.method_inputs import method_inputs
from tfgen.training.pictures import image_grid

_NUM_DRAWN = 4


def redrawing(model: GenerativeModel, examples: Examples) -> list[Control]:
    """Painted regions of an image, redrawn in keeping with the rest, four times.

    By the model's `edit` or `complete`, or by `tfgen.latent.complete` where it can say log p(z, x).
    """
    redraw = _method(model)
    if redraw is None:
        return []
    any_mask = not hasattr(model, "completable")

    def run(x, mask, **given):
        kept = mask if any_mask else model.completable(mask)
        drawn = redraw(x[None].repeat(_NUM_DRAWN, axis=0), kept, **given)
        # What the model was not shown is grey.
        shown = np.where(kept > 0, x, 0.5)
        return Result(image_grid(np.concatenate([shown[None], drawn]), 1 + _NUM_DRAWN))

    x = image("x", "image", model, examples.x)
    region = Region("mask", "paint what is to be redrawn", x)
    # Each of an edit's steps is gone many times.
    rest = method_inputs(model, redraw, examples.condition, num_steps=10)
    inputs = (x, region, *rest)
    help = "Paint over a part of the image: it is drawn anew, four times, in keeping with the rest."
    if not any_mask:
        help += " What comes after it in the order of the model's pixels is drawn anew, too."
    return [Control("Redraw", "Redraw", inputs, run, help)]


def _method(model: GenerativeModel) -> Callable[..., tf.Tensor] | None:
    """`(x, mask, ...)` to images; None where the model has nothing of the kind."""
    for name in ("edit", "complete"):
        if hasattr(model, name):
            return getattr(model, name)
    if not hasattr(model, "log_joint"):
        return None

    def complete(x, mask, *, condition=None, seed=0):
        return latent.complete(model, x, mask, condition=condition, seed=seed)

    return complete
