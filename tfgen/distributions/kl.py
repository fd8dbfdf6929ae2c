"""The KL divergence from a posterior to any prior."""

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


def kl_estimate(q: tfd.Distribution, p: tfd.Distribution, z: tf.Tensor) -> tf.Tensor:
    """Unbiased estimate of KL(q || p): exact where TFP knows a closed form.

    Elsewhere it is log q(z) - log p(z), whose mean over z ~ q is the divergence. Its gradient
    reaches the parameters of q through z, too, so z has to be reparameterised.

    Args:
        q: `tfd.Distribution` with batch shape `[batch]`.
        p: `tfd.Distribution` over the same events.
        z: one sample of q, `[batch, dim]`.
    Returns:
        `[batch]`, in nats. The estimate can be negative where it is not exact.
    """
    try:
        return q.kl_divergence(p)
    except NotImplementedError:
        return q.log_prob(z) - p.log_prob(z)
