"""Parts of a code: categories and numbers, each with its prior and the family of Q(c | x)."""

import abc
import math
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured
from tfgen.core.condition import refuse_outside, to_tensor
from tfgen.core.size_checks import check_not_negative, check_sizes

tfd = tfp.distributions


class CodePart(Configured, abc.ABC):
    """One part of a code: its prior p(c), and the family of Q(c | x).

    Attributes:
        dim: numbers that the generator reads of it.
        num_params: numbers that Q(c | x) has for it.
        weight: lambda, of its mutual information with x in the objective.
    """

    dim: int
    num_params: int
    weight: float

    @property
    @abc.abstractmethod
    def entropy(self) -> float:
        """H(c) in nats, differential where c is continuous."""

    @abc.abstractmethod
    def prior(self) -> tfd.Distribution:
        """p(c): event shape `[dim]`, float32."""

    @abc.abstractmethod
    def posterior(self, params: tf.Tensor) -> tfd.Distribution:
        """Q(c | x): batch shape `[batch]`, event shape `[dim]`.

        Args:
            params: `[batch, num_params]`, float32, any real numbers.
        """

    @abc.abstractmethod
    def allowed(self, codes: tf.Tensor) -> tf.Tensor:
        """Which codes `[..., dim]` p(c) can give: bool, `[...]` or `[..., dim]`."""

    @abc.abstractmethod
    def sweep(self, most: int) -> tf.Tensor:
        """Codes that show what the part does, in order: `[n, dim]`, at most `most` of them."""

    @abc.abstractmethod
    def neutral(self) -> tf.Tensor:
        """A code `[dim]` for pictures of what other parts do."""

    @abc.abstractmethod
    def read(self, values: Any) -> tf.Tensor:
        """What users say of this part, as codes `[n, dim]`.

        Raises:
            ValueError: values that are none of it.
        """


class CategoricalCode(CodePart):
    """One of several equally likely values, one-hot; Q(c | x) is a softmax.

    Args:
        num_values: number of values, at least 2.
        weight: lambda, 0 or more.
    Raises:
        ValueError: an argument is not of this kind.
    """

    def __init__(self, num_values: int, weight: float = 1.0) -> None:
        check_sizes(num_values=num_values)
        if num_values < 2:
            raise ValueError(f"expected num_values to be at least 2. Received: {num_values!r}")
        self.num_values = num_values
        self.weight = check_not_negative(weight, "weight")

    @property
    def dim(self) -> int:
        return self.num_values

    num_params = dim

    @property
    def entropy(self) -> float:
        return math.log(self.num_values)

    def prior(self) -> tfd.OneHotCategorical:
        return tfd.OneHotCategorical(tf.zeros([self.num_values]), dtype=tf.float32)

    def posterior(self, params: tf.Tensor) -> tfd.OneHotCategorical:
        return tfd.OneHotCategorical(params, dtype=tf.float32)

    def allowed(self, codes: tf.Tensor) -> tf.Tensor:
        whole = tf.reduce_all((codes == 0) | (codes == 1), axis=-1)
        return whole & (tf.reduce_sum(codes, axis=-1) == 1)

    def sweep(self, most: int) -> tf.Tensor:
        """The values, from the first one on."""
        return tf.eye(min(most, self.num_values), self.num_values)

    def neutral(self) -> tf.Tensor:
        """The first value."""
        return self.sweep(1)[0]

    def read(self, values: Any) -> tf.Tensor:
        """One-hot vectors of integers `[n]` from 0 to `num_values` - 1."""
        expected = f"expected values from 0 to {self.num_values - 1}"
        values = to_tensor(values, expected)
        if not values.dtype.is_integer or values.shape.rank != 1:
            raise ValueError(
                f"{expected}, integers [n]. Received: {values.dtype.name}, shape {values.shape}"
            )
        refuse_outside((values >= 0) & (values < self.num_values), values, expected)
        return tf.one_hot(values, self.num_values)


class UniformCode(CodePart):
    """Independent numbers, uniform on [-1, 1]; Q(c | x) is normal, its deviations exponentials.

    The mutual information of a continuous code with x has no upper limit: H(c) is differential, and
    the bound exceeds it where Q is sharp. The paper has a smaller lambda for it.

    Args:
        dim: how many numbers, at least 1.
        weight: lambda, 0 or more.
    Raises:
        ValueError: an argument is not of this kind.
    """

    def __init__(self, dim: int = 1, weight: float = 0.1) -> None:
        check_sizes(dim=dim)
        self.dim = dim
        self.weight = check_not_negative(weight, "weight")

    @property
    def num_params(self) -> int:
        return 2 * self.dim

    @property
    def entropy(self) -> float:
        return self.dim * math.log(2.0)

    def prior(self) -> tfd.Independent:
        return tfd.Independent(tfd.Uniform(-tf.ones([self.dim]), tf.ones([self.dim])), 1)

    def posterior(self, params: tf.Tensor) -> tfd.Independent:
        mean, log_deviation = tf.split(params, 2, axis=-1)
        return tfd.Independent(tfd.Normal(mean, tf.exp(log_deviation)), 1)

    def allowed(self, codes: tf.Tensor) -> tf.Tensor:
        return tf.abs(codes) <= 1

    def sweep(self, most: int) -> tf.Tensor:
        """Each number in turn from -1 to 1, the others 0."""
        steps = [len(each) for each in np.array_split(np.arange(most), self.dim)]
        codes = np.zeros((most, self.dim), "float32")
        codes[np.arange(most), np.repeat(np.arange(self.dim), steps)] = np.concatenate(
            [np.linspace(-1, 1, n) if n > 1 else np.zeros(n) for n in steps]
        )
        return tf.constant(codes)

    def neutral(self) -> tf.Tensor:
        """The middle."""
        return tf.zeros([self.dim])

    def read(self, values: Any) -> tf.Tensor:
        """Floats `[n, dim]` in [-1, 1]."""
        expected = f"expected floats [n, {self.dim}] in [-1, 1]"
        values = to_tensor(values, expected)
        if not values.dtype.is_floating or values.shape.rank != 2 or values.shape[1] != self.dim:
            raise ValueError(f"{expected}. Received: {values.dtype.name}, shape {values.shape}")
        values = tf.cast(values, tf.float32)
        refuse_outside(self.allowed(values), values, expected)
        return values
