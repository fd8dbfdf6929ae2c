"""What a denoiser predicts, each a linear function of x_0 and the noise.

x = x_0 + s noise, and x_0 = c_skip x + c_out F, F the network's output at c_in x  (Karras et al.
2022, Eq. 7). Noise levels s are floating point, `[batch]` or scalars, positive; coefficients are
computed in float64, as their differences lose digits; the rest is `[batch, *event_shape]`.
"""

import abc

import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_positive
from tfgen.diffusion.process import like


class Prediction(Configured, abc.ABC):
    """What the denoiser's output means. A subclass gives the coefficients."""

    @abc.abstractmethod
    def c_skip(self, sigma: tf.Tensor) -> tf.Tensor:
        """How much of x is in x_0, besides the output: sigma's shape, float64."""

    @abc.abstractmethod
    def c_out(self, sigma: tf.Tensor) -> tf.Tensor:
        """How much of the output is in x_0: sigma's shape, float64."""

    def c_in(self, sigma: tf.Tensor) -> tf.Tensor:
        """What x is multiplied with for the network: it then reads the paper's x_t."""
        return 1 / tf.sqrt(1 + tf.square(_double(sigma)))

    def start(self, output: tf.Tensor, x: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
        """The x_0 that an output means."""
        return like(self.c_skip(sigma), x) * x + like(self.c_out(sigma), x) * output

    def target(self, x0: tf.Tensor, noise: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
        """What the network should output, (x_0 - c_skip x) / c_out."""
        sigma = _double(sigma)
        skip, out = self.c_skip(sigma), self.c_out(sigma)
        return like((1 - skip) / out, x0) * x0 - like(skip * sigma / out, x0) * noise


class Epsilon(Prediction):
    """The noise itself  (Ho et al. 2020, Eq. 11)."""

    def c_skip(self, sigma: tf.Tensor) -> tf.Tensor:
        return tf.ones_like(_double(sigma))

    def c_out(self, sigma: tf.Tensor) -> tf.Tensor:
        return -_double(sigma)


class Start(Prediction):
    """The clean example, x_0."""

    def c_skip(self, sigma: tf.Tensor) -> tf.Tensor:
        return tf.zeros_like(_double(sigma))

    def c_out(self, sigma: tf.Tensor) -> tf.Tensor:
        return tf.ones_like(_double(sigma))


class Velocity(Prediction):
    """v = sqrt(alpha_bar) noise - sqrt(1 - alpha_bar) x_0  (Salimans & Ho 2022, section 4)."""

    def c_skip(self, sigma: tf.Tensor) -> tf.Tensor:
        return 1 / (1 + tf.square(_double(sigma)))

    def c_out(self, sigma: tf.Tensor) -> tf.Tensor:
        sigma = _double(sigma)
        return -sigma / tf.sqrt(1 + tf.square(sigma))


class Preconditioned(Prediction):
    """What has unit variance for data of deviation sigma_data  (Karras et al. 2022, Table 1).

    With a `sigma_data` of 1 it is the negative of `Velocity`.

    Args:
        sigma_data: standard deviation of x_0, positive.
    Raises:
        ValueError: `sigma_data` is not positive.
    """

    def __init__(self, sigma_data: float = 0.5) -> None:
        self.sigma_data = check_positive(sigma_data, "sigma_data")

    def c_skip(self, sigma: tf.Tensor) -> tf.Tensor:
        return self.sigma_data**2 * tf.square(self.c_in(sigma))

    def c_out(self, sigma: tf.Tensor) -> tf.Tensor:
        return self.sigma_data * _double(sigma) * self.c_in(sigma)

    def c_in(self, sigma: tf.Tensor) -> tf.Tensor:
        return 1 / tf.sqrt(tf.square(_double(sigma)) + self.sigma_data**2)


def _double(sigma):
    return tf.cast(sigma, tf.float64)
