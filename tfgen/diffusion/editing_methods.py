"""What a diffusion model does to examples that there are already."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tfgen.core import SamplingModel, example_seeds, normal_by_example
from tfgen.core.checks import check_mask
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.diffusion.guidance import by_guidance
from tfgen.diffusion.samplers import Ancestral


class EditingModel(SamplingModel):
    """`edit`, for `DiffusionModel`."""

    def edit(
        self,
        x: ArrayLike,
        mask: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        guidance: float | tf.Tensor = 1.0,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """Redraws where the mask is 0, and keeps the rest.

        In every ancestral step the kept region is replaced by a draw of q(x_t | x_0) (Song et al.
        2021b, "Score-based generative modeling", appendix I.2; Lugmayr et al. 2022, Eq. 8).

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            mask: 1 where x is kept and 0 where it is redrawn, `[batch, *event_shape]` or
                `event_shape`.
            condition: for a model that has one: one for each example, or one for all.
            guidance: as in `sample`.
            seed: as in `sample`.
        Returns:
            `[batch, *event_shape]`, float32, equal to x where the mask is 1.
        Raises:
            ValueError: x is no batch of examples, mask has another shape or values other than 0
                and 1, `seed` is no seed, a bad condition, or guidance of a model that takes none.
        """
        x = self.check(x)
        kept = tf.broadcast_to(check_mask(mask, x.shape), tf.shape(x))
        given = self.read_condition(condition, tf.shape(x)[0])
        seeds = example_seeds(self.seed_or_next(seed), tf.shape(x)[0])
        draw = lambda guidance: self._edit(x, kept, seeds, given, guidance)
        return by_guidance(draw, self.check_guidance(guidance))

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _edit(self, x, kept, seeds, given, guidance):
        x0, num_steps = self.rescale(x), self.schedule.num_steps

        def denoise(noisy, sigma):
            t = tf.cast(tf.round(self.schedule.time(sigma) * num_steps), tf.int32)
            noise = normal_by_example(seeds, self.event_shape, num_steps + t)
            noisy = tf.where(kept, x0 + sigma * noise, noisy)
            return self.denoise(noisy, sigma, given, guidance)

        sigmas = Ancestral().sigmas(self.schedule)
        noise = self.noise(seeds, sigmas[0])
        drawn = Ancestral()(denoise, noise, sigmas, seed=seeds, variance=self.variance)
        return tf.where(kept, x, self.restore(drawn))

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        """`edit`, beside those of the parent."""

        def edit(x, mask, seed, *guided):
            return {"edited": self.edit(x, mask, seed=seed, **self.named(guided))}

        specs = [
            tf.TensorSpec((None, *self.event_shape), tf.float32, name="x"),
            tf.TensorSpec((None, *self.event_shape), tf.float32, name="mask"),
            tf.TensorSpec((2,), tf.int32, name="seed"),
        ]
        return {**super().signatures(), "edit": (edit, [*specs, *self.guided_specs()])}
