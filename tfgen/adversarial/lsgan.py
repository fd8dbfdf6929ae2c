"""Least squares generative adversarial networks."""

from typing import Any, Self

from tfgen.adversarial.dcgan import DCGAN
from tfgen.core import Condition
from tfgen.core.typing import ShapeLike
from tfgen.distributions import Prior
from tfgen.losses import LeastSquares, LossPair


class LSGAN(DCGAN):
    """A GAN whose discriminator and generator minimise squared errors, on the networks of DCGAN.

    Mao et al. (2017), Eq. 9: D's outputs are pulled to 1 for data and to 0 for generated images,
    those of generated images to 1 by the generator. With `loss_pair=LeastSquares(1, -1, 0)` it is
    Eq. 8: with the best D the generator minimises a Pearson chi-square divergence.

    Example:
        >>> model = LSGAN.default((8, 8, 1), latent_dim=3, base_filters=4)
        >>> model.sample(2, seed=0).shape
        TensorShape([2, 8, 8, 1])
    """

    paper = "Mao et al. 2017"

    @classmethod
    def default(
        cls,
        event_shape: ShapeLike,
        latent_dim: int | None = None,
        base_filters: int = 128,
        loss_pair: LossPair = LeastSquares(),
        prior: Prior | None = None,
        condition: Condition | None = None,
        **kwargs: Any,
    ) -> Self:
        """The networks of `DCGAN.default`, which has these arguments, and the pair of the paper."""
        return super().default(
            event_shape, latent_dim, base_filters, loss_pair, prior, condition, **kwargs
        )
