"""What a diffusion model does to examples that there are already: parts redrawn, wholes varied."""

import functools
import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfgen.core import SamplingModel, example_seeds
from tfgen.core.checks import check_mask
from tfgen.core.size_checks import check_positive, check_sizes
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.diffusion.grids import equal_ratios
from tfgen.diffusion.guidance import by_guidance
from tfgen.diffusion.repaint import repaint
from tfgen.diffusion.samplers import Sampler
from tfgen.diffusion.solvers import normal_like

EDIT_STEPS = 60


class EditingModel(SamplingModel):
    """`edit` and `sdedit`, for `DiffusionModel`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._compiled_sdedit = functools.lru_cache(self._compile_sdedit)

    def edit(
        self,
        x: ArrayLike,
        mask: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        guidance: float | tf.Tensor = 1.0,
        num_steps: int | tf.Tensor | None = None,
        jump: int = 3,
        resamplings: int = 6,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """Redraws where the mask is 0, given the rest, by RePaint (Lugmayr et al. 2022).

        The reverse process, to whose noisy x the kept part is put back after every step, with
        jumps back up, so that what is drawn and what is kept agree. By default that takes 345
        evaluations of the denoiser (see `repaint_evaluations`); of two values with a correlation of
        0.9 it then draws one given the other with 5% too small a mean and variance. The paper's
        `num_steps=250, jump=10, resamplings=10` take 2410.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            mask: 1 where x is kept and 0 where it is redrawn, `[batch, *event_shape]` or
                `event_shape`.
            condition: for a model that has one: one for each example, or one for all.
            guidance: as in `sample`.
            num_steps: noise levels, in equal ratios, or a scalar tensor; None for 60, or T where
                that is less.
            jump: levels of one jump back up.
            resamplings: how often each stretch of levels is walked down; 1 for no jumps, which is
                cheap and hears little of what is kept.
            seed: as in `sample`.
        Returns:
            `[batch, *event_shape]`, float32, equal to x where the mask is 1.
        Raises:
            ValueError: x is no batch of examples, mask has another shape or values other than 0
                and 1, a number that is no positive int, `seed` is no seed, a bad condition, or
                guidance of a model that takes none.
        """
        x = self.check(x)
        kept = tf.broadcast_to(check_mask(mask, x.shape), tf.shape(x))
        given = self.read_condition(condition, tf.shape(x)[0])
        seeds = example_seeds(self.seed_or_next(seed), tf.shape(x)[0])
        num_steps = min(EDIT_STEPS, self.schedule.num_steps) if num_steps is None else num_steps
        if not tf.is_tensor(num_steps):
            check_sizes(num_steps=num_steps)
        way = (num_steps, jump, resamplings)
        draw = lambda guidance: self._edit(x, kept, seeds, given, guidance, way)
        return by_guidance(draw, self.check_guidance(guidance))

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _edit(self, x, kept, seeds, given, guidance, way):
        num_steps, jump, resamplings = way
        sigmas = equal_ratios(self.schedule, num_steps)
        drawn = repaint(
            self.denoise_given(given, guidance),
            self.noise(seeds, sigmas[0]),
            self.rescale(x),
            kept,
            sigmas,
            jump=jump,
            resamplings=resamplings,
            seed=seeds,
            variance=self.variance,
        )
        return tf.where(kept, x, self.restore(drawn))

    def sdedit(
        self,
        x: ArrayLike,
        strength: float | tf.Tensor = 0.5,
        *,
        condition: ArrayLike | None = None,
        guidance: float | tf.Tensor = 1.0,
        sampler: Sampler | None = None,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """Noise is added to x up to some level and taken away again  (Meng et al. 2022).

        What is coarser than the noise stays, what is finer is drawn anew: from a sketch to an
        image, or from an image to one like it.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            strength: the noise level as a share of the schedule's T steps, in (0, 1]; 1 leaves
                next to nothing of x.
            condition: for a model that has one: one for each example, or one for all.
            guidance: as in `sample`.
            sampler: whose steps below that level are taken; by default the model's.
            seed: as in `sample`.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: x is no batch of examples, `strength` is not in (0, 1], `seed` is no seed, a
                bad condition, or guidance of a model that takes none.
        """
        x = self.check(x)
        if not tf.is_tensor(strength) and check_positive(strength, "strength") > 1:
            raise ValueError(f"expected strength in (0, 1]. Received: {strength!r}")
        given = self.read_condition(condition, tf.shape(x)[0])
        seeds = example_seeds(self.seed_or_next(seed), tf.shape(x)[0])
        vary = self._compiled_sdedit(self.sampler if sampler is None else sampler)
        strength = tf.cast(strength, tf.float64)
        draw = lambda guidance: vary(x, strength, seeds, given, guidance)
        return by_guidance(draw, self.check_guidance(guidance))

    def _compile_sdedit(self, sampler):
        num_steps = self.schedule.num_steps

        def vary(x, strength, seeds, given, guidance):
            t = tf.cast(tf.math.ceil(strength * num_steps), tf.int32)
            level = self.schedule.sigma(tf.clip_by_value(t, 1, num_steps))
            grid = tf.constant(sampler.sigmas(self.schedule))
            # A level of the grid itself, but for rounding, is no second one.
            below = tf.boolean_mask(grid, grid < 0.999999 * level)
            sigmas = tf.concat([level[None], below], axis=0)
            noisy = self.rescale(x) + tf.cast(level, x.dtype) * normal_like(x, seeds, -1)
            denoise = self.denoise_given(given, guidance)
            drawn = sampler(denoise, noisy, sigmas, seed=seeds, variance=self.variance)
            return self.restore(drawn)

        return tf.function(vary, jit_compile=False, reduce_retracing=True)

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        """`edit` and `sdedit`, NaN of a strength outside of (0, 1], beside those of the parent."""

        def edit(x, mask, seed, *guided, **named):
            return {"edited": self.edit(x, mask, seed=seed, **named, **self.named(guided))}

        def sdedit(x, strength, seed, *guided, **named):
            varied = self.sdedit(x, strength, seed=seed, **named, **self.named(guided))
            return {"varied": tf.where((strength > 0) & (strength <= 1), varied, math.nan)}

        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        mask = tf.TensorSpec((None, *self.event_shape), tf.float32, name="mask")
        strength = tf.TensorSpec((), tf.float32, name="strength")
        rest = [tf.TensorSpec((2,), tf.int32, name="seed"), *self.guided_specs()]
        return {
            **super().signatures(),
            "edit": (edit, [x, mask, *rest]),
            "sdedit": (sdedit, [x, strength, *rest]),
        }
