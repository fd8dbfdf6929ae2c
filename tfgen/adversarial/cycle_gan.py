"""CycleGAN: translation between two domains without pairs (Zhu et al. 2017)."""

from collections.abc import Callable
from typing import Any, Self

import keras
import tensorflow as tf

from tfgen.adversarial.two_domain_model import DOMAINS, TwoDomainModel, check_domain
from tfgen.core import Adam, Phase, split_seed
from tfgen.core.size_checks import (
    check_not_negative,
    check_parts,
    check_size_list,
    check_sizes,
)
from tfgen.core.typing import ArrayLike, ShapeLike
from tfgen.layers import ImagePool
from tfgen.losses import LeastSquares, LossPair
from tfgen.networks import check_network, patchgan_discriminator, resnet_generator


class CycleGAN(TwoDomainModel):
    """Two generators, a to b and b to a, learned from two sets of images that form no pairs.

    Zhu et al. (2017), "Unpaired image-to-image translation using cycle-consistent adversarial
    networks". With G from a to b and F from b to a the generators minimise

        adversarial(G(a)) + adversarial(F(b))
            + cycle_weight (|F(G(a)) - a| + |G(F(b)) - b|)
            + identity_weight (|G(b) - b| + |F(a) - a|),

    |.| the mean over pixels and channels (Eq. 3, and section 5.2 for the last line). Then there is
    a discriminator for each domain, which learns from data and from generated images that an
    `ImagePool` gives.

    With `LeastSquares()` the discriminators' loss is the paper's, halved as there. The generators'
    is half the paper's in each of its terms, so that the weights mean the same: the house's least
    squares have a factor of 1/2, and the differences are of images in [0, 1], not in [-1, 1].

    `compile()` keeps the rate. The paper's falls to 0 along a line in the second half of training:
    `compile(learning_rate=LinearDecay(2e-4, 100_000, 100_000))`, of `tfgen.core`.

    Args:
        to_b, to_a, average_decay: as `TwoDomainModel` has them; G and F.
        discriminator_a, discriminator_b: Keras models of images of a and of b; the outputs, of any
            shape, are each judged by itself.
        loss_pair: what generators and discriminators minimise of the outputs.
        cycle_weight, identity_weight: 0 or more. The latter is 0 where a and b have other channels.
        pool_size: earlier generated images of each domain; None for the new ones alone.
    Raises:
        ValueError: the networks do not fit together, images of other sides, or a number is out of
            range.

    Example:
        >>> model = CycleGAN.default((8, 8, 1), (8, 8, 3), base_filters=2, num_blocks=1)
        >>> model.translate(np.zeros((4, 8, 8, 1), "float32"), to="b").shape
        TensorShape([4, 8, 8, 3])
        >>> model.translate(np.zeros((4, 8, 8, 3), "float32"), to="a").shape
        TensorShape([4, 8, 8, 1])
    """

    paper = "Zhu et al. 2017"
    default_batch_size = 1

    def __init__(
        self,
        *,
        to_b: keras.Model,
        to_a: keras.Model,
        discriminator_a: keras.Model,
        discriminator_b: keras.Model,
        loss_pair: LossPair = LeastSquares(),
        cycle_weight: float = 10.0,
        identity_weight: float = 0.0,
        pool_size: int | None = 50,
        average_decay: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(to_b=to_b, to_a=to_a, average_decay=average_decay, **kwargs)
        self.discriminator_a = _checked(discriminator_a, "discriminator_a", self.event_shape)
        self.discriminator_b = _checked(discriminator_b, "discriminator_b", self.event_shape_b)
        self.loss_pair = loss_pair
        self.cycle_weight = check_not_negative(cycle_weight, "cycle_weight")
        self.identity_weight = check_not_negative(identity_weight, "identity_weight")
        if self.identity_weight and self.event_shape != self.event_shape_b:
            raise ValueError(
                "expected identity_weight=0 where a generator cannot leave images as they are, of"
                f" {self.event_shape[-1]} channels in a and {self.event_shape_b[-1]} in b."
                f" Received: {identity_weight!r}"
            )
        self.pool_size = pool_size
        self.pools = ()
        if pool_size is not None:
            self.pools = tuple(
                ImagePool(pool_size, dtype=self.dtype_policy, name=name)
                for name in ("pool_a", "pool_b")
            )
            self.pools[0].build((None, *self.event_shape))
            self.pools[1].build((None, *self.event_shape_b))

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        event_shape_b: ShapeLike | None = None,
        base_filters: int = 64,
        num_blocks: int | None = None,
        num_halvings: int | None = None,
        kernel_size: int = 7,
        judge_filters: int = 64,
        judge_halvings: int | None = None,
        identity_weight: float | None = None,
        **kwargs: Any,
    ) -> Self:
        """The paper's networks, smaller ones for small images; of any size from 8x8 up.

        Args:
            event_shape: of a, `(height, width, channels)`, each side at least 8.
            event_shape_b: of b, of the same height and width; None for that of a.
            base_filters, num_blocks, num_halvings, kernel_size: of the generators (see
                `networks.resnet_generator`).
            judge_filters, judge_halvings: of the discriminators (see
                `networks.patchgan_discriminator`).
            identity_weight: None for 5 where the channels are the same, and 0 otherwise.
            **kwargs: the constructor's other arguments.
        Returns:
            A built `CycleGAN`.
        Raises:
            ValueError: a size is too small, or an identity of unequal channels is asked for.
        """
        shape_a = tuple(event_shape)
        shape_b = shape_a
        if event_shape_b is not None:
            shape_b = check_size_list(event_shape_b, "event_shape_b", least=3)
        check_sizes(judge_filters=judge_filters)
        if judge_halvings is not None:
            check_parts(judge_halvings=judge_halvings)
        if identity_weight is None:
            identity_weight = 5.0 if shape_a == shape_b else 0.0
        check_not_negative(identity_weight, "identity_weight")

        def generator(source, target, name):
            sizes = base_filters, num_blocks, num_halvings, kernel_size
            return resnet_generator(source, target[-1], *sizes, name=name)

        def judge(shape, name):
            return patchgan_discriminator(shape, judge_filters, judge_halvings, name=name)

        return cls(
            to_b=generator(shape_a, shape_b, "to_b"),
            to_a=generator(shape_b, shape_a, "to_a"),
            discriminator_a=judge(shape_a, "discriminator_a"),
            discriminator_b=judge(shape_b, "discriminator_b"),
            identity_weight=identity_weight,
            **kwargs,
        )

    @property
    def term_names(self) -> tuple[str, ...]:
        of_discriminators = ("discriminators_loss", "real_outputs", "fake_outputs")
        of_generators = ("generators_loss", "adversarial", "cycle")
        return (*of_discriminators, *of_generators, *["identity"][: self.identity_weight > 0])

    def default_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Adam, as in section 4."""
        return {
            "discriminators": Adam(2e-4, beta_1=0.5),
            "generators": Adam(2e-4, beta_1=0.5),
        }

    def phases(self) -> tuple[Phase, ...]:
        judges = (self.discriminator_a, self.discriminator_b, *self.pools)
        return (
            Phase("discriminators", self.discriminators_loss, judges),
            Phase("generators", self.generators_loss, (self.to_a, self.to_b)),
        )

    def discriminators_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The pair's loss of the two discriminators, of data and of what the pools give."""
        a, b = batch
        fakes = [self.transform(b, None, training, "a"), self.transform(a, None, training, "b")]
        fakes = [tf.stop_gradient(fake) for fake in fakes]
        if self.pools:
            given = zip(self.pools, fakes, split_seed(seed, 2), strict=True)
            fakes = [pool(fake, each, training=training) for pool, fake, each in given]
        judges = (self.discriminator_a, self.discriminator_b)
        real, fake = (
            [_outputs(judge, x, training) for judge, x in zip(judges, images, strict=True)]
            for images in ((a, b), fakes)
        )
        losses = [self.loss_pair.discriminator(*each) for each in zip(real, fake, strict=True)]
        return {
            "discriminators_loss": tf.add_n(losses),
            "real_outputs": _mean_of_means(real),
            "fake_outputs": _mean_of_means(fake),
        }

    def generators_loss(
        self, batch: tuple[tf.Tensor, ...], seed: tf.Tensor, training: bool
    ) -> dict[str, tf.Tensor]:
        """The pair's loss of both generators, and what two translations, or none, should leave."""
        a, b = batch
        to_a, to_b = (lambda x, to=to: self.transform(x, None, training, to) for to in DOMAINS)
        fake_a, fake_b = to_a(b), to_b(a)
        adversarial = self.loss_pair.generator(_outputs(self.discriminator_a, fake_a, training))
        adversarial += self.loss_pair.generator(_outputs(self.discriminator_b, fake_b, training))
        cycle = _distance(to_a(fake_b), a) + _distance(to_b(fake_a), b)
        terms = {"adversarial": adversarial, "cycle": cycle}
        loss = adversarial + self.cycle_weight * cycle
        if self.identity_weight:
            terms["identity"] = _distance(to_a(a), a) + _distance(to_b(b), b)
            loss += self.identity_weight * terms["identity"]
        return {"generators_loss": loss, **terms}

    def discriminate(self, x: ArrayLike, condition: None = None, *, domain: str = "a") -> tf.Tensor:
        """The verdict of a domain's discriminator, the mean over its patches.

        Args:
            x: `[batch, *event_shape]`, or `[batch, *event_shape_b]` for "b"; float32 in [0, 1].
            condition: refused.
            domain: "a" or "b": whether x is an image of that domain, or a translation into it.
        Returns:
            `[batch]`, float32: the probability that x comes from the data, where the pair's
            outputs mean one (see `LossPair.verdict`).
        Raises:
            ValueError: x is no batch of images of the domain, or no domain.
        """
        (verdict,) = self._verdict(x, domain, condition).values()
        return verdict

    def _verdict(self, x, domain, condition=None):
        check_domain(domain, "domain")
        x = self.check(x) if domain == "a" else self.check_b(x)
        self.read_condition(condition, tf.shape(x)[0])
        judge = self.discriminator_a if domain == "a" else self.discriminator_b
        found = self.loss_pair.verdict(_outputs(judge, x, training=False))
        return {
            name: tf.reduce_mean(tf.reshape(each, [tf.shape(x)[0], -1]), axis=1)
            for name, each in found.items()
        }

    def signatures(self) -> dict[str, tuple[Callable[..., Any], list[tf.TensorSpec]]]:
        def discriminate(x, condition=None):
            return self._verdict(x, "a")

        def discriminate_b(x, condition=None):
            return self._verdict(x, "b")

        spec = lambda shape: tf.TensorSpec((None, *shape), tf.float32, name="x")
        return {
            **super().signatures(),
            "discriminate": (discriminate, [spec(self.event_shape)]),
            "discriminate_b": (discriminate_b, [spec(self.event_shape_b)]),
        }


def _checked(judge, name, event_shape):
    check_network(name, judge, event_shape, judge.output_shape[1:])
    return judge


def _outputs(judge, x, training):
    return tf.cast(tf.reshape(judge(x, training=training), [-1]), tf.float32)


def _mean_of_means(outputs):
    return tf.add_n([tf.reduce_mean(each) for each in outputs]) / len(outputs)


def _distance(one, other):
    return tf.reduce_mean(tf.abs(one - other))
