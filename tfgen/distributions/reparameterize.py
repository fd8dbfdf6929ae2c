"""Draws of posteriors, as functions of draws of a standard normal."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.distributions.pushforward import Pushforward
from tfgen.distributions.top_down import TopDown

tfd = tfp.distributions


def reparameterize(q: tfd.Distribution, draws: tf.Tensor) -> tf.Tensor:
    """z = g(draws), z ~ q where the draws are standard normal (Kingma & Welling 2014, section 2.4).

    Of draws that are 0 it is the centre of q, for normals their mean.

    Args:
        q: what a `Posterior` gives, batch shape `[batch]`, event shape `[dim]`: a normal,
            independent or with a full covariance, one through a bijector, or layers of those; or a
            `Pushforward`.
        draws: `[..., batch, dim]`.
    Returns:
        `[..., batch, dim]`.
    """
    if isinstance(q, Pushforward):
        return q.function(draws)
    return sample_and_log_prob(q, draws)[0]


def sample_and_log_prob(q: tfd.Distribution, draws: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """z = g(draws), and log q(z).

    The density of a flow comes from the way that z took: no inverse is needed.

    Args:
        q: see `reparameterize`; with a density.
        draws: `[..., batch, dim]`, standard normal.
    Returns:
        z, `[..., batch, dim]`, and log q(z), `[..., batch]`, in nats.
    """
    if isinstance(q, TopDown):
        return _layer_by_layer(q, draws)
    if isinstance(q, tfd.MultivariateNormalTriL):
        z = q.loc + tf.linalg.matvec(q.scale_tril, draws)
        return z, q.log_prob(z)
    # Of a base or bijector that is no composite tensor TFP makes another class.
    if hasattr(q, "bijector"):
        start, log_prob = sample_and_log_prob(q.distribution, draws)
        z = q.bijector.forward(start)
        return z, log_prob - q.bijector.forward_log_det_jacobian(start, event_ndims=1)
    z = q.mean() + q.stddev() * draws
    return z, q.log_prob(z)


def _layer_by_layer(q, draws):
    parts, log_probs = tf.split(draws, q.dims, axis=-1), []

    def draw(layer, index):
        z, log_prob = sample_and_log_prob(layer, parts[index])
        log_probs.append(log_prob)
        return z

    return q.descend(draw), tf.add_n(log_probs)
