"""Adversarial losses, in pairs: what the discriminator and the generator each minimise.

The logits are those of D(x) = sigmoid(logits), the probability that x comes from the data.
"""

import tensorflow as tf

from tfgen.core import Configured


class Minimax(Configured):
    """The two-player game min_G max_D E[log D(x)] + E[log(1 - D(G(z)))].

    Goodfellow et al. (2014), Eq. 1.
    """

    def discriminator(self, real_logits, fake_logits):
        """-E[log D(x)] - E[log(1 - D(G(z)))], the negative value of the game.

        Args:
            real_logits: `[batch]`, of data.
            fake_logits: `[batch]`, of generated examples; the batches may differ in size.
        Returns:
            float32 scalar, in nats.
        """
        return -_mean_log_sigmoid(real_logits) - _mean_log_sigmoid(-fake_logits)

    def generator(self, fake_logits):
        """E[log(1 - D(G(z)))].

        Args:
            fake_logits: `[batch]`, of generated examples.
        Returns:
            float32 scalar, in nats.
        """
        return _mean_log_sigmoid(-fake_logits)


class NonSaturating(Minimax):
    """The same game for the discriminator; the generator maximises E[log D(G(z))].

    Same fixed point, but strong gradients early on, when D rejects G(z) with confidence.
    Goodfellow et al. (2014), section 3.
    """

    def generator(self, fake_logits):
        """-E[log D(G(z))].

        Args:
            fake_logits: `[batch]`, of generated examples.
        Returns:
            float32 scalar, in nats.
        """
        return -_mean_log_sigmoid(fake_logits)


def optimal_logits(x, p_data, p_model):
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
