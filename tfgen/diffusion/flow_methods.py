"""What a diffusion model does by its probability flow, which joins data and noise one to one."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfgen.core import check_array, check_count, example_seeds
from tfgen.core.arrays import in_batches
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.diffusion.arcs import arc
from tfgen.diffusion.editing_methods import EditingModel
from tfgen.diffusion.grids import EqualRatios
from tfgen.diffusion.ode import LogDensity, log_density, probability_flow
from tfgen.diffusion.solvers import normal_like

# So many dimensions have the trace of their Jacobian taken exactly, others by as many probes.
EXACT_DIMENSIONS, NUM_PROBES = 32, 4


class FlowModel(EditingModel):
    """`invert`, `decode`, `interpolate` and `log_prob_ode`, for `DiffusionModel`."""

    def invert(
        self,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        num_steps: int = 20,
    ) -> tf.Tensor:
        """The noise that x comes from: the probability flow, up  (Song et al. 2021, section 4.3).

        `decode` leads back, but for the errors of finitely many steps. Four evaluations of the
        denoiser a step.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            condition: for a model that has one: one for each example, or one for all.
            num_steps: of the flow.
        Returns:
            `[batch, *event_shape]`, float32, like draws from N(0, I) if x is like the data.
        Raises:
            ValueError: x is no batch of examples, `num_steps` is no positive int, or a bad
                condition.
        """
        x = self.check(x)
        check_count(num_steps, "num_steps")
        return self._flow(x, self.read_condition(condition, tf.shape(x)[0]), num_steps, True)

    def decode(
        self,
        noise: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        num_steps: int = 20,
    ) -> tf.Tensor:
        """What noise becomes by the probability flow, down: the way back from `invert`.

        Args:
            noise: `[batch, *event_shape]`, float32.
            condition: for a model that has one: one for each example, or one for all.
            num_steps: of the flow, four evaluations of the denoiser each.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: `noise` has another shape or is not finite, `num_steps` is no positive int,
                or a bad condition.
        """
        noise = check_array(noise, self.event_shape, bounded=False, name="noise")
        check_count(num_steps, "num_steps")
        given = self.read_condition(condition, tf.shape(noise)[0])
        return self._flow(noise, given, num_steps, False)

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _flow(self, x, given, num_steps, upwards):
        levels = EqualRatios()(self.schedule, num_steps + 1)[:-1]
        scale = np.float32(math.sqrt(1 + levels[0] ** 2))
        denoise = self.denoise_given(given)
        if upwards:
            return probability_flow(denoise, self.rescale(x), levels[::-1]) / scale
        return self.restore(probability_flow(denoise, scale * x, levels))

    def interpolate(
        self,
        a: ArrayLike,
        b: ArrayLike,
        num_points: int = 8,
        *,
        condition: ArrayLike | None = None,
        num_steps: int = 20,
    ) -> tf.Tensor:
        """From a to b by examples: on the arc between their noises  (Song et al. 2021, Eq. 67).

        Args:
            a, b: `[batch, *event_shape]`, float32; images in [0, 1].
            num_points: on each way, at least 2: both ends, reconstructed, are among them.
            condition: for a model that has one: one for each pair, or one for all.
            num_steps: of the flow, up and down (see `invert`).
        Returns:
            `[batch, num_points, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: a or b is no batch of examples or they differ in number, `num_points` is
                below 2, `num_steps` is no positive int, or a bad condition.
        """
        a, b = self.check(a), self.check(b)
        check_count(num_steps, "num_steps")
        if a.shape[0] != b.shape[0] or check_count(num_points, "num_points") < 2:
            raise ValueError(
                "expected as many a as b, and num_points of at least 2."
                f" Received: {a.shape[0]}, {b.shape[0]}, {num_points}"
            )
        given = self.read_condition(condition, a.shape[0])
        noises = (self._flow(x, given, num_steps, True) for x in (a, b))
        points = arc(*noises, tf.linspace(0.0, 1.0, num_points))
        given = None if given is None else tf.repeat(given, num_points, axis=0)
        flat = tf.reshape(points, (-1, *self.event_shape))
        return tf.reshape(self._flow(flat, given, num_steps, False), tf.shape(points))

    def log_prob_ode(
        self,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        num_steps: int = 50,
        num_probes: int | None = None,
        batch_size: int | None = 256,
        seed: SeedLike | None = None,
    ) -> LogDensity:
        """An estimate of log p(x) by the probability flow  (Song et al. 2021b, Eq. 39).

        The density of what the flow makes of N(0, I), which is not the reverse process that `elbo`
        bounds, and has noise of the schedule's first level in it. No prediction is clipped. Of data
        on levels it is, after uniform dequantization (Theis et al. 2016, Eq. 4), a lower bound on
        average of the logarithm of a level's probability, but for the errors of the flow's steps:
        x + (u - 1/2) / (levels - 1) is scored, u uniform in [0, 1), once.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            condition: for a model that has one: one for each example, or one for all.
            num_steps: of the flow, each of four evaluations of the denoiser and its gradient for
                every probe.
            num_probes: random signs that estimate the trace (Hutchinson 1990), at least 2; None for
                the exact trace of up to 32 dimensions, and 4 probes above.
            batch_size: examples evaluated at a time; None for all.
            seed: as in `sample`; of dequantization and probes.
        Returns:
            `LogDensity(log_prob, standard_error)`, each `[batch]`, in nats, summed over dimensions;
            the error is that of the probes, 0 without any.
        Raises:
            ValueError: x is no batch of examples, a number that is no positive int, `num_probes`
                below 2, `seed` is no seed, or a bad condition.
        """
        x = self.check(x)
        check_count(num_steps, "num_steps")
        if num_probes is not None and check_count(num_probes, "num_probes") < 2:
            raise ValueError(f"expected num_probes of at least 2. Received: {num_probes!r}")
        if num_probes is None and math.prod(self.event_shape) > EXACT_DIMENSIONS:
            num_probes = NUM_PROBES
        given = self.read_condition(condition, tf.shape(x)[0])
        seeds = example_seeds(self.seed_or_next(seed), tf.shape(x)[0])
        score = lambda x, seeds, given: self._log_prob_ode(x, seeds, given, num_steps, num_probes)
        return in_batches(score, batch_size, x, seeds, given)

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _log_prob_ode(self, x, seeds, given, num_steps, num_probes):
        log_volume = 0.0
        if self.levels is not None:
            width = 1 / (self.levels - 1)
            # The normal distribution function of normal draws.
            x += width * (tf.math.erf(normal_like(x, seeds, -2) / math.sqrt(2)) / 2)
            log_volume = math.log(width)
        if self.is_image:
            log_volume += math.log(2)
        found = log_density(
            lambda x, sigma: self.predict_start(x, sigma, given),
            self.rescale(x),
            EqualRatios()(self.schedule, num_steps + 1)[-2::-1],
            seed=seeds,
            num_probes=num_probes,
        )
        return LogDensity(
            found.log_prob + log_volume * math.prod(self.event_shape), found.standard_error
        )

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        """`invert` and `decode`, beside those of the parent."""

        def invert(x, condition=None):
            return {"noise": self.invert(x, condition=condition)}

        def decode(noise, condition=None):
            return {"x": self.decode(noise, condition=condition)}

        x, noise = (
            tf.TensorSpec((None, *self.event_shape), tf.float32, name=name)
            for name in ("x", "noise")
        )
        condition = self.condition_specs()
        return {
            **super().signatures(),
            "invert": (invert, [x, *condition]),
            "decode": (decode, [noise, *condition]),
        }
