"""What an InfoGAN's categories say of a real image and of the same image, changed a little."""

import tensorflow as tf

from tfgen.adversarial.augmentation import Augmentation
from tfgen.core import Configured
from tfgen.core.size_checks import check_positive
from tfgen.distributions import CategoricalCode, Code

# Of probabilities whose logarithm is taken.
_LEAST = 1e-8


class InvariantInformation(Configured):
    """-weight I(c; c'), of the category c of a real image and the category c' of T(x).

    I is the mutual information of the joint distribution P(c, c') = E_x[Q(c | x) Q(c' | T(x))],
    made symmetric: at most H(c), where each image keeps its category under T and all categories are
    as frequent. Ji et al. (2019), Eq. 3. An InfoGAN minimises it in the discriminator's phase, so
    that Q learns of real images, too, which it otherwise does not see.

    Args:
        augmentation: T, such as `AffineJitter()`.
        weight: positive.
    Raises:
        ValueError: no augmentation, or a weight that is not positive.
    """

    def __init__(self, augmentation: Augmentation, weight: float = 1.0) -> None:
        if not isinstance(augmentation, Augmentation):
            raise ValueError(
                f"expected an augmentation, such as AffineJitter(). Received: {augmentation!r}"
            )
        self.augmentation = augmentation
        self.weight = check_positive(weight, "weight")

    def __call__(self, code: Code, params: tf.Tensor, changed: tf.Tensor) -> tf.Tensor:
        """The term, a float32 scalar in nats, summed over the categorical parts.

        Args:
            code: with at least one `CategoricalCode`.
            params: `[batch, code.num_params]`, of Q(c | x).
            changed: those of Q(c | T(x)).
        """
        total = tf.zeros(())
        pairs = zip(code.posteriors(params), code.posteriors(changed), strict=True)
        for part, (q, of_changed) in zip(code.parts, pairs, strict=True):
            if isinstance(part, CategoricalCode):
                total += _information(q.mean(), of_changed.mean())
        return -self.weight * total

    def check(self, code: Code) -> None:
        """Checks that a code has a categorical part.

        Raises:
            ValueError: it has none.
        """
        if not any(isinstance(part, CategoricalCode) for part in code.parts):
            raise ValueError(f"expected a code with a CategoricalCode. Received: {code!r}")


def _information(p, q):
    """I of the symmetric mean of the products p q', `[batch, n]` both."""
    joint = tf.matmul(p, q, transpose_a=True) / tf.cast(tf.shape(p)[0], tf.float32)
    joint = tf.maximum((joint + tf.transpose(joint)) / 2, _LEAST)
    marginal = tf.math.log(tf.reduce_sum(joint, axis=1))
    return tf.reduce_sum(joint * (tf.math.log(joint) - marginal - marginal[:, tf.newaxis]))
