"""Denoising diffusion probabilistic models."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import keras
import tensorflow as tf

from tfgen.core import Adam, Condition, Phase, RunningAverage, example_seeds, split_seed
from tfgen.core.arrays import in_batches
from tfgen.core.typing import ArrayLike, SeedLike, ShapeLike
from tfgen.diffusion.bound import variational_bound
from tfgen.diffusion.model import DiffusionModel
from tfgen.diffusion.predictions import Epsilon, Prediction, Start, Velocity, signal_and_noise
from tfgen.diffusion.process import PosteriorVariance, ReverseVariance
from tfgen.diffusion.samplers import Ancestral, Sampler
from tfgen.diffusion.schedules import LinearSchedule, Schedule
from tfgen.distributions.levels import check_levels
from tfgen.networks import small_denoiser


class DDPM(DiffusionModel):
    """Denoising diffusion: p(x_0) = int p(x_T) prod_t p(x_{t-1} | x_t) dx_{1..T}.

    Ho, Jain & Abbeel (2020). q adds Gaussian noise in T steps; the denoiser learns to undo one.
    Training moves the denoiser; all the rest, validation included, uses the running average of
    its weights. With a condition y, the denoiser reads it as its third input.

    Args:
        denoiser: Keras model, `[x_t, time]` to the prediction: `[batch, *event_shape]` and
            float32 `[batch]`, t / T, to `[batch, *event_shape]`.
        schedule: such as `LinearSchedule(1000)`.
        prediction: what the denoiser outputs: `Epsilon()`, `Start()` or `Velocity()`.
        variance: of p(x_{t-1} | x_t): `PosteriorVariance()` or `ForwardVariance()`.
        sampler: what `sample` uses by default: `Ancestral()`, or a `DDIM(...)`.
        levels: number of levels of the data, 256 for 8 bits: `elbo` then bounds the probability
            of a level. None: it bounds a density.
        ema_decay: decay of the average of the weights, in [0, 1).
        condition: what y is; None for p(x).
    Raises:
        ValueError: the denoiser's shapes do not fit, the sampler does not fit the schedule, or
            `levels` or `ema_decay` is out of range.

    Example:
        >>> model = DDPM.default((2,), num_steps=10, base_channels=8)
        >>> model.sample(3, seed=0).shape
        TensorShape([3, 2])
    """

    term_names = ("denoising_mse",)
    density = "bound"
    takes_condition = True
    paper = "Ho et al. 2020; Song et al. 2021"
    default_batch_size = 128

    def __init__(
        self,
        *,
        denoiser: keras.Model,
        schedule: Schedule,
        prediction: Prediction = Epsilon(),
        variance: ReverseVariance = PosteriorVariance(),
        sampler: Sampler = Ancestral(),
        levels: int | None = None,
        ema_decay: float = 0.9999,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition=condition, **kwargs)
        inputs = [each.shape for each in denoiser.inputs]
        wanted = [denoiser.output_shape, (None,)]
        if condition is not None:
            wanted.append(tuple(condition.given_spec.shape))
        if inputs != wanted:
            raise ValueError(
                "expected the denoiser to map"
                f" {'[x_t, time]' if condition is None else '[x_t, time, y]'} to the shape of x_t."
                f" Received: {denoiser.input_shape} to {denoiser.output_shape}"
            )
        self.denoiser = denoiser
        self.schedule = schedule
        self.prediction = prediction
        self.variance = variance
        sampler.check(schedule)
        self.sampler = sampler
        self.levels = None if levels is None else check_levels(levels)
        self.ema_decay = ema_decay
        self.averaged_denoiser = RunningAverage(
            denoiser, ema_decay, dtype=self.dtype_policy, name="averaged_denoiser"
        )

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        num_steps: int = 1000,
        base_channels: int = 32,
        multipliers: Sequence[int] | None = None,
        num_blocks: int | None = None,
        attention_at: Sequence[int] | None = None,
        dropout: float | None = None,
        patch_size: int | None = None,
        schedule: Schedule | None = None,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> Self:
        """A small U-Net for images of any size from 8x8 up, a perceptron for vectors.

        Images have the paper's prediction `Epsilon()`, vectors `Velocity()`: from noise, x_0
        follows by a division by sqrt(alpha_bar_t), down to 0.006, and only images are clipped.

        The paper's CIFAR-10 model has `base_channels=128, multipliers=(1, 2, 2, 2),
        num_blocks=2, attention_at=(1,), patch_size=1`.

        Args:
            event_shape: `(height, width, channels)`, or `(d,)`.
            num_steps: T.
            base_channels: channels of the U-Net's first level; an eighth of the perceptron's
                width.
            multipliers, num_blocks, attention_at, dropout: of the U-Net alone; None for what
                `tfgen.networks.unet` has, (1, 2, 2), 1, (-1,) and 0.1.
            patch_size: likewise; None for 2 where both sides have 24 pixels or more, else 1.
            schedule: of the noise; None for `LinearSchedule(num_steps)`.
            condition: what y is; None for p(x).
            **kwargs: the constructor's other arguments.
        Raises:
            ValueError: an argument of the U-Net for vectors.
        """
        schedule = LinearSchedule(num_steps) if schedule is None else schedule
        if len(event_shape) == 1:
            kwargs = {"prediction": Velocity(), **kwargs}
        denoiser = small_denoiser(
            event_shape,
            base_channels,
            multipliers=multipliers,
            num_blocks=num_blocks,
            attention_at=attention_at,
            dropout=dropout,
            patch_size=patch_size,
            condition=condition,
        )
        return cls(denoiser=denoiser, schedule=schedule, condition=condition, **kwargs)

    @property
    def event_shape(self) -> tuple[int, ...]:
        return tuple(self.denoiser.output_shape[1:])

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("denoiser", self.simple_loss, (self.denoiser,)),)

    def averages(self) -> tuple[RunningAverage, ...]:
        return (self.averaged_denoiser,)

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam as in appendix B of the paper, gradients clipped to a global norm of 1."""
        return {"denoiser": Adam(2e-4, global_clipnorm=1.0)}

    def denoise(
        self,
        xt: tf.Tensor,
        t: int | tf.Tensor,
        given: tf.Tensor | None = None,
        training: bool = False,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Predictions of x_0, clipped to [-1, 1] for images, and of the noise that leads to x_t.

        Args:
            xt: `[batch, *event_shape]`, float32, in the model's scale.
            t: integers in 1..T, `[batch]` or a scalar.
            given: what the network reads of the conditions, `[batch, ...]`.
            training: whether the network runs as in training.
        Returns:
            Two tensors `[batch, *event_shape]`, float32.
        """
        alpha_bar = self.schedule.alpha_bar(t)
        output = _run(self.averaged_denoiser, xt, t / self.schedule.num_steps, given, training)
        x0, noise = self.prediction.x0_and_noise(output, xt, alpha_bar)
        if self.is_image:
            return Start().x0_and_noise(tf.clip_by_value(x0, -1, 1), xt, alpha_bar)
        return x0, noise

    def simple_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """L_simple = E_{t, x_0, noise} |target - denoiser(x_t, t)|^2, t ~ U{1..T}  (Eq. 14).

        The mean over dimensions, not their sum, as in the paper's own figures.
        """
        x, given = (*batch, None)[:2]
        x0 = self.rescale(tf.cast(x, tf.float32))
        time_seed, noise_seed = split_seed(seed, 2)
        t = tf.random.stateless_uniform(
            tf.shape(x0)[:1], time_seed, 1, self.schedule.num_steps + 1, tf.int32
        )
        noise = tf.random.stateless_normal(tf.shape(x0), noise_seed)
        alpha_bar = self.schedule.alpha_bar(t)
        signal, sigma = signal_and_noise(alpha_bar, x0)
        xt = signal * x0 + sigma * noise
        target = self.prediction.target(x0, noise, alpha_bar)
        network = self.denoiser if training else self.averaged_denoiser
        output = _run(network, xt, t / self.schedule.num_steps, given, training)
        return {"denoising_mse": tf.reduce_mean(tf.square(target - output))}

    def call(self, inputs: Any, training: bool = False, t: int | tf.Tensor = 1) -> tf.Tensor:
        """The denoised x: the prediction of x_0 with x taken as x_t.

        Args:
            inputs: x, `[batch, *event_shape]`, float32, images in [0, 1]; or `(x, condition)` for
                a model that has one.
            training: whether the network runs as in training.
            t: how much noise x is taken to hold, an int or int32 scalar in 1..T.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: t is outside 1..T.
        """
        if not tf.is_tensor(t) and not 1 <= t <= self.schedule.num_steps:
            raise ValueError(f"expected t in 1..{self.schedule.num_steps}. Received: {t!r}")
        x, given = self.read_inputs(inputs)
        x0, _ = self.denoise(self.rescale(tf.cast(x, tf.float32)), t, given, training)
        return self.restore(x0)

    def elbo(
        self,
        x: ArrayLike,
        *,
        condition: ArrayLike | None = None,
        num_terms: int | None = None,
        batch_size: int | None = 256,
        seed: SeedLike | None = None,
    ) -> tf.Tensor:
        """The variational bound, -(L_T + sum_{t > 1} L_{t-1} + L_0) <= log p(x)  (Eq. 5).

        L_0 is the discretized Gaussian of Eq. 13 where the model has `levels`, otherwise a
        Gaussian density. An unbiased estimate (see `variational_bound`): fewer terms are faster
        and noisier. Each example has draws of its own, so that `batch_size` changes nothing.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            condition: for a model that has one: one for each example, or one for all.
            num_terms: evaluations of the denoiser for each example, in 1..T; None for all T.
            batch_size: examples evaluated at a time; None for all.
            seed: as in `sample`.
        Returns:
            `[batch]`, in nats, summed over dimensions.
        Raises:
            ValueError: x is no batch of examples, `num_terms` is not in 1..T, `seed` is no seed,
                or a bad condition.
        """
        x = self.check(x)
        num_terms = self.schedule.num_steps if num_terms is None else num_terms
        if not 1 <= num_terms <= self.schedule.num_steps:
            raise ValueError(
                f"expected num_terms in 1..{self.schedule.num_steps}. Received: {num_terms!r}"
            )
        given = self.read_condition(condition, tf.shape(x)[0])
        seeds = example_seeds(self.seed_or_next(seed), tf.shape(x)[0])
        bound = lambda x, seeds, given: self._elbo(x, num_terms, seeds, given)
        return in_batches(bound, batch_size, x, seeds, given)

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _elbo(self, x, num_terms, seeds, given):
        return variational_bound(self, x, num_terms, seeds=seeds, given=given)

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        """`sample`, `edit`, `elbo` of all terms, and `denoise`, `call` at a given t."""

        def edit(x, mask, seed, condition=None):
            return {"edited": self.edit(x, mask, seed=seed, condition=condition)}

        def elbo(x, seed, condition=None):
            return {"elbo": self.elbo(x, seed=seed, condition=condition)}

        def denoise(x, t, condition=None):
            return {"denoised": self(x if condition is None else (x, condition), t=t)}

        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        mask = tf.TensorSpec((None, *self.event_shape), tf.float32, name="mask")
        seed = tf.TensorSpec((2,), tf.int32, name="seed")
        t = tf.TensorSpec((), tf.int32, name="t")
        condition = self.condition_specs()
        return {
            **super().signatures(),
            "edit": (edit, [x, mask, seed, *condition]),
            "elbo": (elbo, [x, seed, *condition]),
            "denoise": (denoise, [x, t, *condition]),
        }


def _run(network, xt, time, given, training):
    """The network's output in float32; a scalar time becomes one for each example."""
    time = tf.broadcast_to(tf.cast(time, tf.float32), tf.shape(xt)[:1])
    inputs = [xt, time] if given is None else [xt, time, given]
    return tf.cast(network(inputs, training=training), tf.float32)
