"""Data in units of their own spread, each dimension beside what those before it say of it."""

import math
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core.size_checks import check_positive
from tfgen.core.typing import ArrayLike, ShapeLike
from tfgen.layers.configured_layer import ConfiguredLayer

tfb = tfp.bijectors

_FOLDS = 5
_SHRINKAGES = np.geomspace(1e-6, 1, 25)
# With more of them the matrix A costs more than it tells.
_MOST_DIMENSIONS = 1000


class Standardize(ConfiguredLayer):
    """z_d = A_dd u_d + sum_{j<d} A_dj u_j,  u = (x - mean) / scale: zero mean, unit variance.

    A is lower triangular, the inverse of the Cholesky factor of (1 - s) R + s I, where R has the
    correlations: z_d is what a linear regression of x_d on the dimensions before it leaves, in
    units of its standard deviation. The shrinkage s is chosen by the likelihood of normals in a
    five-fold cross-validation of the examples that `adapt` gets; s = 1 is A = I, each dimension
    standardised by itself. Given the dimensions before it z_d is an increasing function of x_d, so
    a density of z is one of x (see `conditional_bijector`). Until `adapt` has been called, z = x.

    A dimension that is constant has the scale 1. The pixels of images have one unit: images have
    one mean and one scale, and A = I.

    Args:
        event_shape: `(d,)` or `(height, width, channels)`.
        shrinkage: s, above 0 and at most 1; None for the one that is chosen, or 1 where a vector
            has more than 1,000 dimensions.
    Input: x, `[batch, *event_shape]`.
    Output: z, `[batch, *event_shape]`, float32.
    Raises:
        ValueError: a shrinkage outside of its range.

    Attributes:
        mean, scale: weights that no training moves, `[d]`; `[1]` for images.
        factor: A, `[d, d]`, another one; None where it is I.
    """

    def __init__(
        self, event_shape: ShapeLike, shrinkage: float | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        if shrinkage is not None and check_positive(shrinkage, "shrinkage") > 1:
            raise ValueError(
                f"expected shrinkage above 0 and at most 1, or None. Received: {shrinkage!r}"
            )
        self.event_shape = tuple(event_shape)
        self.shrinkage = shrinkage
        size = math.prod(self.event_shape)
        shape = (size,) if len(self.event_shape) == 1 else (1,)
        limit = _MOST_DIMENSIONS if shrinkage is None else math.inf
        add = lambda name, shape, start: self.add_weight(shape, start, trainable=False, name=name)
        self.mean = add("mean", shape, "zeros")
        self.scale = add("scale", shape, "ones")
        # What float32 cuts off the mean, in units of the scale: 1000 beside a scale of 0.001.
        self._rest = add("rest", shape, "zeros")
        whole = shape == (size,) and shrinkage != 1 and size <= limit
        self.factor = add("factor", (size, size), "identity") if whole else None
        self._adapted = add("adapted", (), "zeros")
        self.built = True

    @property
    def adapted(self) -> bool:
        """Whether `adapt` has been called; saved with the weights."""
        return bool(self._adapted.numpy())

    def adapt(self, x: ArrayLike) -> None:
        """Sets mean, scale and A to those of some examples; in double precision.

        Args:
            x: `[num_examples, *event_shape]`, finite.
        Raises:
            ValueError: no examples, or of another shape.
        """
        x = np.asarray(x, "float64")
        if x.shape[1:] != self.event_shape or not len(x):
            raise ValueError(
                f"expected examples of shape {self.event_shape}. Received: shape {x.shape}"
            )
        examples = x.reshape(-1, *self.mean.shape)
        mean, scale = _mean_and_scale(examples)
        self.mean.assign(mean)
        self.scale.assign(scale)
        self._rest.assign((mean - mean.astype("float32")) / scale)
        if self.factor is not None:
            shrinkage = self.shrinkage or _best_shrinkage(examples)
            units = (examples - mean) / scale
            self.factor.assign(_inverse_factor(_second_moments(units), shrinkage))
        self._adapted.assign(1.0)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        units = self._units(x)
        return units if self.factor is None else tf.matmul(units, self.factor, transpose_b=True)

    def inverse(self, z: tf.Tensor) -> tf.Tensor:
        """x of z, `[batch, *event_shape]`."""
        if self.factor is not None:
            factor = tf.convert_to_tensor(self.factor)
            z = tf.transpose(tf.linalg.triangular_solve(factor, tf.transpose(z)))
        return self.mean + self.scale * (z + self._rest)

    def conditional_bijector(self, x: tf.Tensor) -> tfb.Bijector:
        """x_d as a function of z_d, for all d, where the dimensions before it are those of x.

        Args:
            x: `[batch, *event_shape]`.
        Returns:
            Bijector of scalars, its parameters `[batch, *event_shape]` or fewer.
        """
        mean, scale, rest = map(tf.convert_to_tensor, (self.mean, self.scale, self._rest))
        parts = [tfb.Shift(mean), tfb.Scale(scale), tfb.Shift(rest)]
        if self.factor is not None:
            own = tf.linalg.diag_part(self.factor)
            parts += [tfb.Scale(1 / own), tfb.Shift(own * self._units(x) - self(x))]
        return tfb.Chain(parts)

    def _units(self, x):
        return (x - self.mean) / self.scale - self._rest


def _mean_and_scale(x):
    """Mean and standard deviation by column, the latter 1 where there is none."""
    constant = x.max(axis=0) == x.min(axis=0)
    mean = np.where(constant, x[0], x.mean(axis=0))
    return mean, np.where(constant, 1.0, np.sqrt(np.mean((x - mean) ** 2, axis=0)))


def _second_moments(units):
    """Their matrix, with 1 for the dimensions that are constant."""
    moments = units.T @ units / len(units)
    return moments + np.diag(np.where(np.diag(moments) == 0, 1.0, 0.0))


def _inverse_factor(moments, shrinkage):
    shrunk = (1 - shrinkage) * moments + shrinkage * np.eye(len(moments))
    return np.linalg.inv(np.linalg.cholesky(shrunk))


def _best_shrinkage(x):
    """The one of `_SHRINKAGES` whose normals have the highest likelihood on examples left out.

    The folds take every fifth example, for tables come sorted.
    """
    folds = min(_FOLDS, len(x))
    if folds < 2:
        return 1.0
    total = np.zeros(len(_SHRINKAGES))
    for fold in range(folds):
        left_out = np.arange(len(x)) % folds == fold
        mean, scale = _mean_and_scale(x[~left_out])
        values, vectors = np.linalg.eigh(_second_moments((x[~left_out] - mean) / scale))
        # What is left out, along the eigenvectors: all matrices of the path share them.
        spread = np.sum((((x[left_out] - mean) / scale) @ vectors) ** 2, axis=0)
        for i, shrinkage in enumerate(_SHRINKAGES):
            variances = (1 - shrinkage) * np.maximum(values, 0) + shrinkage
            total[i] += np.sum(spread / variances + left_out.sum() * np.log(variances))
    return float(_SHRINKAGES[total.argmin()])
