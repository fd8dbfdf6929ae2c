"""Deep convolutional generative adversarial networks."""

from tfgen.adversarial.gan import GAN
from tfgen.adversarial.losses import NonSaturating
from tfgen.distributions import StandardNormal
from tfgen.networks import dcgan_discriminator, dcgan_generator


class DCGAN(GAN):
    """A GAN whose two networks are convolutional, with batch normalization in both.

    Radford et al. (2016). `default` has a standard normal prior where the paper has a uniform one.
    """

    paper = "Radford et al. 2016"
    default_batch_size = 128

    @classmethod
    def default(cls, event_shape, latent_dim=100, base_filters=128, loss_pair=NonSaturating()):
        """The paper's networks, for images of any size from 8x8 up.

        Args:
            event_shape: `(height, width, channels)`.
            latent_dim: size of z.
            base_filters: filters of the largest hidden grid of both networks; they double with
                each halving of the grid.
            loss_pair: what the two minimise.
        Returns:
            A built `DCGAN`.
        """
        return cls(
            generator=dcgan_generator(latent_dim, event_shape, base_filters),
            discriminator=dcgan_discriminator(event_shape, base_filters),
            prior=StandardNormal(latent_dim),
            loss_pair=loss_pair,
        )
