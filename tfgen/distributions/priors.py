"""Priors over latent vectors: calling one gives a distribution."""

import abc
import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured
from tfgen.core.size_checks import check_sizes
from tfgen.core.typing import ArrayLike
from tfgen.distributions.posteriors import Posterior

tfd = tfp.distributions


class Prior(Configured, abc.ABC):
    """A distribution p(z) of latent vectors, built when called.

    One with weights is a Keras layer, too: they are then the model's, and move with its networks.

    Attributes:
        dim: size of z.
        has_density: whether p(z) can be evaluated; one without can be drawn from alone.
        encodes: event shape of the x that it hands to the model's encoder; None where p(z) does not
            depend on it.
    """

    dim: int
    has_density = True
    encodes: tuple[int, ...] | None = None

    @abc.abstractmethod
    def __call__(
        self, encode: Callable[[tf.Tensor], tfd.Distribution] | None = None
    ) -> tfd.Distribution:
        """The distribution: event shape `[dim]`, float32.

        Args:
            encode: `x -> q(z | x)` of the model, for a prior that is made of it (see `encodes`).
        """

    def check_posterior(self, posterior: Posterior) -> None:
        """Checks that the prior can be made of such posteriors, where it is made of any.

        Raises:
            ValueError: it cannot.
        """
        if self.encodes is not None and not posterior.scores_any_z:
            raise ValueError(
                "expected a posterior whose density of any z is known, of which"
                f" {type(self).__name__} is a mixture. Received: {type(posterior).__name__}"
            )

    def adapt(self, x: Any, seed: int) -> None:
        """Starts from training examples, before the first step: here there is nothing to start.

        Args:
            x: `[num_examples, *event_shape]`, as the model's `check` wants it.
            seed: of what is drawn.
        """


class PriorInParts(Prior):
    """A prior of equally likely parts, p(z) = 1/n sum_k p(z | k): part k can stand for class k.

    Attributes:
        num_parts: n.
    """

    num_parts: int

    @abc.abstractmethod
    def sample_parts(self, parts: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draws z ~ p(z | k).

        Args:
            parts: `[n]`, integers k from 0 to `num_parts` - 1.
            seed: int32 `(2,)`.
        Returns:
            `[n, dim]`, float32.
        """


class StandardNormal(Prior):
    """Normal(0, I), written as `tfd.Independent(tfd.Normal)`.

    A posterior of this form has a closed-form KL divergence to it (Kingma & Welling 2014,
    Appendix B).

    Args:
        dim: size of z, int, at least 1.
    Raises:
        ValueError: wrong `dim`.
    """

    def __init__(self, dim: int) -> None:
        check_sizes(dim=dim)
        self.dim = int(dim)

    def __call__(self, encode: Callable | None = None) -> tfd.Independent:
        """The distribution: event shape `[dim]`, float32."""
        return tfd.Independent(
            tfd.Normal(tf.zeros([self.dim]), tf.ones([self.dim])), reinterpreted_batch_ndims=1
        )


class GaussianMixture(PriorInParts):
    """Fixed mixture, p(z) = 1/n sum_i Normal(z; means_i, diag(scales_i^2)).

    Args:
        means: array-like `[n, dim]`, finite.
        scales: standard deviations, positive: one for all, or array-like that broadcasts to
            `[n, dim]`.
    Raises:
        ValueError: wrong shapes or values.
    """

    def __init__(self, means: ArrayLike, scales: ArrayLike | float = 1.0) -> None:
        self.means = _nested_floats("means", means)
        self.scales = _nested_floats("scales", scales)
        shape, scales = np.shape(self.means), np.asarray(self.scales)
        if len(shape) != 2 or 0 in shape:
            raise ValueError(f"expected means of shape [n, dim]. Received: shape {shape}")
        try:
            np.broadcast_to(scales, shape)
        except ValueError as error:
            raise ValueError(
                f"expected scales to broadcast to {shape}. Received: shape {scales.shape}"
            ) from error
        if not np.all(scales > 0):
            raise ValueError(f"expected scales to be positive. Received: {scales.min()}")

    @classmethod
    def on_circle(
        cls, num_components: int, radius: float = 4.0, scale: float = 0.5, dim: int = 2
    ) -> Self:
        """Components at equal angles on a circle about 0 in the first two dimensions.

        The means of the mixture of ten Gaussians of Makhzani et al. (2016), Figure 4.

        Args:
            num_components: number of components, int, at least 1.
            radius: radius of the circle, finite.
            scale: standard deviation of every component in every dimension, positive.
            dim: size of z, int, at least 2.
        Returns:
            The `GaussianMixture`.
        Raises:
            ValueError: wrong arguments.
        """
        check_sizes(num_components=num_components, dim=dim)
        if dim < 2:
            raise ValueError(f"expected dim to be at least 2. Received: {dim!r}")
        angles = 2 * math.pi * np.arange(num_components) / num_components
        means = np.zeros([num_components, dim])
        means[:, 0] = radius * np.cos(angles)
        means[:, 1] = radius * np.sin(angles)
        return cls(means, scale)

    @property
    def dim(self) -> int:
        """Size of z."""
        return len(self.means[0])

    @property
    def num_parts(self) -> int:
        """Number of components."""
        return len(self.means)

    def sample_parts(self, parts: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        means = tf.constant(self.means)
        scales = tf.broadcast_to(tf.constant(self.scales), means.shape)
        noise = tf.random.stateless_normal((tf.size(parts), self.dim), seed)
        return tf.gather(means, parts) + tf.gather(scales, parts) * noise

    def __call__(self, encode: Callable | None = None) -> tfd.MixtureSameFamily:
        """The distribution: event shape `[dim]`, float32."""
        means = tf.constant(self.means)
        scales = tf.broadcast_to(tf.constant(self.scales), means.shape)
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=tf.zeros([len(self.means)])),
            tfd.Independent(tfd.Normal(means, scales), reinterpreted_batch_ndims=1),
        )


def standard_normal_unless(prior: Prior | None, latent_dim: int | None, usual: int) -> Prior:
    """The prior, or a standard normal of the size that is said, or else of the usual one.

    Raises:
        ValueError: a `latent_dim` that is no size, or not that of the prior's z.
    """
    if latent_dim is not None:
        check_sizes(latent_dim=latent_dim)
    if prior is None:
        return StandardNormal(usual if latent_dim is None else latent_dim)
    if latent_dim not in (None, prior.dim):
        raise ValueError(
            f"expected a latent_dim of {prior.dim}, as the prior {type(prior).__name__} has it, or"
            f" None. Received: {latent_dim!r}"
        )
    return prior


def _nested_floats(name, values):
    """Gives an array-like as a float or nested tuples of floats: hashable, and plain in JSON."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"expected {name} to be an array of numbers. Received: {values!r}"
        ) from error
    if not np.all(np.isfinite(array)):
        raise ValueError(f"expected {name} to be finite. Received: {values!r}")

    def nested(item):
        return tuple(map(nested, item)) if isinstance(item, list) else item

    return nested(array.tolist())
