"""How far an image and a mask that were made of parts are from those that the parts are of."""

import abc

import tensorflow as tf

from tfgen.core import Configured


class PartLoss(Configured, abc.ABC):
    """Where the parts were put, and whether they look there as they did."""

    @abc.abstractmethod
    def __call__(
        self, x: tf.Tensor, mask: tf.Tensor, fake: tf.Tensor, logits: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The spatial and the appearance loss, float32 scalars: sums over pixels, means over x.

        Args:
            x: the images that the parts are of, `[batch, height, width, channels]` in [0, 1].
            mask: M, 1 where a part is and 0 elsewhere, `[batch, height, width, 1]`.
            fake: what was generated of the parts, of the shape of x.
            logits: of M_hat, the probabilities that a part is there, `[batch, height, width, 1]`.
        """


class PredictedMaskLoss(PartLoss):
    """|M_hat - M|_1 and |M_hat . G - M . X|_1, as Lee et al. (2018) have them."""

    def __call__(
        self, x: tf.Tensor, mask: tf.Tensor, fake: tf.Tensor, logits: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        predicted = tf.sigmoid(logits)
        return _sum(tf.abs(predicted - mask)), _sum(tf.abs(predicted * fake - mask * x))


class TrueMaskLoss(PartLoss):
    """The cross-entropy of M_hat, in nats, and |M . (G - X)|_1.

    The cross-entropy's slope does not vanish where M_hat is wrong with confidence; and under the
    true mask the appearance is no reason to empty M_hat.
    """

    def __call__(
        self, x: tf.Tensor, mask: tf.Tensor, fake: tf.Tensor, logits: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        spatial = tf.nn.sigmoid_cross_entropy_with_logits(mask, logits)
        return _sum(spatial), _sum(tf.abs(mask * (fake - x)))


def _sum(pixels):
    return tf.reduce_mean(tf.reduce_sum(pixels, axis=(1, 2, 3)))
