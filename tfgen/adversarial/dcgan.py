"""Deep convolutional generative adversarial networks."""

from typing import Any, Self

import keras

from tfgen.adversarial.gan import GAN
from tfgen.core import Condition
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Prior
from tfgen.distributions.priors import standard_normal_unless
from tfgen.losses import LossPair, NonSaturating
from tfgen.networks import dcgan_discriminator, dcgan_generator


class DCGAN(GAN):
    """A GAN whose two networks are convolutional, with batch normalization in both.

    Radford et al. (2016). `default` has a standard normal prior where the paper has a uniform one.

    Example:
        >>> model = DCGAN.default((8, 8, 1), latent_dim=3, base_filters=4)
        >>> model.sample(2, seed=0).shape
        TensorShape([2, 8, 8, 1])
    """

    paper = "Radford et al. 2016"
    default_batch_size = 128

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        latent_dim: int | None = None,
        base_filters: int = 128,
        loss_pair: LossPair = NonSaturating(),
        prior: Prior | None = None,
        condition: Condition | None = None,
        discriminator: keras.Model | None = None,
        **kwargs: Any,
    ) -> Self:
        """The paper's networks, for images of any size from 8x8 up.

        Args:
            event_shape: `(height, width, channels)`.
            latent_dim: size of z; None for the prior's, or 100.
            base_filters: filters of the largest hidden grid of both networks; they double with
                each halving of the grid.
            loss_pair: what the two minimise.
            prior: p(z); None for `StandardNormal(latent_dim)`.
            condition: what y is; None for p(x).
            discriminator: Keras model of x, and of the condition if there is one; None for the
                paper's, which judges a condition by projection.
            **kwargs: the constructor's other arguments.
        Returns:
            A built `DCGAN`.
        """
        prior = standard_normal_unless(prior, latent_dim, usual=100)
        if discriminator is None:
            discriminator = dcgan_discriminator(event_shape, base_filters, condition=condition)
        return cls(
            generator=dcgan_generator(prior.dim, event_shape, base_filters, condition=condition),
            discriminator=discriminator,
            prior=prior,
            loss_pair=loss_pair,
            condition=condition,
            **kwargs,
        )
