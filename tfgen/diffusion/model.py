"""The diffusion wing's abstract parent: a forward process, and its reverse from a denoiser."""

import abc
import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import SamplingModel
from tfgen.core.checks import check_mask
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.diffusion import process
from tfgen.diffusion.samplers import Sampler, ancestral

tfd = tfp.distributions


class DiffusionModel(SamplingModel):
    """p(x_0) = int p(x_T) prod_t p(x_{t-1} | x_t) dx_{1..T}, the reverse of q adding noise.

    A family stores a `schedule`, the `variance` of p and a default `sampler`, and supplies
    `denoise` with the rest of the contract. Equation numbers are those of Ho, Jain & Abbeel (2020).

    The model's own variable x_t lives in [-1, 1] for images, which are [0, 1] outside, and is the
    data itself for vectors, which should be standardised: `q`, `posterior`, `p` and `denoise`
    speak of x_t, everything else of data.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._compiled_sampler = functools.lru_cache(self._compile_sampler)

    @abc.abstractmethod
    def denoise(
        self, xt: tf.Tensor, t: tf.Tensor, given: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Predictions of x_0 and of the noise that leads from it to x_t, `xt`-shaped both."""

    @property
    def is_image(self) -> bool:
        """Whether examples are images, in [0, 1], rather than vectors of any finite values."""
        return len(self.event_shape) == 3

    def rescale(self, x: tf.Tensor) -> tf.Tensor:
        """Data to x_0: images from [0, 1] to [-1, 1]."""
        return 2 * x - 1 if self.is_image else x

    def restore(self, x0: tf.Tensor) -> tf.Tensor:
        """x_0 to data: images from [-1, 1] to [0, 1], clipped."""
        return tf.clip_by_value((x0 + 1) / 2, 0, 1) if self.is_image else x0

    def q(self, x0: tf.Tensor, t: int | tf.Tensor) -> tfd.Independent:
        """q(x_t | x_0) = N(sqrt(alpha_bar_t) x_0, (1 - alpha_bar_t) I)  (Eq. 4).

        Args:
            x0: `[batch, *event_shape]`, float32, in the model's scale.
            t: integers in 0..T, `[batch]` or a scalar.
        Returns:
            `tfd.Distribution`, batch shape `[batch]`.
        """
        return process.forward(self.schedule, x0, t)

    def posterior(self, xt: tf.Tensor, x0: tf.Tensor, t: int | tf.Tensor) -> tfd.Independent:
        """q(x_{t-1} | x_t, x_0) = N(mu_tilde_t(x_t, x_0), beta_tilde_t I)  (Eq. 6 and 7).

        Args:
            xt, x0: `[batch, *event_shape]`, float32, in the model's scale.
            t: integers in 1..T, `[batch]` or a scalar; at t = 1 the variance is 0.
        Returns:
            `tfd.Distribution`, batch shape `[batch]`.
        """
        mean = process.posterior_mean(self.schedule, xt, x0, t)
        return process.normal(mean, process.posterior_variance(self.schedule, t, t - 1))

    def p(
        self, xt: tf.Tensor, t: int | tf.Tensor, given: tf.Tensor | None = None
    ) -> tfd.Independent:
        """p(x_{t-1} | x_t) = N(mu_tilde_t(x_t, x_0(x_t, t)), sigma_t^2 I)  (Eq. 1 and 11).

        x_0(x_t, t) is the prediction of `denoise`.

        Args:
            xt: `[batch, *event_shape]`, float32, in the model's scale.
            t: integers in 1..T, `[batch]` or a scalar.
            given: what the denoiser reads of the conditions, `[batch, ...]`.
        Returns:
            `tfd.Distribution`, batch shape `[batch]`.
        """
        x0, _ = self.denoise(xt, t, given)
        mean = process.posterior_mean(self.schedule, xt, x0, t)
        return process.normal(mean, self.variance(self.schedule, t))

    def sample(
        self,
        num_samples: int | tf.Tensor,
        *,
        condition: ArrayLike | None = None,
        seed: SeedLike | None = None,
        batch_size: int | None = None,
        sampler: Sampler | None = None,
        callback: Callable[[int, tf.Tensor], None] | None = None,
    ) -> tf.Tensor:
        """Draws from the model, in one compiled loop.

        Args:
            num_samples: int or int32 scalar, at least 1.
            condition: for a model that has one: a condition for each sample, or one for all.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
            batch_size: the most that are drawn at once (see `SamplingModel.sample`).
            sampler: `Ancestral()` or `DDIM(num_steps, eta)`; by default the model's.
            callback: `(t, x)`, called after each step with the noise level t that is left, and
                the examples as they are then, `[num_samples, *event_shape]`; images in [0, 1].
        Returns:
            `[num_samples, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: `num_samples` or `batch_size` is below 1, `seed` is no seed, a bad
                condition, or the sampler has more steps than the schedule.
        """
        sampler = self.sampler if sampler is None else sampler

        def generate(num_samples, seed, given):
            if callback is None:
                draw = self._compiled_sampler(sampler)
            else:
                draw = self._compile_sampler(sampler, callback)
            return draw(tf.cast(num_samples, tf.int32), seed, given)

        return self._in_blocks(generate, num_samples, condition, seed, batch_size)

    def generate(
        self, num_samples: int | tf.Tensor, seed: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Draws x_0 by the model's sampler."""
        return self._compiled_sampler(self.sampler)(tf.cast(num_samples, tf.int32), seed, given)

    def _compile_sampler(self, sampler, callback=None):
        watch = None
        if callback is not None:
            watch = lambda xt, t: callback(int(t), self.restore(xt))

        def draw(num_samples, seed, given):
            shape = [num_samples, *self.event_shape]
            return self.restore(sampler(self, shape, seed, given, watch))

        return tf.function(draw, jit_compile=False)

    def edit(
        self,
        x: ArrayLike,
        mask: ArrayLike,
        *,
        condition: ArrayLike | None = None,
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
            seed: as in `sample`.
        Returns:
            `[batch, *event_shape]`, float32, equal to x where the mask is 1.
        Raises:
            ValueError: x is no batch of examples, mask has another shape or values other than 0
                and 1, `seed` is no seed, or a bad condition.
        """
        x = self.check(x)
        kept = tf.broadcast_to(check_mask(mask, x.shape), tf.shape(x))
        given = self.read_condition(condition, tf.shape(x)[0])
        return self._edit(x, kept, self.seed_or_next(seed), given)

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _edit(self, x, kept, seed, given):
        x0 = self.rescale(x)

        def keep(xt, t, seed):
            return tf.where(kept, self.q(x0, t).sample(seed=seed), xt)

        shape = [tf.shape(x)[0], *self.event_shape]
        p = lambda xt, t: self.p(xt, t, given)
        draw = ancestral(p, shape, self.schedule.num_steps, seed=seed, constrain=keep)
        return tf.where(kept, x, self.restore(draw))
