"""The probability flow: noise and data joined without randomness, and the density that follows.

dx/dsigma = (x - x_0(x, sigma)) / sigma keeps the distribution of x = x_0 + sigma noise at every
level (Song et al. 2021b, "Score-based generative modeling", Eq. 13, in the scale of Karras et al.
2022, Eq. 3). Levels are visited in the order given, up or down, by the classical method of Runge
and Kutta in log sigma: of fourth order, four evaluations of the denoiser a step.
"""

import math
from typing import NamedTuple

import tensorflow as tf

from tfgen.core.typing import ArrayLike
from tfgen.diffusion.denoiser import Denoise
from tfgen.diffusion.solvers import normal_like


class LogDensity(NamedTuple):
    """What `log_density` found.

    Attributes:
        log_prob: `[n]`, in nats, summed over dimensions.
        standard_error: of the estimate of each, over the probes, `[n]`; 0 where the trace is exact.
    """

    log_prob: tf.Tensor
    standard_error: tf.Tensor


def probability_flow(denoise: Denoise, x: tf.Tensor, sigmas: ArrayLike) -> tf.Tensor:
    """Follows the flow from the level `sigmas[0]` to `sigmas[-1]`.

    Up it leads from data to their noise, the inversion of deterministic sampling; down it leads
    back. At `sigmas[0]` x is taken to hold that much noise.

    Args:
        denoise: `(x, sigma) -> Denoised`.
        x: `[n, *event]`, floating point.
        sigmas: positive noise levels, `[num_steps + 1]`, in either order; float64.
    Returns:
        x at the last level.
    """

    def change(x, sigma):
        return (x - denoise(x, tf.cast(sigma, x.dtype)).start,)

    return _follow(change, (x,), sigmas)[0]


def log_density(
    denoise: Denoise,
    x: tf.Tensor,
    sigmas: ArrayLike,
    *,
    seed: tf.Tensor | None = None,
    num_probes: int | None = None,
) -> LogDensity:
    """log p(x) at the level `sigmas[0]`  (Song et al. 2021b, Eq. 39).

    log p(x_T) + int div((x - x_0(x, sigma)) / sigma) dsigma along the flow, where p(x_T) is
    N(0, 1 + sigma_T^2). It is an estimate, of the model's flow at finitely many steps. The denoiser
    must be smooth: no clipping.

    Args:
        denoise: `(x, sigma) -> Denoised`.
        x: `[n, *event]`, floating point, taken to hold noise of `sigmas[0]`.
        sigmas: positive noise levels, increasing to that of pure noise, `[num_steps + 1]`; float64.
        seed: of the probes, int32 `(2,)`, or `[n, 2]`, one for each example.
        num_probes: signs v that estimate the trace by v^T J v (Hutchinson 1990), at least 2, each
            kept along the flow; an example costs two passes forth and back of each a step. None
            for the exact trace, by as many as x has dimensions.
    """
    axes = list(range(1, x.shape.rank))
    dim = math.prod(x.shape[1:])
    count = dim if num_probes is None else num_probes

    def probe(k):
        if num_probes is None:
            unit = tf.reshape(tf.one_hot(k, dim, dtype=x.dtype), x.shape[1:])
            return tf.broadcast_to(unit, tf.shape(x))
        signs = tf.sign(normal_like(tf.cast(x, tf.float32), seed, k))
        return tf.cast(signs, x.dtype)

    def change(x, totals, sigma):
        sigma = tf.cast(sigma, x.dtype)

        def product(k):
            v = probe(k)
            with tf.GradientTape() as tape:
                tape.watch(x)
                start = denoise(x, sigma).start
            return start, tf.reduce_sum(v * tape.gradient(start, x, v), axes)

        # One probe at a time, whatever memory they would take together.
        start, first = product(0)
        rest = tf.map_fn(
            lambda k: product(k)[1],
            tf.range(1, count),
            fn_output_signature=tf.TensorSpec(x.shape[:1], x.dtype),
            parallel_iterations=1,
        )
        traces = tf.concat([first[None], rest], axis=0)
        if num_probes is None:
            traces = tf.reduce_sum(traces, axis=0, keepdims=True)
        return x - start, dim - traces

    rows = 1 if num_probes is None else num_probes
    none = tf.zeros([rows, tf.shape(x)[0]], x.dtype)
    end, totals = _follow(change, (x, none), sigmas)
    variance = tf.cast(1 + tf.square(tf.cast(sigmas[-1], tf.float64)), x.dtype)
    squares = tf.reduce_sum(tf.square(end), axes) / variance
    prior = -(squares + dim * tf.math.log(2 * math.pi * variance)) / 2
    mean, spread = tf.nn.moments(totals, axes=[0])
    error = tf.sqrt(spread / max(rows - 1, 1))
    return LogDensity(prior + mean, error)


def _follow(change, state, sigmas):
    """The method of Runge and Kutta for d state / d log sigma = change(*state, sigma)."""
    logs = tf.math.log(tf.cast(sigmas, tf.float64))
    # Traced once, though it is called four times.
    change = tf.function(change, jit_compile=False, autograph=False)

    def step(i, *state):
        width = logs[i + 1] - logs[i]
        slope, total = None, [0.0] * len(state)
        for place, weight in ((0.0, 1), (0.5, 2), (0.5, 2), (1.0, 1)):
            at = state if slope is None else _moved(state, place * width, slope)
            slope = change(*at, tf.exp(logs[i] + place * width))
            total = [t + weight * s for t, s in zip(total, slope, strict=True)]
        return i + 1, *_moved(state, width / 6, total)

    last = tf.shape(logs)[0] - 1
    return tf.while_loop(lambda i, *state: i < last, step, [0, *state])[1:]


def _moved(state, width, slope):
    """state + width slope."""
    return [
        tf.ensure_shape(a + tf.cast(width, a.dtype) * b, a.shape)
        for a, b in zip(state, slope, strict=True)
    ]
