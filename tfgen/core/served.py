"""Functions as a SavedModel serves them: their inputs are checked inside the graph."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tfgen.core.checks import are_valid, is_bounded, where_example

Served = Callable[..., dict[str, tf.Tensor]]


def served(function: Served, specs: Sequence[tf.TensorSpec], levels: int | None) -> Served:
    """The function with the checks that its caller, who has no tfgen, cannot make.

    An input of another shape is an error that names it. An example that no array check would let
    through is answered by NaN: one that is not finite or, in the input `x`, lies outside of [0, 1]
    or off the levels, or has a `mask` of other values than 0 and 1. Where there is a mask, x is
    looked at where it is kept. `patches` are of images, in [0, 1].

    Args:
        function: of tensors as `specs` has them; gives `{name: tensor}`, the examples along the
            first axis of each floating tensor wherever an input has them.
        specs: of the inputs, each with a name.
        levels: of the input `x`; None where it is continuous.
    Returns:
        A function of the same inputs.
    """
    names = [spec.name for spec in specs]

    def checked(*inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        values = {
            spec.name: tf.ensure_shape(value, spec.shape)
            for spec, value in zip(specs, inputs, strict=True)
        }
        kept = values.get("mask")
        valid = None
        for spec in specs:
            if not spec.dtype.is_floating or not spec.shape.rank:
                continue
            value = values[spec.name]
            if spec.name == "x" and kept is not None:
                value = tf.where(kept > 0, value, tf.zeros_like(value))
            good = are_valid(value, *_support(spec, levels))
            # Zero is a value of every model: nothing fails on the way to the answer.
            values[spec.name] = where_example(good, value, 0.0)
            valid = good if valid is None else valid & good
        results = function(*(values[name] for name in names))
        return {name: _or_nan(result, valid) for name, result in results.items()}

    return checked


def _support(spec: tf.TensorSpec, levels: int | None) -> tuple[int | None, bool]:
    if spec.name == "mask":
        return 2, True
    if spec.name == "x":
        return levels, is_bounded(spec.shape[1:], levels)
    return None, spec.name == "patches"


def _or_nan(result: tf.Tensor, valid: tf.Tensor | None) -> Any:
    if valid is None or not result.dtype.is_floating:
        return result
    return where_example(valid, result, math.nan)
