"""Heads for real values: a mixture of densities for each scalar dimension."""

import abc
import math

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core.size_checks import check_positive, check_sizes
from tfgen.distributions.head import Head
from tfgen.distributions.inversion import invert_categorical

tfd = tfp.distributions

# Half the distance of float32 uniform numbers: it takes [0, 1) to the middles of its cells, so
# that no quantile is infinite.
_HALF_CELL = 2.0**-24


class ContinuousMixture(Head):
    """A mixture of one location-scale family, p(x) = sum_i softmax(logits)_i f(x; loc_i, s_i).

    s_i = softplus(raw_i) + min_scale. A subclass names the family f.
    params: the logits of all components, their locs, their raws.

    Args:
        num_components: number of components, int, at least 1.
        min_scale: least scale, positive; see `Normal`.
    Raises:
        ValueError: a wrong number or scale.
    """

    def __init__(self, num_components: int, min_scale: float = 1e-3) -> None:
        check_sizes(num_components=num_components)
        self.num_components = int(num_components)
        self.min_scale = check_positive(min_scale, "min_scale")

    @abc.abstractmethod
    def component(self, loc: tf.Tensor, scale: tf.Tensor) -> tfd.Distribution:
        """The `tfd.Distribution` f of some locations and scales, with a closed-form quantile."""

    @property
    def num_params(self) -> int:
        return 3 * self.num_components

    def marginals(self, params: tf.Tensor) -> tfd.Distribution:
        logits, loc, scale = self._split(params)
        return tfd.MixtureSameFamily(tfd.Categorical(logits=logits), self.component(loc, scale))

    def invert(self, params: tf.Tensor, uniforms: tf.Tensor) -> tf.Tensor:
        """Draws by inversion: one number takes the component, the other is its quantile.

        Args:
            params: `[..., num_params]`.
            uniforms: `[..., 2]`, float32 in [0, 1). Their finest step, 2^-23, bounds the draws:
                to 5.3 standard deviations of a normal component.
        Returns:
            `[...]`, finite, in the dtype of `params`; NaN where those are.
        """
        logits, loc, scale = self._split(params)
        taken = invert_categorical(logits, uniforms[..., 0])
        place, rank = tf.maximum(taken, 0)[..., tf.newaxis], params.shape.rank - 1
        loc, scale = (
            tf.squeeze(tf.gather(each, place, batch_dims=rank), axis=-1) for each in (loc, scale)
        )
        middle = tf.minimum(uniforms[..., 1] + _HALF_CELL, 1 - _HALF_CELL)
        drawn = self.component(loc, scale).quantile(tf.cast(middle, params.dtype))
        return tf.where(taken >= 0, drawn, math.nan)

    def _split(self, params):
        logits, loc, raw = tf.split(params, 3, axis=-1)
        return logits, loc, tf.nn.softplus(raw) + self.min_scale


class NormalMixture(ContinuousMixture):
    """Mixture of normals for each scalar dimension (Bishop 1994; Uria et al. 2013).

    p(x) = sum_i softmax(logits)_i Normal(x; loc_i, softplus(raw_i) + min_scale).
    params: the logits of all components, their locs, their raws.

    Args:
        num_components: number of components, int, at least 1.
        min_scale: least scale, positive; see `Normal`.
    Raises:
        ValueError: a wrong number or scale.
    """

    def component(self, loc: tf.Tensor, scale: tf.Tensor) -> tfd.Distribution:
        return tfd.Normal(loc, scale)


class LaplaceMixture(ContinuousMixture):
    """Mixture of Laplace densities for each scalar dimension (Uria et al. 2013).

    p(x) = sum_i softmax(logits)_i exp(-|x - loc_i| / s_i) / (2 s_i), s_i = softplus(raw_i) +
    min_scale. Its tails are heavier than a normal's, its peaks sharper.
    params: the logits of all components, their locs, their raws.

    Args:
        num_components: number of components, int, at least 1.
        min_scale: least scale, positive; see `Normal`.
    Raises:
        ValueError: a wrong number or scale.
    """

    def component(self, loc: tf.Tensor, scale: tf.Tensor) -> tfd.Distribution:
        return tfd.Laplace(loc, scale)


class ContinuousLogisticMixture(ContinuousMixture):
    """Mixture of logistic densities for each scalar dimension.

    p(x) = sum_i softmax(logits)_i sigma(z_i) sigma(-z_i) / s_i, z_i = (x - loc_i) / s_i, s_i =
    softplus(raw_i) + min_scale: what `LogisticMixture` rounds to levels (Salimans et al. 2017).
    params: the logits of all components, their locs, their raws.

    Args:
        num_components: number of components, int, at least 1.
        min_scale: least scale, positive; see `Normal`.
    Raises:
        ValueError: a wrong number or scale.
    """

    def component(self, loc: tf.Tensor, scale: tf.Tensor) -> tfd.Distribution:
        return tfd.Logistic(loc, scale)
