"""Denoising diffusion probabilistic models."""

import keras
import tensorflow as tf

from tfgen.core import Phase, split_seed
from tfgen.core.arrays import in_batches
from tfgen.diffusion.bound import variational_bound
from tfgen.diffusion.model import DiffusionModel
from tfgen.diffusion.predictions import Epsilon, Start, signal_and_noise
from tfgen.diffusion.process import PosteriorVariance
from tfgen.diffusion.samplers import Ancestral
from tfgen.diffusion.schedules import LinearSchedule
from tfgen.networks import denoising_mlp, unet


class DDPM(DiffusionModel):
    """Denoising diffusion: p(x_0) = int p(x_T) prod_t p(x_{t-1} | x_t) dx_{1..T}.

    Ho, Jain & Abbeel (2020). q adds Gaussian noise in T steps; the denoiser learns to undo one.
    Training moves the denoiser; all the rest, validation included, uses the running average of
    its weights.

    Args:
        denoiser: Keras model, `[x_t, t]` to the prediction: `[batch, *event_shape]` and int32
            `[batch]` to `[batch, *event_shape]`.
        schedule: such as `LinearSchedule(1000)`.
        prediction: what the denoiser outputs: `Epsilon()`, `Start()` or `Velocity()`.
        variance: of p(x_{t-1} | x_t): `PosteriorVariance()` or `ForwardVariance()`.
        sampler: what `sample` uses by default: `Ancestral()`, or a `DDIM(...)`.
        levels: number of levels of the data, 256 for 8 bits: `elbo` then bounds the probability
            of a level. None: it bounds a density.
        ema_decay: decay of the average of the weights, in [0, 1).
    Raises:
        ValueError: the denoiser's shapes do not fit, or `levels` or `ema_decay` is out of range.
    """

    term_names = ("denoising_mse",)
    density = "bound"
    paper = "Ho et al. 2020; Song et al. 2021"
    default_batch_size = 128

    def __init__(
        self,
        *,
        denoiser,
        schedule,
        prediction=Epsilon(),
        variance=PosteriorVariance(),
        sampler=Ancestral(),
        levels=None,
        ema_decay=0.9999,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if len(denoiser.inputs) != 2 or denoiser.inputs[0].shape != denoiser.output_shape:
            raise ValueError(
                "expected the denoiser to map [x_t, t] to the shape of x_t. Received: "
                f"{denoiser.input_shape} to {denoiser.output_shape}"
            )
        if levels is not None and levels < 2:
            raise ValueError(f"expected levels to be None or at least 2. Received: {levels!r}")
        if not 0 <= ema_decay < 1:
            raise ValueError(f"expected ema_decay in [0, 1). Received: {ema_decay!r}")
        self.denoiser = denoiser
        self.schedule = schedule
        self.prediction = prediction
        self.variance = variance
        self.sampler = sampler
        self.levels = levels
        self.ema_decay = ema_decay
        self.averaged_denoiser = keras.models.clone_model(denoiser)
        self.averaged_denoiser.set_weights(denoiser.get_weights())
        self.averaged_denoiser.trainable = False
        self.num_updates = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="num_updates"
        )

    @classmethod
    def default(
        cls,
        event_shape,
        num_steps=1000,
        base_channels=32,
        multipliers=(1, 2, 2),
        num_blocks=1,
        attention_levels=(-1,),
        dropout=0.1,
        patch_size=None,
        **kwargs,
    ):
        """A small U-Net for images of any size from 8x8 up, a perceptron for vectors.

        The paper's CIFAR-10 model has `base_channels=128, multipliers=(1, 2, 2, 2),
        num_blocks=2, attention_levels=(1,), patch_size=1`.

        Args:
            event_shape: `(height, width, channels)`, or `(d,)`.
            num_steps: T.
            base_channels: channels of the U-Net's first level; an eighth of the perceptron's
                width.
            multipliers, num_blocks, attention_levels, dropout: of the U-Net (see
                `tfgen.networks.unet`).
            patch_size: likewise; None for 2 where both sides have 24 pixels or more, else 1.
            **kwargs: the constructor's other arguments.
        Returns:
            A built `DDPM`.
        """
        if len(event_shape) == 1:
            denoiser = denoising_mlp(event_shape, 8 * base_channels, name="denoiser")
        else:
            if patch_size is None:
                patch_size = 2 if min(event_shape[:2]) >= 24 else 1
            denoiser = unet(
                event_shape,
                base_channels,
                multipliers,
                num_blocks,
                attention_levels,
                dropout=dropout,
                patch_size=patch_size,
                name="denoiser",
            )
        return cls(denoiser=denoiser, **{"schedule": LinearSchedule(num_steps), **kwargs})

    @property
    def event_shape(self):
        return tuple(self.denoiser.input_shape[0][1:])

    def phases(self):
        return (Phase("denoiser", self.simple_loss, (self.denoiser,)),)

    def default_optimizers(self):
        """Adam as in appendix B of the paper, gradients clipped to a global norm of 1."""
        return {"denoiser": keras.optimizers.Adam(2e-4, global_clipnorm=1.0)}

    def denoise(self, xt, t, training=False):
        """Predictions of x_0, clipped to [-1, 1] for images, and of the noise that leads to x_t.

        Args:
            xt: `[batch, *event_shape]`, float32, in the model's scale.
            t: integers in 1..T, `[batch]` or a scalar.
            training: whether the network runs as in training.
        Returns:
            Two tensors `[batch, *event_shape]`, float32.
        """
        alpha_bar = self.schedule.alpha_bar(t)
        output = _run(self.averaged_denoiser, xt, t, training)
        x0, noise = self.prediction.x0_and_noise(output, xt, alpha_bar)
        if self.is_image:
            return Start().x0_and_noise(tf.clip_by_value(x0, -1, 1), xt, alpha_bar)
        return x0, noise

    def simple_loss(self, x, training):
        """L_simple = E_{t, x_0, noise} |target - denoiser(x_t, t)|^2, t ~ U{1..T}  (Eq. 14).

        The mean over dimensions, not their sum, as in the paper's own figures.
        """
        x0 = self.rescale(tf.cast(x, tf.float32))
        time_seed, noise_seed = split_seed(self.next_seed(), 2)
        t = tf.random.stateless_uniform(
            tf.shape(x0)[:1], time_seed, 1, self.schedule.num_steps + 1, tf.int32
        )
        noise = tf.random.stateless_normal(tf.shape(x0), noise_seed)
        alpha_bar = self.schedule.alpha_bar(t)
        signal, sigma = signal_and_noise(alpha_bar, x0)
        xt = signal * x0 + sigma * noise
        target = self.prediction.target(x0, noise, alpha_bar)
        network = self.denoiser if training else self.averaged_denoiser
        output = _run(network, xt, t, training)
        return {"denoising_mse": tf.reduce_mean(tf.square(target - output))}

    def train_step(self, data):
        """The denoiser's update, then its average's."""
        logs = super().train_step(data)
        # A plain average of 1 - decay would hold on to the initial weights for 1 / (1 - decay)
        # steps: young averages look back over about a tenth of the steps so far.
        n = tf.cast(self.num_updates, tf.float32)
        decay = tf.minimum(self.ema_decay, (1 + n) / (10 + n))
        for average, weight in zip(
            self.averaged_denoiser.weights, self.denoiser.weights, strict=True
        ):
            average.assign(weight + decay * (average - weight))
        self.num_updates.assign_add(1)
        return logs

    def call(self, x, training=False, t=1):
        """The denoised x: the prediction of x_0 with x taken as x_t.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            training: whether the network runs as in training.
            t: how much noise x is taken to hold, an int or int32 scalar in 1..T.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: t is outside 1..T.
        """
        if not tf.is_tensor(t) and not 1 <= t <= self.schedule.num_steps:
            raise ValueError(f"expected t in 1..{self.schedule.num_steps}. Received: {t!r}")
        x0, _ = self.denoise(self.rescale(tf.cast(x, tf.float32)), t, training)
        return self.restore(x0)

    def elbo(self, x, *, num_terms=None, batch_size=256, seed=None):
        """The variational bound, -(L_T + sum_{t > 1} L_{t-1} + L_0) <= log p(x)  (Eq. 5).

        L_0 is the discretized Gaussian of Eq. 13 where the model has `levels`, otherwise a
        Gaussian density. An unbiased estimate (see `variational_bound`): fewer terms are faster
        and noisier.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            num_terms: evaluations of the denoiser for each example, in 1..T; None for all T.
            batch_size: examples evaluated at a time; None for all.
            seed: as in `sample`.
        Returns:
            `[batch]`, in nats, summed over dimensions.
        Raises:
            ValueError: x is no batch of examples, `num_terms` is not in 1..T, or `seed` is no
                seed.
        """
        x = self.check(x)
        num_terms = self.schedule.num_steps if num_terms is None else num_terms
        if not 1 <= num_terms <= self.schedule.num_steps:
            raise ValueError(
                f"expected num_terms in 1..{self.schedule.num_steps}. Received: {num_terms!r}"
            )
        seed = self.seed_or_next(seed)

        def bound(x, index):
            batch_seed = tf.random.experimental.stateless_fold_in(seed, index[0])
            return self._elbo(x, num_terms, batch_seed)

        # A graph may not know the length, so it takes the batch as a whole.
        batch_size = batch_size if tf.executing_eagerly() else None
        return in_batches(bound, batch_size, x, tf.range(tf.shape(x)[0]))

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _elbo(self, x, num_terms, seed):
        return variational_bound(self, x, num_terms, seed=seed)

    def signatures(self):
        """`sample`, `edit`, `elbo` of all terms, and `denoise`, `call` at a given t."""
        example = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        mask = tf.TensorSpec((None, *self.event_shape), tf.float32, name="mask")
        seed = tf.TensorSpec((2,), tf.int32, name="seed")
        return {
            "sample": (
                lambda num_samples, seed: {"samples": self.sample(num_samples, seed=seed)},
                [tf.TensorSpec((), tf.int32, name="num_samples"), seed],
            ),
            "edit": (
                lambda x, mask, seed: {"edited": self.edit(x, mask, seed=seed)},
                [example, mask, seed],
            ),
            "elbo": (lambda x, seed: {"elbo": self.elbo(x, seed=seed)}, [example, seed]),
            "denoise": (
                lambda x, t: {"denoised": self(x, t=t)},
                [example, tf.TensorSpec((), tf.int32, name="t")],
            ),
        }


def _run(network, xt, t, training):
    """The network's output in float32; a scalar t becomes one for each example."""
    t = tf.broadcast_to(tf.cast(t, tf.int32), tf.shape(xt)[:1])
    return tf.cast(network([xt, t], training=training), tf.float32)
