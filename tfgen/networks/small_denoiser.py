"""A denoiser for a shape: a small U-Net for images, a perceptron for vectors."""

from typing import Any

import keras

from tfgen.core import Condition
from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ShapeLike
from tfgen.networks.denoising_mlp import denoising_mlp
from tfgen.networks.unet import unet


def small_denoiser(
    event_shape: ShapeLike,
    base_channels: int = 32,
    *,
    condition: Condition | None = None,
    num_outputs: int = 1,
    name: str = "denoiser",
    **of_unet: Any,
) -> keras.Model:
    """Builds a network `[x_t, time]`, or `[x_t, time, y]`, to the shape of x_t.

    Args:
        event_shape: `(height, width, channels)` for a `unet`, `(d,)` for a `denoising_mlp`.
        base_channels: channels of the U-Net's first level; an eighth of the perceptron's width.
        condition: what y is; None for a network of two inputs.
        num_outputs: tensors of x_t's shape that come out, side by side on the last axis.
        name: name of the network.
        **of_unet: its other arguments, for images alone; None for what `unet` has, but for
            `patch_size`: 2 where both sides have 24 pixels or more, else 1.
    Raises:
        ValueError: an argument of the U-Net for vectors.
    """
    of_unet = {argument: value for argument, value in of_unet.items() if value is not None}
    if len(event_shape) != 1:
        usual = {"patch_size": 2 if min(event_shape[:2]) >= 24 else 1}
        return unet(
            event_shape,
            base_channels,
            **{**usual, **of_unet},
            name=name,
            condition=condition,
            num_outputs=num_outputs,
        )
    if of_unet:
        raise ValueError(
            f"expected no {', '.join(of_unet)} for vectors, whose network is a perceptron of"
            " base_channels, not a U-Net. Received: "
            + ", ".join(f"{argument}={value!r}" for argument, value in of_unet.items())
        )
    check_sizes(base_channels=base_channels)
    return denoising_mlp(
        event_shape,
        8 * base_channels,
        name=name,
        condition=condition,
        num_outputs=num_outputs,
    )
