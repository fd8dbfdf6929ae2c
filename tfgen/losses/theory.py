"""What the best discriminator of two known densities is, and what the game is worth there.

Sums over a finite space, or over the cells of a grid: `points` are `[n, *event_shape]`, `cell` is
the size of one cell, 1 where the points are all the values there are.
"""

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.losses.pairs import LeastSquares

tfd = tfp.distributions


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


def optimal_least_squares(
    x: tf.Tensor, p_data: tfd.Distribution, p_model: tfd.Distribution, pair: LeastSquares
) -> tf.Tensor:
    """Outputs of the best discriminator under a `LeastSquares` pair.

    (real p_data + fake p_model) / (p_data + p_model). Mao et al. (2017), Eq. 5.

    Args:
        x: `[batch, *event_shape]`.
        p_data: `tfd.Distribution` of the data.
        p_model: `tfd.Distribution` of generated examples.
        pair: whose targets `real` and `fake` are.
    Returns:
        `[batch]`.
    """
    share = tf.sigmoid(optimal_logits(x, p_data, p_model))
    return pair.fake + (pair.real - pair.fake) * share


def game_value(
    logits: tf.Tensor,
    p_data: tfd.Distribution,
    p_model: tfd.Distribution,
    points: tf.Tensor,
    cell: float = 1.0,
) -> tf.Tensor:
    """V(D, G) = E_data[log D(x)] + E_model[log(1 - D(x))], in nats.

    Goodfellow et al. (2014), Eq. 1; at most 2 JSD - log 4, at `optimal_logits`.

    Args:
        logits: `[n]`, of D at the points.
        p_data: `tfd.Distribution` of the data.
        p_model: `tfd.Distribution` of generated examples.
        points: `[n, *event_shape]`.
        cell: size of one cell.
    Returns:
        float32 scalar.
    """
    of_data = _expectation(p_data, tf.math.log_sigmoid(logits), points, cell)
    return of_data + _expectation(p_model, tf.math.log_sigmoid(-logits), points, cell)


def jensen_shannon(
    p_data: tfd.Distribution, p_model: tfd.Distribution, points: tf.Tensor, cell: float = 1.0
) -> tf.Tensor:
    """JSD(p || q) = 1/2 KL(p || m) + 1/2 KL(q || m), m = (p + q) / 2: from 0 to log 2 nats.

    Args:
        p_data: `tfd.Distribution` of the data.
        p_model: `tfd.Distribution` of generated examples.
        points: `[n, *event_shape]`.
        cell: size of one cell.
    Returns:
        float32 scalar.
    """
    log_p, log_q = p_data.log_prob(points), p_model.log_prob(points)
    log_m = tf.reduce_logsumexp([log_p, log_q], axis=0) - tf.math.log(2.0)
    divergences = [tf.math.multiply_no_nan(a - log_m, tf.exp(a)) for a in (log_p, log_q)]
    return cell * tf.reduce_sum(tf.add_n(divergences)) / 2


def pearson_chi_square(
    p_data: tfd.Distribution, p_model: tfd.Distribution, points: tf.Tensor, cell: float = 1.0
) -> tf.Tensor:
    """chi^2(p + q || 2 q) = sum (p - q)^2 / (p + q), of p = p_data and q = p_model: from 0 to 2.

    Half of it is 1/2 E_data[(D(x) - c)^2] + 1/2 E_model[(D(x) - c)^2] at the best D of
    `LeastSquares(b, a, c)` with b - c = 1 and b - a = 2, such as `LeastSquares(1, -1, 0)`: what
    the generator then minimises. Mao et al. (2017), Eq. 6 to 8.

    Args:
        p_data: `tfd.Distribution` of the data.
        p_model: `tfd.Distribution` of generated examples.
        points: `[n, *event_shape]`.
        cell: size of one cell.
    Returns:
        float32 scalar.
    """
    # (p - q) / (p + q), which is tanh of half the logits.
    contrast = tf.tanh(optimal_logits(points, p_data, p_model) / 2)
    squares = contrast**2
    return _expectation(p_data, squares, points, cell) + _expectation(
        p_model, squares, points, cell
    )


def _expectation(distribution, values, points, cell):
    """What has no probability counts nothing, whatever its value."""
    return cell * tf.reduce_sum(tf.math.multiply_no_nan(values, distribution.prob(points)))
