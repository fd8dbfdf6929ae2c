"""Drawing what is missing of x_0, given the rest: RePaint."""

import numpy as np
import tensorflow as tf

from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ArrayLike
from tfgen.diffusion.denoiser import Denoise
from tfgen.diffusion.solvers import (
    Variance,
    Watch,
    ancestral_step,
    check_levels,
    normal_like,
)
from tfgen.diffusion.variances import posterior_variance


def repaint_times(num_steps: int | tf.Tensor, jump: int, resamplings: int) -> tf.Tensor:
    """The way down `num_steps` levels with jumps back up  (Lugmayr et al. 2022, appendix B).

    Whenever it first comes to a multiple of `jump`, below the top, it goes up and down again by as
    many steps, until each stretch of levels was walked down `resamplings` times.

    Args:
        num_steps: number of levels, at least 1; a scalar int32 tensor is taken to be.
        jump: steps of one jump, at least 1; the paper has 10 of 250.
        resamplings: how often each stretch is walked, at least 1; the paper has 10.
    Returns:
        Steps that are left, int32, from `num_steps` to 0, each one more or less than the last.
    Raises:
        ValueError: an argument is no positive int.
    """
    if not tf.is_tensor(num_steps):
        check_sizes(num_steps=num_steps)
    check_sizes(jump=jump, resamplings=resamplings)
    left = tf.range(num_steps, -1, -1)
    # What follows a level's first visit, as steps from it: up and down again, so many times.
    around = [*range(1, jump + 1), *range(jump - 1, -1, -1)] * (resamplings - 1)
    jumps = (left % jump == 0) & (left + jump < num_steps)
    visits = 1 + tf.where(jumps, len(around), 0)
    begun = tf.repeat(tf.cumsum(visits, exclusive=True), visits)
    moves = tf.gather([0, *around], tf.range(tf.size(begun)) - begun)
    return tf.repeat(left, visits) + moves


def repaint_evaluations(num_steps: int, jump: int, resamplings: int) -> int:
    """How often `repaint` asks the denoiser: once for each step down."""
    return int(np.sum(np.diff(repaint_times(num_steps, jump, resamplings)) < 0))


def repaint(
    denoise: Denoise,
    x: tf.Tensor,
    known: tf.Tensor,
    mask: tf.Tensor,
    sigmas: ArrayLike,
    *,
    jump: int,
    resamplings: int,
    seed: tf.Tensor,
    variance: Variance = posterior_variance,
    watch: Watch | None = None,
) -> tf.Tensor:
    """Draws x_0 where the mask is False, given x_0 where it is True  (Lugmayr et al. 2022).

    Ancestral steps, after each of which the known part is `known` with the noise of its level
    (their Algorithm 1); that alone is biased, because what is drawn does not hear in time of what
    is known. Jumps back up (`repaint_times`) let the two agree: with a growing number of them the
    bias goes away but for that of the finite number of levels.

    Args:
        denoise: `(x, sigma) -> Denoised`.
        x: at the level `sigmas[0]`, `[n, *event]`, floating point.
        known: x_0, as x; read where the mask is True.
        mask: bool, as x.
        sigmas: noise levels, `[num_steps + 1]`, decreasing to 0; float64.
        jump, resamplings: see `repaint_times`.
        seed: int32 `(2,)`, or `[n, 2]`, one for each example.
        variance: of the reverse steps.
        watch: `(i, sigma, x_0)`, called after each step down or up, i = 0, 1, ..., with the level
            that is reached and the last prediction of x_0; None for nobody.
    Returns:
        x_0, as x, equal to `known` where the mask is True.
    Raises:
        ValueError: the levels do not decrease to 0, or an argument is no positive int.
    """
    sigmas = check_levels(sigmas)
    num_steps = tf.size(sigmas) - 1
    places = num_steps - repaint_times(num_steps, jump, resamplings)

    def step(i, x, start):
        t, s = tf.gather(sigmas, places[i]), tf.gather(sigmas, places[i + 1])
        # One draw serves both parts, of which each dimension is in one.
        noise = normal_like(x, seed, i)

        def down():
            drawn, start = ancestral_step(denoise, x, t, s, noise, variance)
            return tf.where(mask, known + tf.cast(s, x.dtype) * noise, drawn), start

        def up():
            return x + tf.cast(tf.sqrt(tf.square(s) - tf.square(t)), x.dtype) * noise, start

        after, start = tf.cond(s < t, down, up)
        if watch is not None:
            with tf.control_dependencies([tf.py_function(watch, [i, s, start], [])]):
                after = tf.identity(after)
        return i + 1, tf.ensure_shape(after, x.shape), tf.ensure_shape(start, x.shape)

    x = tf.where(mask, known + tf.cast(sigmas[0], x.dtype) * normal_like(x, seed, -2), x)
    last = tf.size(places) - 1
    x = tf.while_loop(lambda i, x, start: i < last, step, [0, x, x])[1]
    return tf.where(mask, known, x)
