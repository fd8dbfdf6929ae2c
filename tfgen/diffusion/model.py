"""The diffusion wing's abstract parent: a forward process, and its reverse from a denoiser."""

import abc
import functools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import example_seeds, normal_by_example
from tfgen.core.arrays import in_batches
from tfgen.core.checks import check_count
from tfgen.core.size_checks import check_finite
from tfgen.core.typing import ArrayLike, SeedLike
from tfgen.diffusion import process
from tfgen.diffusion.denoiser import Denoise, Denoised
from tfgen.diffusion.flow_methods import FlowModel
from tfgen.diffusion.guidance import by_guidance
from tfgen.diffusion.samplers import Sampler

tfd = tfp.distributions


class DiffusionModel(FlowModel):
    """p(x_0) = int p(x_T) prod_t p(x_{t-1} | x_t) dx_{1..T}, the reverse of q adding noise.

    A family stores a `schedule`, the `support` of x_0, the `variance` of p, a default `sampler`
    and the `drop_rate` of its condition, and supplies `predict_start` with the rest of the
    contract. Equation numbers are those of Ho, Jain & Abbeel (2020).

    The model's own variable lives in [-1, 1] for images, which are [0, 1] outside, and is the data
    itself for vectors, which should be standardised. `q`, `posterior` and `p` speak of the paper's
    x_t, `denoise` of x = x_0 + sigma noise, everything else of data.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._compiled_sampler = functools.lru_cache(self._compile_sampler)

    @abc.abstractmethod
    def predict_start(
        self,
        x: tf.Tensor,
        sigma: tf.Tensor,
        given: tf.Tensor | None = None,
        training: bool = False,
    ) -> Denoised:
        """The denoiser's own word on x_0, which may lie outside the support.

        Args:
            x: x_0 + sigma noise, `[batch, *event_shape]`, float32.
            sigma: positive, floating point, `[batch]` or a scalar.
            given: what the network reads of the conditions, `[batch, ...]`.
            training: whether the network runs as in training.
        """

    @property
    def is_image(self) -> bool:
        """Whether examples are images, in [0, 1], rather than vectors of any finite values."""
        return len(self.event_shape) == 3

    @property
    def data_range(self) -> tuple[float, float]:
        """Where the model's own variable has what the data has in [0, 1]."""
        return (-1.0, 1.0) if self.is_image else (0.0, 1.0)

    @property
    def takes_guidance(self) -> bool:
        """Whether it has learned both with its condition and without."""
        return self.condition is not None and self.drop_rate > 0

    def rescale(self, x: tf.Tensor) -> tf.Tensor:
        """Data to x_0: images from [0, 1] to [-1, 1]."""
        return 2 * x - 1 if self.is_image else x

    def restore(self, x0: tf.Tensor) -> tf.Tensor:
        """x_0 to data: images from [-1, 1] to [0, 1], where all images are."""
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
        sigma = self.schedule.sigma(t)
        x = process.like(tf.sqrt(1 + tf.square(sigma)), xt) * xt
        return self.reverse(xt, t, self.denoise(x, sigma, given))

    def reverse(self, xt: tf.Tensor, t: int | tf.Tensor, denoised: Denoised) -> tfd.Independent:
        """p(x_{t-1} | x_t) of what the denoiser said of x_t: `tfd.Distribution`."""
        mean = process.posterior_mean(self.schedule, xt, denoised.start, t)
        return process.normal(mean, self.variance.at(self.schedule, t, denoised.share))

    def denoise(
        self,
        x: tf.Tensor,
        sigma: float | tf.Tensor,
        given: tf.Tensor | None = None,
        guidance: float | tf.Tensor = 1.0,
    ) -> Denoised:
        """The prediction of x_0 from x = x_0 + sigma noise, in the support.

        With guidance w it is free + w (conditional - free), by one more evaluation, free without
        the condition (Ho & Salimans 2021, Eq. 6, their w + 1).

        Args:
            x: `[batch, *event_shape]`, float32, in the model's scale.
            sigma: positive, `[batch]` or a scalar; any, whatever the schedule's steps.
            given: what the network reads of the conditions, `[batch, ...]`.
            guidance: w, a number, or a scalar tensor, which is never taken to be 1.
        """
        sigma = tf.convert_to_tensor(sigma)
        conditional, share = self.predict_start(x, sigma, given)
        if not tf.is_tensor(guidance) and guidance == 1:
            return Denoised(self.support.project(conditional), share)
        nothing = self.condition.nothing(tf.shape(x)[0])
        free = self.predict_start(x, sigma, nothing).start
        start = free + tf.cast(guidance, x.dtype) * (conditional - free)
        return Denoised(self.support.project(start), share)

    def denoise_given(
        self, given: tf.Tensor | None = None, guidance: float | tf.Tensor = 1.0
    ) -> Denoise:
        """`denoise` as samplers take it, `(x, sigma) -> Denoised`."""
        return lambda x, sigma: self.denoise(x, sigma, given, guidance)

    def check_guidance(self, guidance: float | tf.Tensor) -> float | tf.Tensor:
        """Checks that the model can be guided so, and gives a float where the value is known.

        Raises:
            ValueError: a guidance other than 1 of a model that has not learned to do without its
                condition, or no finite number.
        """
        known = tf.get_static_value(guidance) if tf.is_tensor(guidance) else guidance
        if known is None:
            return guidance
        # In a graph a tensor's value is an array without axes.
        value = check_finite(known[()] if tf.is_tensor(guidance) else known, "guidance")
        if value != 1 and not self.takes_guidance:
            raise ValueError(
                "expected guidance of 1 for a model without a condition, or with a drop_rate of 0."
                f" Received: {guidance!r}"
            )
        return value

    def sample(
        self,
        num_samples: int | tf.Tensor,
        *,
        condition: ArrayLike | None = None,
        guidance: float | tf.Tensor = 1.0,
        seed: SeedLike | None = None,
        batch_size: int | None = None,
        sampler: Sampler | None = None,
        callback: Callable[[float, tf.Tensor], None] | None = None,
    ) -> tf.Tensor:
        """Draws from the model, in one compiled loop.

        Args:
            num_samples: int or int32 scalar, at least 1.
            condition: for a model that has one: a condition for each sample, or one for all.
            guidance: 1 for draws from p(x | condition); larger ones follow the condition more
                closely and vary less, at twice the cost (see `denoise`).
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
            batch_size: the most that are drawn at once, which changes no sample; None for all.
            sampler: such as `Ancestral()` or `DDIM(50)`; by default the model's.
            callback: `(sigma, x)`, called after each step with the noise level that is reached,
                and the prediction of the examples, `[batch, *event_shape]`; images in [0, 1].
        Returns:
            `[num_samples, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: `num_samples` or `batch_size` is below 1, `seed` is no seed, a bad
                condition, or guidance of a model that takes none.
        """
        check_count(num_samples, "num_samples")
        given = self.read_condition(condition, num_samples)
        guidance = self.check_guidance(guidance)
        seeds = example_seeds(self.seed_or_next(seed), num_samples)
        sampler = self.sampler if sampler is None else sampler

        def draw(guidance):
            is_guided = tf.is_tensor(guidance) or guidance != 1
            if callback is None:
                compiled = self._compiled_sampler(sampler, is_guided)
            else:
                compiled = self._compile_sampler(sampler, is_guided, callback)
            weight = tf.cast(guidance, tf.float32)
            arrays = [seeds] if given is None else [seeds, given]
            return in_batches(lambda *block: compiled(weight, *block), batch_size, *arrays)

        return by_guidance(draw, guidance)

    def generate(
        self, num_samples: int | tf.Tensor, seed: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Draws x_0 by the model's sampler."""
        arrays = [] if given is None else [given]
        draw = self._compiled_sampler(self.sampler, False)
        return draw(tf.constant(1.0), example_seeds(seed, num_samples), *arrays)

    def _compile_sampler(self, sampler, is_guided, callback=None):
        watch = None
        if callback is not None:
            watch = lambda i, sigma, x0: callback(float(sigma), self.restore(x0))

        def draw(guidance, seeds, given=None):
            sigmas = sampler.sigmas(self.schedule)
            denoise = self.denoise_given(given, guidance if is_guided else 1.0)
            x = self.noise(seeds, sigmas[0])
            x0 = sampler(denoise, x, sigmas, seed=seeds, variance=self.variance, watch=watch)
            return self.restore(x0)

        # With a signature it is traced once, whatever the number of samples.
        signature = [tf.TensorSpec((), tf.float32), tf.TensorSpec((None, 2), tf.int32)]
        if self.condition is not None:
            signature.append(self.condition.given_spec)
        return tf.function(draw, input_signature=signature, jit_compile=False)

    def noise(self, seeds: tf.Tensor, sigma: float | tf.Tensor) -> tf.Tensor:
        """What is left of x_0 + sigma noise where p(x_T) = N(0, I): `[batch, *event_shape]`.

        Args:
            seeds: int32 `[batch, 2]`, one for each example.
            sigma: the highest noise level.
        """
        scale = tf.sqrt(1 + tf.square(tf.cast(sigma, tf.float64)))
        return tf.cast(scale, tf.float32) * normal_by_example(seeds, self.event_shape, -1)

    def guided_specs(self) -> list[tf.TensorSpec]:
        """What a signature takes last: `guidance`, where there is any, and the condition."""
        guidance = tf.TensorSpec((), tf.float32, name="guidance")
        return [guidance] * self.takes_guidance + self.condition_specs()

    def named(self, values: Sequence[tf.Tensor]) -> dict[str, tf.Tensor]:
        """The first values of `guided_specs`, by name."""
        specs = self.guided_specs()[: len(values)]
        return {spec.name: value for spec, value in zip(specs, values, strict=True)}

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        """`sample`, with guidance, beside those of the parent."""

        def sample(num_samples, seed, *guided, **named):
            return {"samples": self.sample(num_samples, seed=seed, **named, **self.named(guided))}

        _, specs = super().signatures()["sample"]
        specs = [*specs[: len(specs) - len(self.condition_specs())], *self.guided_specs()]
        return {**super().signatures(), "sample": (sample, specs)}
