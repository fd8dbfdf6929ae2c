"""Conditional generative adversarial networks."""

from collections.abc import Sequence
from typing import Any, Self

import keras

from tfgen.adversarial.gan import GAN
from tfgen.core import Condition
from tfgen.core.condition import check_is_condition
from tfgen.core.size_checks import check_rate, check_size_list
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Prior
from tfgen.distributions.priors import standard_normal_unless
from tfgen.losses import LossPair, NonSaturating
from tfgen.networks import conditional_discriminator, conditional_generator


class ConditionalGAN(GAN):
    """A GAN of p(x | y) whose two networks read the condition, x = G(z, y), judged by D(x, y).

    Mirza & Osindero (2014), Eq. 2. `GAN` and `DCGAN` take a condition as well; this is the paper's
    model: it cannot be without one, and in its networks y has a hidden layer of its own. Any other
    discriminator serves too, such as `projection_discriminator`, in place of the paper's.

    The arguments are those of `GAN`.

    Raises:
        ValueError: no condition, or networks, prior and condition that do not fit together.

    Example:
        >>> from tfgen.conditions import Classes
        >>> model = ConditionalGAN.default((4, 4, 1), Classes(3), hidden=(8, 8, 8))
        >>> model.sample(2, condition=[0, 2], seed=0).shape
        TensorShape([2, 4, 4, 1])
    """

    needs_condition = True
    paper = "Mirza & Osindero 2014"

    def __init__(self, *, condition: Condition | None = None, **kwargs: Any) -> None:
        super().__init__(condition=check_is_condition(condition), **kwargs)

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        condition: Condition | None = None,
        latent_dim: int | None = None,
        hidden: Sequence[int] = (200, 1000, 1200),
        judge_hidden: Sequence[int] = (240, 50, 240),
        dropout: float = 0.5,
        loss_pair: LossPair = NonSaturating(),
        prior: Prior | None = None,
        discriminator: keras.Model | None = None,
        **kwargs: Any,
    ) -> Self:
        """The paper's networks for MNIST (section 4.1), but for three things.

        As in `GAN.default`, the generator's units are leaky rectifiers, the discriminator sees
        images rescaled to [-1, 1], and the prior is a standard normal. With the paper's units and
        no rescaling, and the optimizers here, all samples of MNIST became ones. The class is obeyed
        late: on the bundled digits from about 2,000 steps on.

        Args:
            event_shape: `(d,)`, of any finite values, or `(height, width, channels)` in [0, 1].
            condition: what y is; there has to be one.
            latent_dim: size of z; None for the prior's, or 100.
            hidden: units of the generator for z, for y, and for both.
            judge_hidden: units of the discriminator for x, for y, and for both.
            dropout: rate of dropout in both networks, in [0, 1).
            loss_pair: what the two minimise.
            prior: p(z); None for `StandardNormal(latent_dim)`.
            discriminator: Keras model of x and the condition; None for the paper's.
            **kwargs: the constructor's other arguments.
        Returns:
            A built `ConditionalGAN`.
        """
        event_shape = tuple(event_shape)
        prior = standard_normal_unless(prior, latent_dim, usual=100)
        check_rate(dropout, "dropout")
        check_size_list(hidden, "hidden", least=3)
        check_size_list(judge_hidden, "judge_hidden", least=3)
        check_is_condition(condition)
        if discriminator is None:
            discriminator = conditional_discriminator(event_shape, condition, judge_hidden, dropout)
        return cls(
            generator=conditional_generator(
                prior.dim,
                event_shape,
                condition,
                hidden,
                dropout,
                output_activation="sigmoid" if len(event_shape) == 3 else None,
            ),
            discriminator=discriminator,
            prior=prior,
            loss_pair=loss_pair,
            condition=condition,
            **kwargs,
        )
