"""Codes of InfoGAN: what a generator reads beside noise, and what can be inferred of it."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured
from tfgen.core.condition import refuse_outside, to_tensor
from tfgen.distributions.code_parts import CodePart
from tfgen.distributions.priors import Prior

tfd = tfp.distributions


class Code(Configured):
    """A code c of independent parts, side by side in one vector.

    Q(c | x) is a product over the parts. With it the mutual information of c and x has the lower
    bound L_I = E[log Q(c | x)] + H(c) (Chen et al. 2016, Eq. 4 and 5), tight where Q(c | x) is
    p(c | x), and at most H(c) where c is discrete.

    Args:
        parts: such as `(CategoricalCode(10), UniformCode(2))`.
    Raises:
        ValueError: there are none.

    Example:
        >>> from tfgen.distributions import CategoricalCode, UniformCode
        >>> code = Code((CategoricalCode(3), UniformCode(1)))
        >>> code.join([2, 0], [[0.5], [-1.0]]).numpy().tolist()
        [[0.0, 0.0, 1.0, 0.5], [1.0, 0.0, 0.0, -1.0]]
    """

    def __init__(self, parts: Sequence[CodePart]) -> None:
        parts = (parts,) if isinstance(parts, CodePart) else tuple(parts)
        if not parts or not all(isinstance(part, CodePart) for part in parts):
            raise ValueError(
                f"expected parts such as CategoricalCode(10) and UniformCode(2). Received: {parts}"
            )
        self.parts = parts

    @property
    def dim(self) -> int:
        """Numbers that the generator reads."""
        return sum(part.dim for part in self.parts)

    @property
    def num_params(self) -> int:
        """Numbers that Q(c | x) has."""
        return sum(part.num_params for part in self.parts)

    @property
    def entropy(self) -> float:
        """H(c) in nats, the sum over the parts; differential for continuous ones."""
        return sum(part.entropy for part in self.parts)

    def prior(self) -> tfd.Blockwise:
        """p(c): event shape `[dim]`, float32."""
        return tfd.Blockwise([part.prior() for part in self.parts])

    def split(self, codes: tf.Tensor) -> list[tf.Tensor]:
        """The parts of codes `[batch, dim]`."""
        return tf.split(codes, [part.dim for part in self.parts], axis=-1)

    def join(self, *values: Any) -> tf.Tensor:
        """Codes `[n, dim]` of what users say of each part: integers `[n]`, floats `[n, dim]`.

        Raises:
            ValueError: values that are none, or not as many for each part.
        """
        if len(values) != len(self.parts):
            raise ValueError(
                f"expected values of {len(self.parts)} parts. Received: {len(values)} of them"
            )
        read = [part.read(each) for part, each in zip(self.parts, values, strict=True)]
        if len({each.shape[0] for each in read}) > 1:
            raise ValueError(
                "expected as many values of each part."
                f" Received: {', '.join(str(each.shape[0]) for each in read)}"
            )
        return tf.concat(read, axis=-1)

    def check(self, codes: Any, num_examples: int | tf.Tensor) -> tf.Tensor:
        """Checks codes at the door: one for each example, or one for all of them.

        In a graph the values are checked by assertions, which XLA drops.

        Returns:
            `[num_examples, dim]`, float32.
        Raises:
            ValueError: another shape or dtype, or values that p(c) cannot give.
        """
        expected = f"expected codes [{_number(num_examples)}, {self.dim}], or one of them"
        codes = to_tensor(codes, expected)
        known = tf.get_static_value(num_examples)
        fits = codes.shape.rank in (1, 2) and codes.shape[-1] == self.dim
        if fits and codes.shape.rank == 2 and None not in (known, codes.shape[0]):
            fits = codes.shape[0] == int(known)
        if not codes.dtype.is_floating or not fits:
            raise ValueError(f"{expected}. Received: {codes.dtype.name}, shape {codes.shape}")
        codes = tf.cast(codes, tf.float32)
        for part, own in zip(self.parts, self.split(codes), strict=True):
            refuse_outside(part.allowed(own), own, f"{expected}, as {part} gives them")
        return tf.broadcast_to(codes, (num_examples, self.dim))

    def posteriors(self, params: tf.Tensor) -> list[tfd.Distribution]:
        """Q(c | x) of each part, of `[batch, num_params]`."""
        each = tf.split(params, [part.num_params for part in self.parts], axis=-1)
        return [part.posterior(own) for part, own in zip(self.parts, each, strict=True)]

    def mean(self, params: tf.Tensor) -> tf.Tensor:
        """E_Q[c | x], `[batch, dim]`: probabilities of a category, means of numbers."""
        return tf.concat([q.mean() for q in self.posteriors(params)], axis=-1)

    def information(self, codes: tf.Tensor, params: tf.Tensor) -> list[tf.Tensor]:
        """L_I of each part over a batch, E[log Q(c | x)] + H(c), scalars in nats.

        Args:
            codes: `[batch, dim]`, those that x was made of.
            params: `[batch, num_params]`, of Q(c | x).
        """
        return [
            tf.reduce_mean(q.log_prob(own)) + part.entropy
            for part, own, q in zip(
                self.parts, self.split(codes), self.posteriors(params), strict=True
            )
        ]

    def sweeps(self, count: int) -> tuple[int, int, tf.Tensor]:
        """A grid of codes for pictures: the first part in rows, the second one in columns.

        Args:
            count: the most codes that there may be.
        Returns:
            Rows, ten at most, columns, and the codes `[rows * columns, dim]`.
        """
        first, *others = self.parts
        down = first.sweep(min(count, 10))
        across = others[0].sweep(count // len(down)) if others else None
        columns = 1 if across is None else len(across)
        codes = [tf.repeat(down, columns, axis=0)]
        for part in others:
            codes.append(tf.repeat(part.neutral()[tf.newaxis], len(down) * columns, axis=0))
        if across is not None:
            codes[1] = tf.tile(across, (len(down), 1))
        return len(down), columns, tf.concat(codes, axis=-1)


class CodedNoise(Prior):
    """Noise and a code side by side, z = (noise, c): what the generator of an InfoGAN reads.

    Args:
        noise: a prior without weights, such as `StandardNormal(62)`.
        code: such as `Code((CategoricalCode(10), UniformCode(2)))`.
    Raises:
        ValueError: they are no prior and no code.
    """

    def __init__(self, noise: Prior, code: Code) -> None:
        if not isinstance(noise, Prior) or isinstance(noise, keras.layers.Layer):
            raise ValueError(f"expected noise to be a prior without weights. Received: {noise!r}")
        if not isinstance(code, Code):
            raise ValueError(f"expected code to be a Code. Received: {code!r}")
        self.noise = noise
        self.code = code

    @property
    def dim(self) -> int:
        """Numbers of noise and code together."""
        return self.noise.dim + self.code.dim

    def __call__(self, encode: Callable | None = None) -> tfd.Blockwise:
        """The distribution: event shape `[dim]`, float32."""
        return tfd.Blockwise([self.noise(), self.code.prior()])

    def split(self, z: tf.Tensor) -> list[tf.Tensor]:
        """Noise and code of z, `[batch, noise.dim]` and `[batch, code.dim]`."""
        return tf.split(z, [self.noise.dim, self.code.dim], axis=-1)


def _number(count):
    known = tf.get_static_value(count)
    return "num_samples" if known is None else int(known)
