"""Ways from noise to x_0 by a denoiser, along given noise levels.

They know no model, only a function `denoise(x, sigma)` of x = x_0 + sigma noise (see `Denoised`).
The levels are the caller's, so that one may also start in the middle, from a noisy x of one's own.
Each is one loop; coefficients are computed in float64. The last step goes to the level 0, where all
of them give the denoiser's prediction itself.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgen.core import fold_in, normal_by_example
from tfgen.core.typing import ArrayLike
from tfgen.diffusion.denoiser import Denoise
from tfgen.diffusion.variances import posterior_variance

Variance = Callable[[tf.Tensor, tf.Tensor, tf.Tensor | None], tf.Tensor]
Watch = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], None]


def ancestral(
    denoise: Denoise,
    x: tf.Tensor,
    sigmas: ArrayLike,
    *,
    seed: tf.Tensor,
    variance: Variance = posterior_variance,
    watch: Watch | None = None,
) -> tf.Tensor:
    """x_s ~ p(x_s | x_t) from level to level  (Ho et al. 2020, Algorithm 2).

    p has the mean of q(x_s | x_t, x_0) at the predicted x_0. As in the paper the last step takes
    the mean. One evaluation of the denoiser a step.

    Args:
        denoise: `(x, sigma) -> Denoised`.
        x: at the level `sigmas[0]`, `[n, *event]`, floating point.
        sigmas: noise levels, `[num_steps + 1]`, decreasing to 0; float64.
        seed: int32 `(2,)`, or `[n, 2]`, one for each example: what becomes of an example then does
            not depend on the others.
        variance: of p, `(t, s, share) -> variance`, such as `posterior_variance`.
        watch: `(i, sigma, x_0)`, called after each step i = 0, 1, ... with the level that is
            reached and the last prediction of x_0; None for nobody.
    Returns:
        x_0, as x.
    """
    sigmas = check_levels(sigmas)

    def step(i, x, _):
        noise = normal_like(x, seed, i)
        return ancestral_step(denoise, x, sigmas[i], sigmas[i + 1], noise, variance)

    return _steps(step, x, sigmas, watch)


def ancestral_step(
    denoise: Denoise,
    x: tf.Tensor,
    t: tf.Tensor,
    s: tf.Tensor,
    noise: tf.Tensor,
    variance: Variance = posterior_variance,
) -> tuple[tf.Tensor, tf.Tensor]:
    """One step of `ancestral` from the level t to s: x_s, and the prediction of x_0.

    Args:
        denoise, x, variance: as in `ancestral`.
        t, s: float64 scalars, t > s >= 0.
        noise: standard normal, as x.
    """
    start, share = denoise(x, tf.cast(t, x.dtype))
    mean = start + tf.cast(tf.square(s / t), x.dtype) * (x - start)
    stddev = tf.sqrt(tf.cast(variance(t, s, share), x.dtype))
    return tf.where(s > 0, mean + stddev * noise, start), start


def ddim(
    denoise: Denoise,
    x: tf.Tensor,
    sigmas: ArrayLike,
    *,
    eta: float = 0.0,
    seed: tf.Tensor | None = None,
    watch: Watch | None = None,
) -> tf.Tensor:
    """x_s = x_0 + sqrt(s^2 - v) noise + sqrt(v) fresh noise  (Song et al. 2021, Eq. 12).

    v is eta^2 times the posterior's variance. With eta = 0 this is Euler's method for the
    probability flow, of first order; with eta = 1 it is `ancestral`. One evaluation a step.

    Args:
        denoise, x, sigmas, watch: as in `ancestral`.
        eta: share of the posterior's standard deviation that is fresh noise, in [0, 1].
        seed: as in `ancestral`; not read where eta is 0.
    Returns:
        x_0, as x.
    """
    sigmas = check_levels(sigmas)

    def step(i, x, _):
        t, s = sigmas[i], sigmas[i + 1]
        start = denoise(x, tf.cast(t, x.dtype)).start
        fresh = eta**2 * posterior_variance(t, s)
        left = tf.sqrt(tf.maximum(tf.square(s) - fresh, 0)) / t
        x = start + tf.cast(left, x.dtype) * (x - start)
        if eta > 0:
            x += tf.cast(tf.sqrt(fresh), x.dtype) * normal_like(x, seed, i)
        return x, start

    return _steps(step, x, sigmas, watch)


def heun(
    denoise: Denoise,
    x: tf.Tensor,
    sigmas: ArrayLike,
    *,
    seed: tf.Tensor | None = None,
    watch: Watch | None = None,
) -> tf.Tensor:
    """Heun's method for dx/dsigma = (x - x_0(x, sigma)) / sigma  (Karras et al. 2022, Algorithm 1).

    Of second order but in its last step, which is Euler's. 2 num_steps - 1 evaluations.

    Args:
        denoise, x, sigmas, watch: as in `ancestral`.
        seed: not read.
    Returns:
        x_0, as x.
    """
    sigmas = check_levels(sigmas)
    # Traced once, though it is called in three places.
    denoise = tf.function(denoise, jit_compile=False, autograph=False)

    def slope(x, t):
        start = denoise(x, tf.cast(t, x.dtype)).start
        return (x - start) / tf.cast(t, x.dtype), start

    def step(i, x, _):
        t, s = sigmas[i], sigmas[i + 1]
        before, start = slope(x, t)
        euler = x + tf.cast(s - t, x.dtype) * before

        def corrected():
            after, start = slope(euler, s)
            return x + tf.cast(s - t, x.dtype) / 2 * (before + after), start

        return tf.cond(s > 0, corrected, lambda: (start, start))

    return _steps(step, x, sigmas, watch)


def dpm_solver_pp_2m(
    denoise: Denoise,
    x: tf.Tensor,
    sigmas: ArrayLike,
    *,
    seed: tf.Tensor | None = None,
    watch: Watch | None = None,
) -> tf.Tensor:
    """DPM-Solver++(2M), of second order by two predictions  (Lu et al. 2022b, Algorithm 2).

    In this scale x_s = s/t x + (1 - s/t) D, where D extrapolates x_0 over log sigma. The first and
    the last step, which have no two finite strides, are DDIM's. One evaluation a step.

    Args:
        denoise, x, sigmas, watch: as in `ancestral`.
        seed: not read.
    Returns:
        x_0, as x.
    """
    sigmas = check_levels(sigmas)
    # h_i, the strides in -log sigma, and 1 / (2 r_i) = h_i / (2 h_{i-1}).
    strides = -tf.math.log(sigmas[1:-1] / sigmas[:-2])
    ends = tf.zeros([1], sigmas.dtype)
    weights = tf.concat([ends, strides[1:] / strides[:-1] / 2, ends], axis=0)

    def step(i, x, previous):
        t, s = sigmas[i], sigmas[i + 1]
        start = denoise(x, tf.cast(t, x.dtype)).start
        ahead = start + tf.cast(weights[i], x.dtype) * (start - previous)
        return ahead + tf.cast(s / t, x.dtype) * (x - ahead), start

    return _steps(step, x, sigmas, watch)


def check_levels(sigmas: ArrayLike) -> tf.Tensor:
    """Noise levels that decrease to 0, as a float64 tensor; a tensor is taken as it is.

    Raises:
        ValueError: they do not.
    """
    if not tf.is_tensor(sigmas):
        sigmas = np.asarray(sigmas, "float64")
        if sigmas.ndim != 1 or len(sigmas) < 2 or sigmas[-1] != 0 or np.any(np.diff(sigmas) >= 0):
            raise ValueError(
                f"expected sigmas to decrease to 0, at least two of them. Received: {sigmas}"
            )
    return tf.cast(sigmas, tf.float64)


def normal_like(x: tf.Tensor, seed: tf.Tensor, i: int | tf.Tensor) -> tf.Tensor:
    """Standard normal draws, as x: the i-th of a seed `(2,)`, or of one for each example."""
    if seed.shape.rank == 2:
        return tf.cast(normal_by_example(seed, x.shape[1:], i), x.dtype)
    return tf.random.stateless_normal(tf.shape(x), fold_in(seed, i), dtype=x.dtype)


def _steps(step, x, sigmas, watch):
    """x after `step(i, x, previous prediction) -> x, prediction` for every i."""

    def body(i, x, previous):
        # Shapes may become less known in a step, which a loop does not take.
        after, start = (tf.ensure_shape(each, x.shape) for each in step(i, x, previous))
        if watch is not None:
            with tf.control_dependencies([tf.py_function(watch, [i, sigmas[i + 1], start], [])]):
                after = tf.identity(after)
        return i + 1, after, start

    last = tf.shape(sigmas)[0] - 1
    return tf.while_loop(lambda i, x, previous: i < last, body, [0, x, x])[1]
