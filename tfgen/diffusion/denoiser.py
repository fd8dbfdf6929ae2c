"""What samplers know of a model: a function from a noisy x to a guess of the clean one."""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class Denoised(NamedTuple):
    """What a denoiser says of x = x_0 + sigma noise.

    Attributes:
        start: the prediction of x_0, `[n, *event]`, x's dtype.
        share: where the variance of the reverse step is learned, how far it lies from the
            posterior's (0) to the forward one's (1), on a logarithmic scale (Nichol & Dhariwal
            2021, Eq. 15), `[n, *event]`; None where it is not.
    """

    start: tf.Tensor
    share: tf.Tensor | None = None


# (x, sigma) -> Denoised: x `[n, *event]`, sigma a scalar of x's dtype.
Denoise = Callable[[tf.Tensor, tf.Tensor], Denoised]
