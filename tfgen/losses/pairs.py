"""Adversarial losses, in pairs: what the discriminator and the generator each minimise."""

import abc

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.core import Configured

tfd = tfp.distributions


class LossPair(Configured, abc.ABC):
    """What the two networks minimise, and what the discriminator's outputs mean."""

    @abc.abstractmethod
    def discriminator(self, real_outputs: tf.Tensor, fake_outputs: tf.Tensor) -> tf.Tensor:
        """What the discriminator minimises.

        Args:
            real_outputs: `[batch]`, of data.
            fake_outputs: `[batch]`, of generated examples; the batches may differ in size.
        Returns:
            float32 scalar.
        """

    @abc.abstractmethod
    def generator(self, fake_outputs: tf.Tensor) -> tf.Tensor:
        """What the generator minimises.

        Args:
            fake_outputs: `[batch]`, of generated examples.
        Returns:
            float32 scalar.
        """

    @abc.abstractmethod
    def verdict(self, outputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """What the outputs say of examples, by its name.

        Args:
            outputs: `[batch]`, of the discriminator.
        Returns:
            `{"probabilities": [batch]}` where the outputs are logits of the probability that x
            comes from the data, `{"scores": [batch]}` where they are not: the higher, the more
            like data.
        """


class Minimax(LossPair):
    """The two-player game min_G max_D E[log D(x)] + E[log(1 - D(G(z)))].

    The outputs are the logits of D(x), the probability that x comes from the data. Goodfellow et
    al. (2014), Eq. 1.
    """

    def discriminator(self, real_outputs: tf.Tensor, fake_outputs: tf.Tensor) -> tf.Tensor:
        """-E[log D(x)] - E[log(1 - D(G(z)))], the negative value of the game, in nats."""
        return -_mean_log_sigmoid(real_outputs) - _mean_log_sigmoid(-fake_outputs)

    def generator(self, fake_outputs: tf.Tensor) -> tf.Tensor:
        """E[log(1 - D(G(z)))], in nats."""
        return _mean_log_sigmoid(-fake_outputs)

    def probability(self, outputs: tf.Tensor) -> tf.Tensor:
        """D(x) = sigmoid(logits), the probability that x comes from the data."""
        return tf.sigmoid(outputs)

    def verdict(self, outputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """The probabilities D(x)."""
        return {"probabilities": self.probability(outputs)}


class NonSaturating(Minimax):
    """The same game for the discriminator; the generator maximises E[log D(G(z))].

    Same fixed point, but strong gradients early on, when D rejects G(z) with confidence.
    Goodfellow et al. (2014), section 3.
    """

    def generator(self, fake_outputs: tf.Tensor) -> tf.Tensor:
        """-E[log D(G(z))], in nats."""
        return -_mean_log_sigmoid(fake_outputs)


def optimal_logits(x: tf.Tensor, p_data: tfd.Distribution, p_model: tfd.Distribution) -> tf.Tensor:
    """Logits of the best discriminator of two known densities, log p_data(x) - log p_model(x).

    Its D*(x) is p_data(x) / (p_data(x) + p_model(x)), where the game has the value
    2 JSD(p_data || p_model) - log 4. Goodfellow et al. (2014), Proposition 1 and Theorem 1.

    Args:
        x: `[batch, *event_shape]`.
        p_data: `tfd.Distribution` of the data.
        p_model: `tfd.Distribution` of generated examples.
    Returns:
        `[batch]`.
    """
    return p_data.log_prob(x) - p_model.log_prob(x)


def _mean_log_sigmoid(logits):
    """E[log D] of logits, and E[log(1 - D)] of their negatives: 1 - sigmoid(a) = sigmoid(-a)."""
    return tf.reduce_mean(tf.math.log_sigmoid(tf.cast(logits, tf.float32)))
