"""Denoising diffusion probabilistic models."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Self

import keras
import tensorflow as tf

from tfgen.core import Adam, Condition, Phase, RunningAverage
from tfgen.core.size_checks import check_rate
from tfgen.core.typing import ShapeLike
from tfgen.diffusion.bound_methods import BoundedModel
from tfgen.diffusion.denoiser import Denoised
from tfgen.diffusion.objective import denoising_loss, loss_terms
from tfgen.diffusion.predictions import Epsilon, Prediction, Velocity
from tfgen.diffusion.process import PosteriorVariance, ReverseVariance, like
from tfgen.diffusion.samplers import Ancestral, Sampler
from tfgen.diffusion.schedules import LinearSchedule, Schedule
from tfgen.diffusion.supports import Everywhere, Interval, Support
from tfgen.diffusion.weightings import Weighting
from tfgen.distributions.levels import check_levels
from tfgen.networks import small_denoiser


class DDPM(BoundedModel):
    """Denoising diffusion: p(x_0) = int p(x_T) prod_t p(x_{t-1} | x_t) dx_{1..T}.

    Ho, Jain & Abbeel (2020). q adds Gaussian noise in T steps; the denoiser learns to undo one.
    Training moves the denoiser; all the rest, validation included, uses the running average of
    its weights. With a condition y, the denoiser reads it as its third input; in training it is
    now and then left out, so that samples can be guided (Ho & Salimans 2021).

    Args:
        denoiser: Keras model, `[c_in x, time]` to the prediction: `[batch, *event_shape]` and
            float32 `[batch]`, t / T, to `[batch, *event_shape]`; twice as many along the last axis
            where the variance is learned.
        schedule: such as `LinearSchedule(1000)`.
        prediction: what the denoiser outputs: `Epsilon()`, `Start()`, `Velocity()` or
            `Preconditioned()`.
        weighting: of the noise levels in training: `Simple()`, `MinSNR()` or `EDMWeighting()`;
            None for what is predicted at all of them alike, of `Epsilon()` the same as `Simple()`.
        variance: of p(x_{t-1} | x_t): `PosteriorVariance()`, `ForwardVariance()` or
            `LearnedVariance()`.
        support: what x_0 may be; None for `Interval()` of images and `Everywhere()` of vectors.
        sampler: what `sample` uses by default: `Ancestral()`, or such as `DDIM(50)`.
        levels: number of levels of the data, 256 for 8 bits: `elbo` then bounds the probability
            of a level. None: it bounds a density.
        ema_decay: decay of the average of the weights, in [0, 1).
        condition: what y is; None for p(x).
        drop_rate: how often training leaves the condition out, in [0, 1); 0 for no guidance.
    Raises:
        ValueError: the denoiser's shapes do not fit, the sampler does not fit the schedule, or
            `levels`, `ema_decay` or `drop_rate` is out of range.

    Example:
        >>> model = DDPM.default((2,), num_steps=10, base_channels=8)
        >>> model.sample(3, seed=0).shape
        TensorShape([3, 2])
    """

    takes_condition = True
    paper = "Ho et al. 2020; Song et al. 2021"
    default_batch_size = 128

    def __init__(
        self,
        *,
        denoiser: keras.Model,
        schedule: Schedule,
        prediction: Prediction = Epsilon(),
        weighting: Weighting | None = None,
        variance: ReverseVariance = PosteriorVariance(),
        support: Support | None = None,
        sampler: Sampler = Ancestral(),
        levels: int | None = None,
        ema_decay: float = 0.9999,
        condition: Condition | None = None,
        drop_rate: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(condition=condition, **kwargs)
        self.variance = variance
        self.denoiser = denoiser
        self._check_denoiser()
        self.schedule = schedule
        self.prediction = prediction
        self.weighting = weighting
        self.support = support or (Interval() if self.is_image else Everywhere())
        sampler.sigmas(schedule)
        self.sampler = sampler
        self.levels = None if levels is None else check_levels(levels)
        self.ema_decay = ema_decay
        self.drop_rate = check_rate(drop_rate, "drop_rate")
        self.term_names = loss_terms(variance)
        self.averaged_denoiser = RunningAverage(
            denoiser, ema_decay, dtype=self.dtype_policy, name="averaged_denoiser"
        )

    def _check_denoiser(self):
        found = [each.shape for each in self.denoiser.inputs]
        output = found[0]
        if self.variance.learned:
            output = (*output[:-1], 2 * output[-1])
        wanted = [(None,)]
        if self.condition is not None:
            wanted.append(tuple(self.condition.given_spec.shape))
        if found[1:] != wanted or self.denoiser.output_shape != output:
            inputs = "[x_t, time]" if self.condition is None else "[x_t, time, y]"
            twice = ", twice in the last axis" if self.variance.learned else ""
            raise ValueError(
                f"expected the denoiser to map {inputs} to the shape of x_t{twice}."
                f" Received: {self.denoiser.input_shape} to {self.denoiser.output_shape}"
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
        variance: ReverseVariance = PosteriorVariance(),
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> Self:
        """A small U-Net for images of any size from 8x8 up, a perceptron for vectors.

        Images have the paper's prediction `Epsilon()`, vectors `Velocity()`: from noise, x_0 is
        x - sigma noise, sigma up to 157, and only images have a support to keep it in. The paper's
        CIFAR-10 model has `base_channels=128, multipliers=(1, 2, 2, 2), num_blocks=2,
        attention_at=(1,), patch_size=1`.

        Args:
            event_shape: `(height, width, channels)`, or `(d,)`.
            num_steps: T.
            base_channels: channels of the U-Net's first level; an eighth of the perceptron's
                width.
            multipliers, num_blocks, attention_at, dropout: of the U-Net alone; None for its own.
            patch_size: likewise; None for 2 where both sides have 24 pixels or more, else 1.
            schedule: of the noise; None for `LinearSchedule(num_steps)`.
            variance: as in the constructor; of a learned one the network has a second output.
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
            num_outputs=2 if variance.learned else 1,
        )
        values = {"schedule": schedule, "variance": variance, "condition": condition}
        return cls(denoiser=denoiser, **values, **kwargs)

    @property
    def event_shape(self) -> tuple[int, ...]:
        return tuple(self.denoiser.inputs[0].shape[1:])

    def phases(self) -> tuple[Phase, ...]:
        return (Phase("denoiser", self.denoising_loss, (self.denoiser,)),)

    def averages(self) -> tuple[RunningAverage, ...]:
        return (self.averaged_denoiser,)

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam as in appendix B of the paper, gradients clipped to a global norm of 1."""
        return {"denoiser": Adam(2e-4, global_clipnorm=1.0)}

    def predict_start(
        self,
        x: tf.Tensor,
        sigma: tf.Tensor,
        given: tf.Tensor | None = None,
        training: bool = False,
    ) -> Denoised:
        if training or tf.executing_eagerly():
            predict = functools.partial(self._predict_start, training=training)
        else:
            predict = self._traced_start
        return Denoised(*predict(x, tf.broadcast_to(sigma, tf.shape(x)[:1]), given))

    def _predict_start(self, x, sigma, given, training=False):
        output, share = self.network_outputs(self.averaged_denoiser, x, sigma, given, training)
        return self.prediction.start(output, x, sigma), share

    # Traced once for all the places where samplers ask: graphs, and so exports, are small.
    _traced_start = tf.function(_predict_start, jit_compile=False, reduce_retracing=True)

    def network_outputs(
        self,
        network: Any,
        x: tf.Tensor,
        sigma: tf.Tensor,
        given: tf.Tensor | None,
        training: bool,
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """What a network predicts, and its share of the variance; both float32, as x."""
        time = tf.broadcast_to(self.schedule.time(sigma), tf.shape(x)[:1])
        inputs = [like(self.prediction.c_in(sigma), x) * x, time]
        output = network(inputs if given is None else [*inputs, given], training=training)
        output = tf.cast(output, tf.float32)
        if not self.variance.learned:
            return output, None
        output, share = tf.split(output, 2, axis=-1)
        return output, tf.sigmoid(share)

    def denoising_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """E_{t, x_0, noise} w(sigma_t) |x_0 - x_0(x_t, t)|^2, t ~ U{1..T}: `denoising_loss`."""
        return denoising_loss(self, batch, seed, training)

    def call(self, inputs: Any, training: bool = False, t: int | tf.Tensor = 1) -> tf.Tensor:
        """The denoised x: the prediction of x_0 with x taken as the paper's x_t.

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
        sigma = self.schedule.sigma(t)
        xt = self.rescale(tf.cast(x, tf.float32))
        x0 = self.predict_start(like(tf.sqrt(1 + sigma**2), xt) * xt, sigma, given, training).start
        return self.restore(self.support.project(x0))

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        """`denoise`, `call` at a given t, beside those of the parent."""

        def denoise(x, t, condition=None):
            return {"denoised": self(x if condition is None else (x, condition), t=t)}

        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        t = tf.TensorSpec((), tf.int32, name="t")
        return {
            **super().signatures(),
            "denoise": (denoise, [x, t, *self.condition_specs()]),
        }
