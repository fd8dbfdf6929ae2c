"""Which caption of a batch a real image is shown with that is not its own."""

import abc

import tensorflow as tf

from tfgen.core import Configured, split_seed
from tfgen.core.size_checks import check_rate


class WrongCaptions(Configured, abc.ABC):
    """Chooses for each example another caption of its batch: one that training has, of an image."""

    def __call__(self, given: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Draws a wrong caption for each example.

        Args:
            given: `[batch, length]`, the numbers of the words of each example's caption.
            seed: int32 `(2,)`.
        Returns:
            The index of the example whose caption it is, int32 `[batch]`, and whether that is
            another one, boolean `[batch]`: it is not where all captions of the batch are the same.
        """
        apart = words_apart(given, given)
        index = tf.argmin(
            tf.where(apart > 0, self.order(apart, seed), float("inf")), axis=1, output_type=tf.int32
        )
        return index, tf.reduce_any(apart > 0, axis=1)

    @abc.abstractmethod
    def order(self, apart: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """What comes first is chosen.

        Args:
            apart: `[batch, batch]`, float32, the number of places where two captions differ.
            seed: int32 `(2,)`.
        Returns:
            `[batch, batch]`, float32; of each row the least is chosen that is another caption.
        """


class OtherCaption(WrongCaptions):
    """The caption of any other example, all equally likely (Reed et al. 2016, section 4.2)."""

    def order(self, apart: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        return tf.random.stateless_uniform(tf.shape(apart), seed)


class NearestCaption(WrongCaptions):
    """The caption that differs in the fewest words, of several any; otherwise any other caption.

    A batch in which there is one often has the caption with one word exchanged, which tells a
    discriminator of each word by itself.

    Args:
        share: of the examples that get the nearest caption, in [0, 1).
    Raises:
        ValueError: a share out of range.
    """

    def __init__(self, share: float = 0.6) -> None:
        self.share = check_rate(share, "share")

    def order(self, apart: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        ties, chosen = split_seed(seed, 2)
        order = tf.random.stateless_uniform(tf.shape(apart), ties)
        nearest = tf.random.stateless_uniform([tf.shape(apart)[0], 1], chosen) < self.share
        return tf.where(nearest, apart + order, order)


def words_apart(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """In how many places the rows of two tensors differ.

    Args:
        one, other: `[n, length]` and `[m, length]`.
    Returns:
        `[n, m]`, float32.
    """
    differs = tf.cast(one[:, tf.newaxis] != other[tf.newaxis], tf.float32)
    return tf.reduce_sum(differs, axis=-1)
