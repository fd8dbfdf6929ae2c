"""Progressive growing of generative adversarial networks."""

import functools
from collections.abc import Callable
from typing import Any, Self

import keras
import tensorflow as tf

from tfgen.adversarial.growth import Growth, GrowthState
from tfgen.adversarial.model import AdversarialModel
from tfgen.core import Adam, Phase, fold_in
from tfgen.core.fresh_start import FreshStart
from tfgen.core.phase import trainable_weights
from tfgen.core.replicas import run_if
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Prior
from tfgen.distributions.priors import standard_normal_unless
from tfgen.losses import Drift, GradientPenalty, Penalty, SumOfPenalties, Wasserstein
from tfgen.losses.precision import float32_for_float16
from tfgen.networks import progressive_critic, progressive_generator
from tfgen.networks.growing import (
    GrowingCritic,
    GrowingGenerator,
    doubled_sides,
    halved_sides,
    mixed,
)

# The last stage that the penalty's second gradient is tried at: beyond, images take much room.
_TRIED_STAGE = 3


class ProgressiveGAN(AdversarialModel):
    """A WGAN-GP whose two networks grow together, from images of 4x4 by doubling to the full side.

    Karras et al. (2018). At each stage it is trained on the images brought down to that side by
    means of squares, first while the new blocks fade in (`Growth`). All weights are there from the
    start; only the networks up to the present stage are computed and moved. Where a stage begins
    and where its fade ends the optimizers start anew, as in the published code: their slots and
    their counts of updates, so that the average's warm-up does too.

    One call of `fit` goes through all stages with one batch size; where memory asks for smaller
    batches later, several calls do, because the images are counted over all of them. Stage and
    blend are weights, saved and resumed with the model; the term "stage" reports them, stage +
    blend - 1. `sample` always gives images of `event_shape`: the present stage's, each pixel a
    square of them, clipped to [0, 1], as nothing bounds what the generator gives.

    The terms are in units of images in [-1, 1], as the paper's networks have them.

    Args:
        generator: see `progressive_generator`.
        critic: see `progressive_critic`.
        prior: p(z), whose `dim` is the generator's latent_dim.
        growth: when the stages begin.
        penalty: what the critic minimises beside.
        average_decay: of the running average of the generator's weights, in [0, 1), which all but
            training uses; None for the weights as they are.
    Raises:
        ValueError: the networks, the prior and the penalty do not fit together.

    Example:
        >>> model = ProgressiveGAN.default((8, 8, 1), latent_dim=3, base_channels=4)
        >>> model.sample(2, seed=0).shape
        TensorShape([2, 8, 8, 1])
    """

    term_names = ("critic_loss", "distance", "penalty", "stage", "generator_loss")
    paper = "Karras et al. 2018"
    default_batch_size = 16
    loss_pair = Wasserstein()

    def __init__(
        self,
        *,
        generator: GrowingGenerator,
        critic: GrowingCritic,
        prior: Prior,
        growth: Growth = Growth(),
        penalty: Penalty = SumOfPenalties((GradientPenalty(), Drift())),
        average_decay: float | None = 0.999,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        given = (prior.dim, generator.image_shape)
        if given != (generator.latent_dim, critic.image_shape):
            raise ValueError(
                "expected a prior and a critic that fit the generator, which maps"
                f" {(generator.latent_dim,)} to {generator.image_shape}. Received: a prior of"
                f" dimension {prior.dim} and a critic of {critic.image_shape}"
            )
        self.generator = generator
        self.critic = critic
        self.prior = prior
        self.growth = growth
        self.penalty = penalty
        tried = critic.at(min(_TRIED_STAGE, critic.num_stages - 1))
        penalty.check(tried)
        self.growth_state = GrowthState(name="growth_state")
        self.average_generator(average_decay)
        self._fresh_starts = []

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        latent_dim: int | None = None,
        base_channels: int = 16,
        max_channels: int = 512,
        prior: Prior | None = None,
        **kwargs: Any,
    ) -> Self:
        """The paper's networks; those of the paper itself for `(1024, 1024, 3)`.

        Args:
            event_shape: `(side, side, channels)`, side 4, 8, 16 and so on, a power of two.
            latent_dim: size of z; None for the prior's, or 512.
            base_channels: features of the full grid of both networks; they double with each
                halving of the side. Published networks of 32x32 have 512.
            max_channels: most features of a grid.
            prior: p(z); None for `StandardNormal(latent_dim)`.
            **kwargs: the constructor's other arguments.
        Returns:
            A built `ProgressiveGAN`.
        """
        prior = standard_normal_unless(prior, latent_dim, usual=512)
        return cls(
            generator=progressive_generator(prior.dim, event_shape, base_channels, max_channels),
            critic=progressive_critic(event_shape, base_channels, max_channels),
            prior=prior,
            **kwargs,
        )

    @property
    def event_shape(self) -> tuple[int, ...]:
        return self.generator.image_shape

    @property
    def discriminator(self) -> keras.Model:
        """The critic, by the name that the wing has for what judges."""
        return self.critic

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam as in appendix A."""
        return {
            name: Adam(1e-3, beta_1=0.0, beta_2=0.99, epsilon=1e-8)
            for name in ("critic", "generator")
        }

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """As every model's (see `GenerativeModel.compile`)."""
        super().compile(*args, **kwargs)
        self._fresh_starts = [
            FreshStart(self.phase_optimizers[phase.name], trainable_weights(phase))
            for phase in self.phases()
        ]

    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("critic", self.discriminator_loss, (self.critic,)),
            Phase("generator", self.generator_loss, (self.generator,)),
        )

    def phases_at(self, stage: int) -> tuple[Phase, ...]:
        """The phases of a step of one stage, of the networks up to it."""
        at = lambda loss: functools.partial(loss, stage)
        return (
            Phase("critic", at(self._critic_terms), self.critic.parts(stage)),
            Phase("generator", at(self._generator_terms), self.generator.parts(stage)),
        )

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """A step of the stage that the growth says; the others are not computed."""
        state = self.growth_state
        count = tf.cast(tf.shape(self.unpack(data)[0])[0], tf.float32)
        run_if(state.enter(self.growth, self.critic.num_stages), self._start_anew)
        for stage in range(self.critic.num_stages):
            run_if(tf.equal(state.stage.value, stage), self._train_at(stage), data)
        state.images.assign_add(tf.cast(tf.round(self.over_replicas(count)), tf.int64))
        return self.get_metrics_result()

    def _train_at(self, stage):
        return lambda data: self.train_phases(self.phases_at(stage), data)

    def _start_anew(self):
        for start in self._fresh_starts:
            start()

    def at_present(self, compute: Callable[[int], Any]) -> Any:
        """`compute(stage)` of the present stage; in a graph too, nothing of the others is run."""
        stages = range(self.critic.num_stages)
        return tf.switch_case(
            tf.convert_to_tensor(self.growth_state.stage),
            [functools.partial(compute, s) for s in stages],
        )

    def generate(
        self, num_samples: int | tf.Tensor, seed: tf.Tensor, given: tf.Tensor | None = None
    ) -> tf.Tensor:
        """x = G(z), z ~ p(z), by the present stage."""
        z = self.prior().sample(num_samples, seed=seed)

        def images(stage):
            factor = self.event_shape[0] // self.generator.side(stage)
            return doubled_sides(self._generated(stage, z, training=False), factor)

        return tf.clip_by_value(0.5 + 0.5 * self.at_present(images), 0, 1)

    def _generated(self, stage, z, training):
        """Images of the stage's side, about [-1, 1]."""
        images = self.generator_in(training)(z, self._blend(), stage=stage, training=training)
        return tf.cast(images, tf.float32)

    def real_images(self, x: tf.Tensor, stage: int) -> tf.Tensor:
        """x as the critic of a stage sees it.

        While the stage fades in, (1 - blend) what the stage before sees, its pixels doubled, and
        blend the images of this side, as in the published code.

        Args:
            x: `[batch, *event_shape]`, float32 in [0, 1].
            stage: from 0.
        Returns:
            `[batch, side, side, channels]`, float32 in [-1, 1].
        """
        images = halved_sides(2 * x - 1, self.event_shape[0] // self.critic.side(stage))
        if stage == 0:
            return images
        before = doubled_sides(halved_sides(images))
        return mixed(before, images, self._blend())

    def judge(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        """The critic's outputs at the present stage, `[batch]`, float32."""
        return self.at_present(
            lambda stage: self._judged(stage, self.real_images(x, stage), training)
        )

    def _judged(self, stage, images, training):
        outputs = self.critic(images, self._blend(), stage=stage, training=training)
        return tf.cast(outputs, tf.float32)

    def _blend(self):
        return tf.convert_to_tensor(self.growth_state.blend)

    def discriminator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """Minus the critic's estimate of the distance, and the penalty, at the present stage."""
        return self.at_present(lambda stage: self._critic_terms(stage, batch, seed, training))

    def generator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """Minus the critic's mean output of generated images, at the present stage."""
        return self.at_present(lambda stage: self._generator_terms(stage, batch, seed, training))

    def _critic_terms(self, stage, batch, seed, training):
        (x,) = batch
        z = self.prior().sample(tf.shape(x)[0], seed=seed)
        real, fake = self.real_images(x, stage), self._generated(stage, z, training)
        judge = lambda images: self._judged(stage, images, training)
        distance = -self.loss_pair.discriminator(judge(real), judge(fake))
        with float32_for_float16(self.critic):
            penalty = self.penalty(judge, real, fake, fold_in(seed, 2))
        return {
            "critic_loss": penalty - distance,
            "distance": distance,
            "penalty": penalty,
            "stage": stage - 1 + self._blend(),
        }

    def _generator_terms(self, stage, batch, seed, training):
        z = self.prior().sample(tf.shape(batch[0])[0], seed=seed)
        outputs = self._judged(stage, self._generated(stage, z, training), training)
        return {"generator_loss": self.loss_pair.generator(outputs)}
