"""InfoGAN: a code that can be read off the images (Chen et al. 2016)."""

from collections.abc import Callable
from typing import Any, Self

import keras
import tensorflow as tf

from tfgen.adversarial.game import Game
from tfgen.adversarial.invariant_information import InvariantInformation
from tfgen.core import Adam, fold_in
from tfgen.core.arrays import in_batches
from tfgen.core.checks import check_count
from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ArrayLike, SeedLike, ShapeLike
from tfgen.distributions import (
    CategoricalCode,
    Code,
    CodedNoise,
    Prior,
    StandardNormal,
    UniformCode,
)
from tfgen.losses import LossPair, NonSaturating
from tfgen.losses.precision import float32_for_float16
from tfgen.networks import info_gan_discriminator, info_gan_generator


class InfoGAN(Game):
    """A GAN whose generator reads noise and a code, x = G(z, c), and a Q(c | x) that finds c.

    min over G and Q, max over D of V(D, G) - lambda L_I(G, Q), with the lower bound of the mutual
    information of c and x

        L_I = E[log Q(c | x)] + H(c) <= I(c; G(z, c)).

    Chen et al. (2016), Eq. 5 and 6. Q shares all but its last layers with D. The discriminator's
    phase moves both, the generator's phase the generator, and either has -lambda L_I in its loss.
    "information_bound" is L_I in nats, the sum over the parts of the code, each with lambda = 1;
    `code.entropy` is H(c).

    The statistics of the discriminator's batch normalization follow real images alone: averages
    over real and generated ones suit neither, and codes are inferred of real images.

    Args:
        generator: Keras model, `[batch, prior.dim]` to `[batch, *event_shape]`; images in [0, 1].
        discriminator: Keras model of two outputs, `[batch, *event_shape]` to one output per example
            and Q's parameters, `[batch, prior.code.num_params]`.
        prior: `CodedNoise(noise, code)`.
        loss_pair, penalty, augmentation, average_decay: as `GAN` has them.
        invariance: what the discriminator's phase minimises beside, of the codes of real images,
            such as `InvariantInformation(AffineJitter())`; None, as published.
    Raises:
        ValueError: the networks and the prior do not fit together.

    Example:
        >>> model = InfoGAN.default((8, 8, 1), noise_dim=3, base_filters=2, hidden=8)
        >>> codes = model.code.join([7, 7], [[-1.0, 0.0], [1.0, 0.0]])
        >>> model.infer_codes(model.sample(2, codes=codes, seed=0)).shape
        TensorShape([2, 12])
    """

    term_names = (
        "discriminator_loss",
        "real_outputs",
        "fake_outputs",
        "generator_loss",
        "information_bound",
    )
    takes_condition = False
    paper = "Chen et al. 2016"
    default_batch_size = 128

    def __init__(
        self,
        *,
        generator: keras.Model,
        discriminator: keras.Model,
        prior: CodedNoise,
        loss_pair: LossPair,
        invariance: InvariantInformation | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(prior, CodedNoise):
            raise ValueError(f"expected prior to be CodedNoise(noise, code). Received: {prior!r}")
        super().__init__(generator=generator, prior=prior, **kwargs)
        self.discriminator = self.check_judge("discriminator", discriminator)
        self.loss_pair = loss_pair
        self.invariance = invariance
        if invariance is not None:
            invariance.check(self.code)

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        code: Code = Code((CategoricalCode(10), UniformCode(2))),
        noise_dim: int = 62,
        base_filters: int = 64,
        hidden: int = 1024,
        loss_pair: LossPair = NonSaturating(),
        noise: Prior | None = None,
        **kwargs: Any,
    ) -> Self:
        """The paper's networks for MNIST (Table 1), for images of any size from 8x8 up.

        Args:
            event_shape: `(height, width, channels)`.
            code: c.
            noise_dim: size of the noise beside it.
            base_filters: filters of the largest hidden grid of both networks.
            hidden: units of the dense layers next to the smallest grid.
            loss_pair: what the two minimise, beside the information.
            noise: prior of the noise; None for `StandardNormal(noise_dim)`.
            **kwargs: the constructor's other arguments.
        Returns:
            A built `InfoGAN`.
        """
        check_sizes(noise_dim=noise_dim)
        prior = CodedNoise(StandardNormal(noise_dim) if noise is None else noise, code)
        return cls(
            generator=info_gan_generator(prior.dim, event_shape, base_filters, hidden),
            discriminator=info_gan_discriminator(
                event_shape, code.num_params, base_filters, hidden
            ),
            prior=prior,
            loss_pair=loss_pair,
            **kwargs,
        )

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam, the generator's rate five times the discriminator's (appendix C)."""
        return {
            "discriminator": Adam(2e-4, beta_1=0.5),
            "generator": Adam(1e-3, beta_1=0.5),
        }

    @property
    def code(self) -> Code:
        return self.prior.code

    def check_judge(self, name: str, network: keras.Model) -> keras.Model:
        if len(network.outputs) != 2 or network.outputs[1].shape[1:] != (self.code.num_params,):
            raise ValueError(
                f"expected the {name} to have two outputs, the second one Q's parameters,"
                f" ({self.code.num_params},). Received: {network.output_shape}"
            )
        super().check_judge(name, keras.Model(network.inputs, network.outputs[0]))
        return network

    def look(self, x: tf.Tensor, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """What D and Q say of x: outputs `[batch]` and `[batch, code.num_params]`, float32."""
        outputs, params = self.discriminator(x, training=training)
        return tf.cast(tf.reshape(outputs, [-1]), tf.float32), tf.cast(params, tf.float32)

    def judge(
        self, x: tf.Tensor, given: tf.Tensor | None = None, training: bool = False
    ) -> tf.Tensor:
        return self.look(x, training)[0]

    def discriminator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The pair's loss, -lambda L_I of the generated examples, penalty and invariance."""
        real = self.augment(batch[0], fold_in(seed, 0), training)
        fake, codes = self._fake(tf.shape(real)[0], seed, fold_in(seed, 1), training)
        real_outputs, of_real = self.look(real, training)
        statistics = [(v, tf.identity(v.value)) for v in self._statistics()] if training else []
        fake_outputs, params = self.look(fake, training)
        loss = self.loss_pair.discriminator(real_outputs, fake_outputs)
        loss -= self._weighted(self.code.information(codes, params))
        if self.penalty is not None:
            judge = lambda x: self.judge(x, training=training)
            with float32_for_float16(self.discriminator):
                loss += self.penalty(judge, real, fake, fold_in(seed, 2))
        if self.invariance is not None:
            changed = self.invariance.augmentation(batch[0], fold_in(seed, 3))
            loss += self.invariance(self.code, of_real, self.look(changed, training)[1])
        for variable, value in statistics:
            variable.assign(value)
        return {
            "discriminator_loss": loss,
            "real_outputs": tf.reduce_mean(real_outputs),
            "fake_outputs": tf.reduce_mean(fake_outputs),
        }

    def generator_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The pair's generator loss and -lambda L_I of fresh generated examples; L_I."""
        fake, codes = self._fake(tf.shape(batch[0])[0], seed, fold_in(seed, 0), training)
        outputs, params = self.look(fake, training)
        information = self.code.information(codes, params)
        return {
            "generator_loss": self.loss_pair.generator(outputs) - self._weighted(information),
            "information_bound": tf.add_n(information),
        }

    def _fake(self, count, seed, augmentation_seed, training):
        """Generated examples as they are judged, and their codes."""
        z = self.prior().sample(count, seed=seed)
        fake = self.augment(self.transform(z, training=training), augmentation_seed, training)
        return fake, self.prior.split(z)[1]

    def _weighted(self, information):
        return tf.add_n(
            [part.weight * each for part, each in zip(self.code.parts, information, strict=True)]
        )

    def _statistics(self):
        """What the discriminator's batch normalization averages over batches."""
        return [
            v
            for layer in self.discriminator._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization)
            for v in layer.non_trainable_variables
        ]

    def sample(
        self,
        num_samples: int | tf.Tensor,
        *,
        codes: ArrayLike | None = None,
        condition: None = None,
        seed: SeedLike | None = None,
        batch_size: int | None = None,
    ) -> tf.Tensor:
        """Draws examples, of codes that are drawn too or of those that are given.

        Args:
            num_samples: int or int32 scalar, at least 1.
            codes: one for each sample or one for all, `[num_samples, code.dim]` or `[code.dim]`, as
                `code.join` makes them; None for draws of p(c).
            condition: refused.
            seed: int or int32 `(2,)` tensor; None for the model's own generator.
            batch_size: the most that are drawn at once; None for all.
        Returns:
            `[num_samples, *event_shape]`, float32, in [0, 1].
        Raises:
            ValueError: a count below 1, no seed, or codes that p(c) cannot give.
        """
        if codes is None:
            return self._in_blocks(self.generate, num_samples, condition, seed, batch_size)
        check_count(num_samples, "num_samples")
        self.read_condition(condition, num_samples)
        codes = self.code.check(codes, num_samples)
        if batch_size is not None:
            check_count(batch_size, "batch_size")
        return self._blocks_of(self._of, num_samples, self.seed_or_next(seed), codes, batch_size)

    def _of(self, num_samples, seed, codes):
        """x = G(z, c) of these codes, with the noise that `generate` has for the seed."""
        noise, _ = self.prior.split(self.prior().sample(num_samples, seed=seed))
        return self.transform(tf.concat([noise, codes], axis=-1))

    def infer_codes(
        self, x: ArrayLike, *, condition: None = None, batch_size: int | None = None
    ) -> tf.Tensor:
        """E_Q[c | x]: the probabilities of each category, the means of continuous parts.

        Args:
            x: `[batch, *event_shape]`, float32; images in [0, 1].
            condition: refused.
            batch_size: examples of one call of the network; None for all at once.
        Returns:
            `[batch, code.dim]`, float32; `code.split` takes it apart.
        Raises:
            ValueError: x is no batch of examples.
        """
        look = lambda x: self.code.mean(self.look(x)[1])
        x = self.check(x)
        self.read_condition(condition, tf.shape(x)[0])
        return in_batches(look, batch_size, x)

    def preview(self, batch: tuple, seed: int = 0) -> tf.Tensor:
        """Sweeps of the code, all with the same noise: see `Code.sweeps`."""
        rows, columns, codes = self.code.sweeps(len(batch[0]))
        noise, _ = self.prior.split(self.prior().sample(1, seed=self.seed_or_next(seed)))
        noise = tf.repeat(noise, len(codes), axis=0)
        x = self.transform(tf.concat([noise, codes], axis=-1))
        return tf.reshape(x, (rows, columns, *self.event_shape))

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        def sample_codes(codes, seed, condition=None):
            return {"samples": self.sample(tf.shape(codes)[0], codes=codes, seed=seed)}

        def infer_codes(x, condition=None):
            return {"codes": self.infer_codes(x)}

        signatures = super().signatures()
        codes = tf.TensorSpec((None, self.code.dim), tf.float32, name="codes")
        x = tf.TensorSpec((None, *self.event_shape), tf.float32, name="x")
        seed = tf.TensorSpec((2,), tf.int32, name="seed")
        return {
            **signatures,
            "sample_codes": (sample_codes, [codes, seed]),
            "infer_codes": (infer_codes, [x]),
        }
