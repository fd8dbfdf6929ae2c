"""Controls that say what a model thinks of an image."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.core import GenerativeModel
from tfgen.demo.control import Control, Result, image
from tfgen.demo.examples import Examples
from tfgen.demo.inputs import Text
from tfgen.demo.method_inputs import condition_input, method_inputs
from tfgen.evaluation import (
    Bound,
    Estimate,
    NegativeLogLikelihood,
    ReconstructionError,
    likelihood,
)

_BLOCK = 50  # images that are scored at once


def scoring(model: GenerativeModel, examples: Examples) -> list[Control]:
    """The likelihood of an image and its anomaly score, of a model that has one of these."""
    has_likelihood = model.density in ("exact", "bound")
    if not has_likelihood and not hasattr(model, "reconstruct"):
        return []
    method = model.log_prob if model.density == "exact" else getattr(model, "elbo", None)
    method = model.reconstruct if method is None else method
    inputs = method_inputs(model, method, examples.condition)
    inputs = tuple(each for each in inputs if each.name == "condition")
    score, kind = _score(model)
    known = examples.condition if inputs else None
    strangeness = Strangeness(model, score, kind, examples.x, known)

    def run(x, condition=None):
        lines = strangeness.lines(x, condition)
        if has_likelihood:
            lines.insert(0, said(likelihood(model, x[None], condition=condition)))
        return Result(text="\n".join(lines))

    x = image("x", "image", model, examples.x)
    title, help = "Likelihood", "How likely the image is to the model, and how strange it is to it."
    if not has_likelihood:
        title, help = "Anomaly", "How strange the image is to the model."
    return [Control(title, "Score", (x, *inputs), run, help)]


def comparing(model: GenerativeModel, examples: Examples) -> list[Control]:
    """How well captions fit an image, of a model that compares both."""
    if not hasattr(model, "similarity"):
        return []

    def run(x, condition):
        cosines = model.similarity(x[None], np.array([parse(each) for each in condition])).numpy()
        pairs = sorted(zip(cosines[0], condition, strict=True), reverse=True)
        return Result(text="\n".join(f"{cosine: .3f}  {text}" for cosine, text in pairs))

    parse = model.condition.parse
    one = condition_input(model.condition, examples.condition)
    known = [] if examples.condition is None else model.condition.rows(examples.condition)
    start = "\n".join(each.decode() if isinstance(each, bytes) else str(each) for each in known)
    lines = Text("condition", "one in each line", start, 6, then=_lines, help=one.help)
    inputs = (image("x", "image", model, examples.x), lines)
    help = "Cosines of the image and each text, from -1 to 1, the best first."
    return [Control("Compare", "Compare", inputs, run, help)]


def _lines(text):
    """The lines that are not empty, each once."""
    lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not lines:
        raise ValueError("expected at least one line of text. Received: none")
    return lines


def said(estimate: Estimate) -> str:
    """A likelihood in a line: nats, bits per dimension of discrete data, and the kind."""
    line = f"Log-likelihood: {estimate.mean:.2f} nats"
    if estimate.bits_per_dim is not None:
        line += f", {estimate.bits_per_dim:.4f} bits/dim"
    return f"{line} ({estimate.kind})"


def _score(model):
    """How strange examples are, called as an `AnomalyScore` is, and what it is, with its unit."""
    if model.density not in ("exact", "bound"):
        return ReconstructionError(), "squared error of the reconstruction, summed over pixels"
    if model.density == "exact":
        return NegativeLogLikelihood(), "nats, minus the log-likelihood, exact"
    if hasattr(model, "log_joint"):
        return NegativeLogLikelihood(), "nats, minus the ELBO"
    # All terms of the bound would take minutes.
    bound = Bound()
    return lambda *args, **named: -bound(*args, **named), f"nats, minus the {bound.kind(model)}"


class Strangeness:
    """The anomaly score of an image, and how many of some normal images are less strange.

    Args:
        model: any that the score is for.
        score: called as an `AnomalyScore` is.
        kind: of the score, and its unit.
        x: `[n, *event_shape]`, the normal images, or None.
        condition: of each, for a score that depends on it.
    """

    def __init__(
        self,
        model: GenerativeModel,
        score: Callable[..., tf.Tensor],
        kind: str,
        x: np.ndarray | None,
        condition: np.ndarray | None,
    ) -> None:
        self.score = lambda x, condition=None: np.asarray(
            score(model, model.check(x), condition=condition, batch_size=_BLOCK)
        )
        self.kind = kind
        self._normal = x, condition

    @functools.cached_property
    def _known(self):
        return None if self._normal[0] is None else self.score(*self._normal)

    def lines(self, x: np.ndarray, condition: Any = None) -> list[str]:
        """What there is to say of an image, `[*event_shape]`."""
        score = float(self.score(x[None], condition)[0])
        found = [f"Anomaly score: {score:.2f} ({self.kind})"]
        if self._known is not None:
            share = np.mean(self._known < score)
            found.append(f"Stranger than {share:.0%} of {len(self._known)} held-out images")
        return found
