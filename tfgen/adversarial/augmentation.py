"""Augmentation of what a discriminator judges, real and generated alike."""

import abc
from collections.abc import Callable, Sequence

import tensorflow as tf

from tfgen.core import Configured, fold_in, split_seed


class Augmentation(Configured, abc.ABC):
    """A random differentiable change of examples, which a discriminator sees in training.

    Data and generated examples go through it alike, and the generator learns through it, so that
    what it makes need not look augmented.
    """

    @abc.abstractmethod
    def __call__(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draws an augmented x for each example.

        Args:
            x: `[batch, ...]`, float32.
            seed: int32 `(2,)`.
        Returns:
            Shaped like x; it may leave the range of x.
        """


class DiffAugment(Augmentation):
    """Differentiable augmentation of images (Zhao et al. 2020), for few training images.

    "color": brightness + U(-1/2, 1/2), saturation by a factor of U(0, 2), contrast by one of
    U(1/2, 3/2). "translation": by up to 1/8 of the sides. "cutout": a window of half the sides is
    emptied, anywhere. As in the paper an image is in [-1, 1] for this, and what moves in or is cut
    out is 0 there, grey. Images are [0, 1] outside.

    Args:
        policy: some of "color", "translation" and "cutout", in the order of their use.
    Raises:
        ValueError: something else.
    """

    def __init__(self, policy: Sequence[str] = ("color", "translation", "cutout")) -> None:
        known = [] if isinstance(policy, str) else [name for name in policy if name in _CHANGES]
        if not known or len({*known}) != len(policy):
            raise ValueError(
                f"expected policy to hold some of {', '.join(_CHANGES)}, each once."
                f" Received: {policy!r}"
            )
        self.policy = tuple(known)

    def __call__(self, x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        if x.shape.rank != 4:
            raise ValueError(
                f"expected images [batch, height, width, channels]. Received: shape {x.shape}"
            )
        x = 2 * x - 1
        for index, name in enumerate(self.policy):
            for part, change in enumerate(_CHANGES[name]):
                x = change(x, fold_in(seed, 3 * index + part))
        return (x + 1) / 2


def _uniform(x, seed, low, high):
    """One draw for each image, `[batch, 1, 1, 1]`."""
    return tf.random.stateless_uniform((tf.shape(x)[0], 1, 1, 1), seed, low, high)


def _brightness(x, seed):
    return x + _uniform(x, seed, -0.5, 0.5)


def _saturation(x, seed):
    mean = tf.reduce_mean(x, axis=3, keepdims=True)
    return (x - mean) * _uniform(x, seed, 0.0, 2.0) + mean


def _contrast(x, seed):
    mean = tf.reduce_mean(x, axis=(1, 2, 3), keepdims=True)
    return (x - mean) * _uniform(x, seed, 0.5, 1.5) + mean


def _translation(x, seed):
    for axis, each in zip((1, 2), split_seed(seed, 2), strict=True):
        size = x.shape[axis]
        most = int(size / 8 + 0.5)
        shift = _integers(x, each, -most, most + 1)
        places = tf.range(size) + shift[:, tf.newaxis]
        inside = _along(axis, (places >= 0) & (places < size))
        places = tf.clip_by_value(places, 0, size - 1)
        x = tf.where(inside, tf.gather(x, places, axis=axis, batch_dims=1), 0.0)
    return x


def _cutout(x, seed):
    cut = []
    for axis, each in zip((1, 2), split_seed(seed, 2), strict=True):
        size = x.shape[axis]
        window = int(size / 2 + 0.5)
        centre = _integers(x, each, 0, size + 1 - window % 2)[:, tf.newaxis]
        places = tf.range(size)
        begin = centre - window // 2
        cut.append(_along(axis, (places >= begin) & (places < begin + window)))
    return tf.where(cut[0] & cut[1], 0.0, x)


def _integers(x, seed, low, high):
    return tf.random.stateless_uniform(tf.shape(x)[:1], seed, low, high, tf.int32)


def _along(axis, rows):
    """`[batch, size]` as an array of images that is of this size along one axis."""
    return rows[:, :, tf.newaxis, tf.newaxis] if axis == 1 else rows[:, tf.newaxis, :, tf.newaxis]


_CHANGES: dict[str, tuple[Callable[..., tf.Tensor], ...]] = {
    "color": (_brightness, _saturation, _contrast),
    "translation": (_translation,),
    "cutout": (_cutout,),
}
