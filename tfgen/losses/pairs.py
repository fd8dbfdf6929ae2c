"""Adversarial losses, in pairs: what the discriminator and the generator each minimise."""

import abc

import tensorflow as tf

from tfgen.core import Configured
from tfgen.core.size_checks import check_finite


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


class LeastSquares(LossPair):
    """Least squares, the outputs pulled to `real` for data and to `fake` for generated examples.

    min_D 1/2 E[(D(x) - real)^2] + 1/2 E[(D(G(z)) - fake)^2] and min_G 1/2 E[(D(G(z)) - target)^2].
    Mao et al. (2017), Eq. 2 and 9. The gradient goes on where D takes a generated example for
    real with ease, but far from `target`. With `LeastSquares(1, -1, 0)` and the best D the
    generator minimises a Pearson chi-square divergence (see `pearson_chi_square`).

    Args:
        real: b, the discriminator's target for data; above `fake`.
        fake: a, its target for generated examples.
        target: c, the generator's.
    Raises:
        ValueError: one is not a finite number, or `real` is not above `fake`.
    """

    def __init__(self, real: float = 1.0, fake: float = 0.0, target: float = 1.0) -> None:
        self.real = check_finite(real, "real")
        self.fake = check_finite(fake, "fake")
        self.target = check_finite(target, "target")
        if not self.real > self.fake:
            raise ValueError(
                f"expected real to be above fake={fake!r}: the higher an output, the more x looks"
                f" like data. Received: {real!r}"
            )

    def discriminator(self, real_outputs: tf.Tensor, fake_outputs: tf.Tensor) -> tf.Tensor:
        """1/2 E[(D(x) - real)^2] + 1/2 E[(D(G(z)) - fake)^2]."""
        of_real = _mean((_floats(real_outputs) - self.real) ** 2)
        return of_real / 2 + _mean((_floats(fake_outputs) - self.fake) ** 2) / 2

    def generator(self, fake_outputs: tf.Tensor) -> tf.Tensor:
        """1/2 E[(D(G(z)) - target)^2]."""
        return _mean((_floats(fake_outputs) - self.target) ** 2) / 2

    def verdict(self, outputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """The probabilities (D(x) - fake) / (real - fake), clipped to [0, 1].

        The best D is the mean of the two targets under the probability that x comes from the data,
        (real p_data + fake p_model) / (p_data + p_model): a line leads back to that probability.
        """
        share = (_floats(outputs) - self.fake) / (self.real - self.fake)
        return {"probabilities": tf.clip_by_value(share, 0.0, 1.0)}


class Wasserstein(LossPair):
    """max_D E[D(x)] - E[D(G(z))], where D is 1-Lipschitz: the Wasserstein-1 distance.

    Arjovsky et al. (2017), Eq. 2 and 3. The pair alone bounds no slope: a penalty does
    (`GradientPenalty`), or the layers of the network.
    """

    def discriminator(self, real_outputs: tf.Tensor, fake_outputs: tf.Tensor) -> tf.Tensor:
        """E[D(G(z))] - E[D(x)], minus the estimate of the distance, in the units of x."""
        return _mean(fake_outputs) - _mean(real_outputs)

    def generator(self, fake_outputs: tf.Tensor) -> tf.Tensor:
        """-E[D(G(z))]."""
        return -_mean(fake_outputs)

    def verdict(self, outputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scores, whose differences alone mean something."""
        return {"scores": outputs}


class Hinge(LossPair):
    """The hinge loss of the discriminator; the generator maximises the outputs.

    Lim & Ye (2017); Miyato et al. (2018), Eq. 16 and 17.
    """

    def discriminator(self, real_outputs: tf.Tensor, fake_outputs: tf.Tensor) -> tf.Tensor:
        """E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]."""
        of_real = _mean(tf.nn.relu(1 - _floats(real_outputs)))
        return of_real + _mean(tf.nn.relu(1 + _floats(fake_outputs)))

    def generator(self, fake_outputs: tf.Tensor) -> tf.Tensor:
        """-E[D(G(z))]."""
        return -_mean(fake_outputs)

    def verdict(self, outputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Scores: the best D is 1 where data are the likelier, -1 elsewhere."""
        return {"scores": outputs}


def _floats(outputs):
    return tf.cast(outputs, tf.float32)


def _mean(outputs):
    return tf.reduce_mean(_floats(outputs))


def _mean_log_sigmoid(logits):
    """E[log D] of logits, and E[log(1 - D)] of their negatives: 1 - sigmoid(a) = sigmoid(-a)."""
    return _mean(tf.math.log_sigmoid(_floats(logits)))
