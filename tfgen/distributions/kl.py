"""The KL divergence from a posterior to any prior."""

import tensorflow as tf
import tensorflow_probability as tfp

from tfgen.distributions.top_down import TopDown

tfd = tfp.distributions


def kl_terms(
    q: tfd.Distribution, p: tfd.Distribution, z: tf.Tensor, log_q: tf.Tensor | None = None
) -> tf.Tensor:
    """Unbiased estimate of KL(q || p), in as many parts as the two fall into.

    Parts are the dimensions where both are independent normals, and the layers where both are
    `TopDown` (given the layers above, as z has them: KL(q || p) = sum_l E[KL(q_l || p_l)]). Each
    part is exact where TFP knows a closed form; elsewhere it is log q(z) - log p(z), whose mean
    over z ~ q is the divergence. The gradient of that reaches the parameters of q through z, too,
    so z has to be reparameterised.

    Args:
        q: batch shape `[batch]`.
        p: over the same events.
        z: one sample of q, `[batch, dim]`.
        log_q: log q(z), `[batch]`; None: q computes it.
    Returns:
        `[batch, num_parts]`, in nats; where a part is not exact it can be negative.
    """
    if isinstance(q, TopDown) and isinstance(p, TopDown) and q.dims == p.dims:
        pairs = zip(q.layers(z), p.layers(z), strict=True)
        parts = [_whole(own, other, part, None) for (own, part), (other, _) in pairs]
        return tf.stack(parts, axis=-1)
    if _independent_normals(q) and _independent_normals(p):
        return q.distribution.kl_divergence(p.distribution)
    return _whole(q, p, z, log_q)[..., tf.newaxis]


def kl_estimate(
    q: tfd.Distribution, p: tfd.Distribution, z: tf.Tensor, log_q: tf.Tensor | None = None
) -> tf.Tensor:
    """The sum of `kl_terms`, `[batch]`, in nats."""
    return tf.reduce_sum(kl_terms(q, p, z, log_q), axis=-1)


def _whole(q, p, z, log_q):
    if isinstance(q, tfd.MultivariateNormalTriL) and _independent_normals(p):
        # TFP has closed forms among its multivariate normals alone.
        p = tfd.MultivariateNormalDiag(p.mean(), p.stddev())
    try:
        return q.kl_divergence(p)
    except NotImplementedError:
        return (q.log_prob(z) if log_q is None else log_q) - p.log_prob(z)


def _independent_normals(distribution):
    return (
        isinstance(distribution, tfd.Independent)
        and isinstance(distribution.distribution, tfd.Normal)
        and distribution.event_shape.rank == 1
    )
