"""Samplers of a diffusion model: loops from pure noise, x_T, down to x_0.

The two functions know no model, only the function that they are given; they are one
`tf.while_loop` inside a `tf.function`. The noise of step t depends on the seed and t alone.
"""

import abc
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tfgen.core import Configured, fold_in, split_seed
from tfgen.core.size_checks import check_not_negative, check_sizes
from tfgen.diffusion.predictions import signal_and_noise
from tfgen.diffusion.process import like, posterior_variance
from tfgen.diffusion.schedules import Schedule


def ancestral(
    p: Callable[..., Any],
    shape: Sequence,
    num_steps: int,
    *,
    seed: tf.Tensor,
    constrain: Callable[..., tf.Tensor] | None = None,
    watch: Callable[..., None] | None = None,
) -> tf.Tensor:
    """Draws x_0 by x_{t-1} ~ p(x_{t-1} | x_t), t = T..1  (Ho et al. 2020, Algorithm 2).

    The last step takes the mean, as the paper's does.

    Args:
        p: `(xt, t) -> tfd.Distribution` of x_{t-1}; t is a scalar int32.
        shape: `[num_samples, *event_shape]`, of ints or scalar tensors.
        num_steps: T.
        seed: int32 `(2,)`.
        constrain: `(xt, t, seed) -> xt`, applied to x_T, ..., x_0; None for free samples.
        watch: `(xt, t)`, called on x_{T-1}, ..., x_0 as they are drawn; None for nobody.
    Returns:
        x_0, float32 of shape `shape`.
    """
    seed, initial_seed, constrain_seed = split_seed(seed, 3)

    def constrained(x, t):
        return x if constrain is None else constrain(x, t, fold_in(constrain_seed, t))

    def step(t, xt):
        previous = p(xt, t)
        draw = previous.sample(seed=fold_in(seed, t))
        drawn = constrained(tf.where(t > 1, draw, previous.mean()), t - 1)
        return t - 1, _shown(watch, drawn, t - 1)

    x_T = tf.random.stateless_normal(shape, initial_seed)
    t = tf.constant(num_steps)
    _, x0 = tf.while_loop(lambda t, xt: t > 0, step, [t, constrained(x_T, t)])
    return x0


def ddim(
    denoise: Callable[..., Any],
    schedule: Schedule,
    shape: Sequence,
    *,
    num_steps: int,
    eta: float = 0.0,
    seed: tf.Tensor,
    watch: Callable[..., None] | None = None,
) -> tf.Tensor:
    """Draws x_0 in `num_steps` strides over 1..T  (Song et al. 2021, Eq. 12).

    With eta = 0 the map from x_T to x_0 is deterministic; eta = 1 with num_steps = T is the
    ancestral sampler with variance beta_tilde.

    Args:
        denoise: `(xt, t) -> (x0, noise)`, the predictions at a scalar int32 t.
        schedule: a `Schedule`.
        shape: `[num_samples, *event_shape]`, of ints or scalar tensors.
        num_steps: number of strides, in 1..T; they visit t = i T // num_steps.
        eta: share of the posterior's standard deviation that is fresh noise, in [0, 1].
        seed: int32 `(2,)`.
        watch: `(xt, t)`, called after each stride; None for nobody.
    Returns:
        x_0, float32 of shape `shape`.
    """
    seed, initial_seed = split_seed(seed, 2)

    def step(i, xt):
        t, s = i * schedule.num_steps // num_steps, (i - 1) * schedule.num_steps // num_steps
        x0, noise = denoise(xt, t)
        alpha_bar = schedule.alpha_bar(s)
        variance = eta**2 * posterior_variance(schedule, t, s)
        direction = tf.sqrt(tf.maximum(1 - alpha_bar - variance, 0))
        fresh = tf.random.stateless_normal(tf.shape(xt), fold_in(seed, t))
        signal, _ = signal_and_noise(alpha_bar, xt)
        xs = signal * x0 + like(direction, xt) * noise + like(tf.sqrt(variance), xt) * fresh
        return i - 1, _shown(watch, tf.ensure_shape(xs, xt.shape), s)

    x_T = tf.random.stateless_normal(shape, initial_seed)
    _, x0 = tf.while_loop(lambda i, xt: i > 0, step, [tf.constant(num_steps), x_T])
    return x0


def _shown(watch, x, t):
    """x, once somebody has looked at it."""
    if watch is None:
        return x
    with tf.control_dependencies([tf.py_function(watch, [x, t], [])]):
        return tf.identity(x)


class Sampler(Configured, abc.ABC):
    """A way from x_T to x_0."""

    @abc.abstractmethod
    def __call__(
        self,
        model: Any,
        shape: Sequence,
        seed: tf.Tensor,
        given: tf.Tensor | None = None,
        watch: Callable[..., None] | None = None,
    ) -> tf.Tensor:
        """Draws x_0, in the model's scale.

        Args:
            model: a `DiffusionModel`.
            shape: `[num_samples, *event_shape]`, of ints or scalar tensors.
            seed: int32 `(2,)`.
            given: what the denoiser reads of the conditions, `[num_samples, ...]`.
            watch: `(xt, t)`, called after each step; None for nobody.
        """

    def check(self, schedule: Schedule) -> None:
        """Checks that the sampler can follow a schedule.

        Raises:
            ValueError: it cannot.
        """


class Ancestral(Sampler):
    """All T steps of the learned reverse process, `ancestral`."""

    def __call__(
        self,
        model: Any,
        shape: Sequence,
        seed: tf.Tensor,
        given: tf.Tensor | None = None,
        watch: Callable[..., None] | None = None,
    ) -> tf.Tensor:
        p = lambda xt, t: model.p(xt, t, given)
        return ancestral(p, shape, model.schedule.num_steps, seed=seed, watch=watch)


class DDIM(Sampler):
    """Few large steps, `ddim`.

    Args:
        num_steps: number of strides, at most the model's T.
        eta: 0 for the deterministic map, 1 for the posterior's noise.
    Raises:
        ValueError: `num_steps` not a positive int (or, of a model, above T); eta outside [0, 1].
    """

    def __init__(self, num_steps: int = 50, eta: float = 0.0) -> None:
        check_sizes(num_steps=num_steps)
        if check_not_negative(eta, "eta") > 1:
            raise ValueError(f"expected eta in [0, 1]. Received: {eta!r}")
        self.num_steps = num_steps
        self.eta = eta

    def check(self, schedule: Schedule) -> None:
        if self.num_steps > schedule.num_steps:
            raise ValueError(
                f"expected num_steps <= {schedule.num_steps}, the steps of the schedule."
                f" Received: {self.num_steps}"
            )

    def __call__(
        self,
        model: Any,
        shape: Sequence,
        seed: tf.Tensor,
        given: tf.Tensor | None = None,
        watch: Callable[..., None] | None = None,
    ) -> tf.Tensor:
        self.check(model.schedule)
        return ddim(
            lambda xt, t: model.denoise(xt, t, given),
            model.schedule,
            shape,
            num_steps=self.num_steps,
            eta=self.eta,
            seed=seed,
            watch=watch,
        )
