"""The precision in which a penalty is computed."""

import contextlib
from collections.abc import Iterator

import keras


@contextlib.contextmanager
def float32_for_float16(network: keras.Model) -> Iterator[None]:
    """Inside, layers of the policy mixed_float16 compute in float32.

    A gradient of a gradient leaves the range of float16 so far, on both sides, that no scale of
    the loss brings it back. Layers of other policies, mixed_bfloat16 among them, stay as they are.

    Args:
        network: Keras model, whose weights are float32 in any case.
    """
    layers = [each for each in network._flatten_layers() if each.compute_dtype == "float16"]
    policies = [layer.dtype_policy for layer in layers]
    try:
        for layer in layers:
            layer.dtype_policy = "float32"
        yield
    finally:
        for layer, policy in zip(layers, policies, strict=True):
            layer.dtype_policy = policy
