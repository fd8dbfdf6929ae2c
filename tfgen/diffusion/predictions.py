"""What the denoiser predicts, each a linear function of x_0 and the noise.

With x_t = sqrt(alpha_bar) x_0 + sqrt(1 - alpha_bar) noise, x_0 and the noise follow from the
prediction and x_t. `alpha_bar` is float64, `[batch]` or a scalar; the rest is
`[batch, *event_shape]`.
"""

import abc

import tensorflow as tf

from tfgen.core import Configured
from tfgen.diffusion.process import like


def signal_and_noise(alpha_bar: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """sqrt(alpha_bar) and sqrt(1 - alpha_bar), ready to multiply x."""
    return like(tf.sqrt(alpha_bar), x), like(tf.sqrt(1 - alpha_bar), x)


class Prediction(Configured, abc.ABC):
    """What the denoiser's output means."""

    @abc.abstractmethod
    def target(self, x0: tf.Tensor, noise: tf.Tensor, alpha_bar: tf.Tensor) -> tf.Tensor:
        """What the network should output."""

    @abc.abstractmethod
    def x0_and_noise(
        self, output: tf.Tensor, xt: tf.Tensor, alpha_bar: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The x_0 and the noise that the network's output means."""


class Epsilon(Prediction):
    """The noise itself  (Ho et al. 2020, Eq. 11)."""

    def target(self, x0: tf.Tensor, noise: tf.Tensor, alpha_bar: tf.Tensor) -> tf.Tensor:
        """What the network should output."""
        return noise

    def x0_and_noise(
        self, output: tf.Tensor, xt: tf.Tensor, alpha_bar: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The x_0 and the noise that the network's output means."""
        signal, sigma = signal_and_noise(alpha_bar, xt)
        return (xt - sigma * output) / signal, output


class Start(Prediction):
    """The clean example, x_0."""

    def target(self, x0: tf.Tensor, noise: tf.Tensor, alpha_bar: tf.Tensor) -> tf.Tensor:
        """What the network should output."""
        return x0

    def x0_and_noise(
        self, output: tf.Tensor, xt: tf.Tensor, alpha_bar: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The x_0 and the noise that the network's output means."""
        signal, sigma = signal_and_noise(alpha_bar, xt)
        return output, (xt - signal * output) / sigma


class Velocity(Prediction):
    """v = sqrt(alpha_bar) noise - sqrt(1 - alpha_bar) x_0  (Salimans & Ho 2022, section 4)."""

    def target(self, x0: tf.Tensor, noise: tf.Tensor, alpha_bar: tf.Tensor) -> tf.Tensor:
        """What the network should output."""
        signal, sigma = signal_and_noise(alpha_bar, x0)
        return signal * noise - sigma * x0

    def x0_and_noise(
        self, output: tf.Tensor, xt: tf.Tensor, alpha_bar: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The x_0 and the noise that the network's output means."""
        signal, sigma = signal_and_noise(alpha_bar, xt)
        return signal * xt - sigma * output, sigma * xt + signal * output
