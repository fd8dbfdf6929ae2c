"""Binary values by their logits, at the cost of one exponential."""

import tensorflow as tf
import tensorflow_probability as tfp


class LogitBernoulli(tfp.distributions.Bernoulli):
    """`tfd.Bernoulli(logits=...)`, whose `log_prob` takes one transcendental function, not two.

    log p(x) = (x - [l >= 0]) l - softplus(-|l|), for the logit l: where l is positive, log p(1) is
    -softplus(-l) and log p(0) is less by l, and the other way round. No rounding error grows with
    l, and infinite logits give 0 and minus infinity, as in TFP.
    """

    def _log_prob(self, event: tf.Tensor) -> tf.Tensor:
        logits = self._logits_parameter_no_checks()
        event = tf.cast(event, logits.dtype)
        positive = tf.cast(logits >= 0, logits.dtype)
        # Not -|l|, whose gradient is 0 where l is 0.
        beneath = logits * (1 - 2 * positive)
        # Written out, because the gradient then has the exponential that softplus takes anew.
        softplus = tf.math.log1p(tf.exp(beneath))
        return tf.math.multiply_no_nan(logits, event - positive) - softplus
