"""Denoising diffusion probabilistic models."""

import functools
import math

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import GenerativeModel, Phase, check_array, split_seed
from tfgen.core.arrays import in_batches
from tfgen.diffusion import process
from tfgen.diffusion.predictions import Epsilon, Start
from tfgen.diffusion.process import PosteriorVariance
from tfgen.diffusion.samplers import Ancestral, ancestral
from tfgen.diffusion.schedules import LinearSchedule
from tfgen.networks import denoising_mlp, unet

tfd = tfp.distributions


class DDPM(GenerativeModel):
    """Denoising diffusion: p(x_0) = int p(x_T) prod_t p(x_{t-1} | x_t) dx_{1..T}.

    Ho, Jain & Abbeel (2020). q adds Gaussian noise in T steps; the denoiser learns to undo one.
    The model's own variable x_t lives in [-1, 1] for images, which are [0, 1] outside, and is the
    data itself for vectors, which should be standardised: `q`, `posterior`, `p` and `denoise`
    speak of x_t, everything else of data. Training moves the denoiser; all the rest, validation
    included, uses its running average.

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
        self._levels = levels
        self.ema_decay = ema_decay
        self.averaged_denoiser = keras.models.clone_model(denoiser)
        self.averaged_denoiser.set_weights(denoiser.get_weights())
        self.averaged_denoiser.trainable = False
        self.num_updates = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="num_updates"
        )
        self._compiled_sampler = functools.lru_cache(self._compile_sampler)

    @classmethod
    def default(
        cls,
        event_shape,
        num_steps=1000,
        base_channels=32,
        multipliers=(1, 2, 2),
        num_blocks=1,
        dropout=0.1,
        patch_size=None,
        **kwargs,
    ):
        """A small U-Net for images of any size from 8x8 up, a perceptron for vectors.

        The paper's CIFAR-10 model has `base_channels=128, multipliers=(1, 2, 2, 2),
        num_blocks=2, patch_size=1`.

        Args:
            event_shape: `(height, width, channels)`, or `(d,)`.
            num_steps: T.
            base_channels: channels of the U-Net's first level; an eighth of the perceptron's
                width.
            multipliers, num_blocks, dropout: of the U-Net (see `tfgen.networks.unet`).
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
                dropout=dropout,
                patch_size=patch_size,
                name="denoiser",
            )
        return cls(denoiser=denoiser, **{"schedule": LinearSchedule(num_steps), **kwargs})

    @property
    def event_shape(self):
        return tuple(self.denoiser.input_shape[0][1:])

    @property
    def levels(self):
        return self._levels

    @property
    def is_image(self):
        """Whether examples are images, in [0, 1], rather than vectors of any finite values."""
        return len(self.event_shape) == 3

    def phases(self):
        return (Phase("denoiser", self.simple_loss, (self.denoiser,)),)

    def default_optimizers(self):
        """Adam as in appendix B of the paper, gradients clipped to a global norm of 1."""
        return {"denoiser": keras.optimizers.Adam(2e-4, global_clipnorm=1.0)}

    def rescale(self, x):
        """Data to x_0: images from [0, 1] to [-1, 1]."""
        return 2 * x - 1 if self.is_image else x

    def restore(self, x0):
        """x_0 to data: images from [-1, 1] to [0, 1], clipped."""
        return tf.clip_by_value((x0 + 1) / 2, 0, 1) if self.is_image else x0

    def q(self, x0, t):
        """q(x_t | x_0) = N(sqrt(alpha_bar_t) x_0, (1 - alpha_bar_t) I)  (Eq. 4).

        Args:
            x0: `[batch, *event_shape]`, float32, in the model's scale.
            t: integers in 0..T, `[batch]` or a scalar.
        Returns:
            `tfd.Distribution`, batch shape `[batch]`.
        """
        return process.forward(self.schedule, x0, t)

    def posterior(self, xt, x0, t):
        """q(x_{t-1} | x_t, x_0) = N(mu_tilde_t(x_t, x_0), beta_tilde_t I)  (Eq. 6 and 7).

        Args:
            xt, x0: `[batch, *event_shape]`, float32, in the model's scale.
            t: integers in 1..T, `[batch]` or a scalar; at t = 1 the variance is 0.
        Returns:
            `tfd.Distribution`, batch shape `[batch]`.
        """
        mean = process.posterior_mean(self.schedule, xt, x0, t)
        return process.normal(mean, process.posterior_variance(self.schedule, t, t - 1))

    def p(self, xt, t):
        """p(x_{t-1} | x_t) = N(mu_tilde_t(x_t, x_0(x_t, t)), sigma_t^2 I)  (Eq. 1 and 11).

        x_0(x_t, t) is the prediction of `denoise`.

        Args:
            xt: `[batch, *event_shape]`, float32, in the model's scale.
            t: integers in 1..T, `[batch]` or a scalar.
        Returns:
            `tfd.Distribution`, batch shape `[batch]`.
        """
        x0, _ = self.denoise(xt, t)
        mean = process.posterior_mean(self.schedule, xt, x0, t)
        return process.normal(mean, self.variance(self.schedule, t))

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
        xt = self._noised(x0, noise, t)
        target = self.prediction.target(x0, noise, self.schedule.alpha_bar(t))
        network = self.denoiser if training else self.averaged_denoiser
        output = _run(network, xt, t, training)
        return {"denoising_mse": tf.reduce_mean(tf.square(target - output))}

    def _noised(self, x0, noise, t):
        q = self.q(x0, t).distribution
        return q.loc + q.scale * noise

    def train_step(self, data):
        """The denoiser's update, then its average's."""
        logs = super().train_step(data)
        # A plain average of 1 - decay would hold on to the initial weights for 1 / (1 - decay)
        # steps: young averages look back over about a tenth of the steps so far.
        n = tf.cast(self.num_updates, tf.float32)
        decay = tf.minimum(self.ema_decay, (1 + n) / (10 + n))
        for average, weight in zip(self.averaged_denoiser.weights, self.denoiser.weights):
            average.assign(weight + decay * (average - weight))
        self.num_updates.assign_add(1)
        return logs

    def call(self, x, training=False, t=1):
        """The denoised x: the prediction of x_0 with x taken as x_t.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            training: whether the network runs as in training.
            t: how much noise x is taken to hold, an int in 1..T.
        Returns:
            `[batch, *event_shape]`, float32; images in [0, 1].
        """
        x0, _ = self.denoise(self.rescale(tf.cast(x, tf.float32)), t, training)
        return self.restore(x0)

    def sample(self, num_samples, *, seed=None, sampler=None):
        """Draws from the model, in one compiled loop.

        Args:
            num_samples: int or int32 scalar, at least 1.
            seed: int s, read as `[0, s]`, or int32 `(2,)` tensor; by default the model's own
                generator supplies it.
            sampler: `Ancestral()` or `DDIM(num_steps, eta)`; by default the model's.
        Returns:
            `[num_samples, *event_shape]`, float32; images in [0, 1].
        Raises:
            ValueError: `num_samples` is below 1, `seed` is no seed, or the sampler has more steps
                than the schedule.
        """
        if not tf.is_tensor(num_samples) and num_samples < 1:
            raise ValueError(f"expected num_samples to be at least 1. Received: {num_samples!r}")
        sampler = self.sampler if sampler is None else sampler
        draw = self._compiled_sampler(sampler)
        return draw(tf.cast(num_samples, tf.int32), self.seed_or_next(seed))

    def _compile_sampler(self, sampler):
        def draw(num_samples, seed):
            return self.restore(sampler(self, [num_samples, *self.event_shape], seed))

        return tf.function(draw, jit_compile=False)

    def edit(self, x, mask, *, seed=None):
        """Redraws where the mask is 1, and keeps the rest.

        In every ancestral step the kept region is replaced by a draw of q(x_t | x_0) (Song et al.
        2021b, "Score-based generative modeling", appendix I.2; Lugmayr et al. 2022, Eq. 8).

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            mask: like x, of zeros (keep) and ones (redraw).
            seed: as in `sample`.
        Returns:
            `[batch, *event_shape]`, float32, equal to x where the mask is 0.
        Raises:
            ValueError: x or mask is no batch of examples, their lengths differ, mask has values
                other than 0 and 1, or `seed` is no seed.
        """
        x = self.check(x)
        mask = check_array(mask, self.event_shape, levels=2, name="mask")
        if not x.shape.is_compatible_with(mask.shape):
            raise ValueError(
                f"expected x and mask of one shape. Received: {x.shape} and {mask.shape}"
            )
        return self._edit(x, mask, self.seed_or_next(seed))

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _edit(self, x, mask, seed):
        x0 = self.rescale(x)
        redrawn = mask > 0.5

        def keep(xt, t, seed):
            return tf.where(redrawn, xt, self.q(x0, t).sample(seed=seed))

        shape = [tf.shape(x)[0], *self.event_shape]
        draw = ancestral(self.p, shape, self.schedule.num_steps, seed=seed, constrain=keep)
        return tf.where(redrawn, self.restore(draw), x)

    def elbo(self, x, *, num_terms=None, batch_size=256, seed=None):
        """The variational bound, -(L_T + sum_{t > 1} L_{t-1} + L_0) <= log p(x)  (Eq. 5).

        L_0 is the discretized Gaussian of Eq. 13 where the model has `levels`, otherwise a
        Gaussian density. Every term takes one draw of x_t, so the estimate is unbiased; fewer
        terms, stratified over t, keep it so and make it noisier.

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
        if not tf.executing_eagerly():
            return self._elbo(x, num_terms, seed)
        index = tf.range(x.shape[0])
        return in_batches(
            lambda x, i: self._elbo(
                x, num_terms, tf.random.experimental.stateless_fold_in(seed, i[0])
            ),
            batch_size,
            x,
            index,
        )

    @tf.function(jit_compile=False, reduce_retracing=True)
    def _elbo(self, x, num_terms, seed):
        num_steps = self.schedule.num_steps
        x0 = self.rescale(x)
        time_seed, noise_seed = split_seed(seed, 2)
        # Integers k T + offset, k < num_terms, are a stratified cover of 0..(num_terms T - 1).
        offset = tf.random.stateless_uniform(
            tf.shape(x0)[:1], time_seed, 0, num_steps, tf.int32
        )

        def add_term(k, total):
            t = 1 + (k * num_steps + offset) // num_terms
            noise_seed_k = tf.random.experimental.stateless_fold_in(noise_seed, k)
            xt = self.q(x0, t).sample(seed=noise_seed_k)
            p = self.p(xt, t)
            # KL(q || p) at t = 1 would be against a point: L_0 takes its place.
            kl = self.posterior(xt, x0, tf.maximum(t, 2)).kl_divergence(p)
            return k + 1, total + tf.where(t > 1, kl, -self._decoder_log_prob(p, x0))

        _, terms = tf.while_loop(
            lambda k, total: k < num_terms, add_term, [0, tf.zeros(tf.shape(x0)[:1])]
        )
        prior = process.normal(tf.zeros_like(x0), 1.0)
        prior_kl = self.q(x0, num_steps).kl_divergence(prior)
        return -(prior_kl + terms * num_steps / num_terms)

    def _decoder_log_prob(self, p, x0):
        """log p(x | x_1) of the data: of its levels (Eq. 13), or as a density."""
        if self.levels is None:
            # The density of the data, not of x_0: dx_0 = 2 dx for images.
            volume = math.log(2) * math.prod(self.event_shape) if self.is_image else 0.0
            return p.log_prob(x0) + volume
        low, high = (-1, 1) if self.is_image else (0, 1)
        per_unit = (self.levels - 1) / (high - low)
        bins = tfd.Normal(
            (p.distribution.loc - low) * per_unit - 0.5, p.distribution.scale * per_unit
        )
        level = tf.round((x0 - low) * per_unit)
        quantized = tfd.QuantizedDistribution(bins, low=0.0, high=self.levels - 1.0)
        return tf.reduce_sum(quantized.log_prob(level), axis=list(range(1, x0.shape.rank)))

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
