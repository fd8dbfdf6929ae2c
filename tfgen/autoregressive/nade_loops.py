"""NADE's loops over the dimensions.

D dimensions, H hidden units, P inputs and outputs of each dimension. W, V are `[D, P, H]`, c is
`[H]`; features, logits, uniforms and x have the dimension as their first axis. b, `[D, B, P]`, is
what of each example's logits does not go through the hidden units.
"""

import tensorflow as tf

from tfgen.autoregressive.compiled_loop import compiled_loop
from tfgen.autoregressive.level_features import to_features
from tfgen.distributions import invert_levels


def sweep(features: tf.Tensor, W: tf.Tensor, V: tf.Tensor, c: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Logits b_d + V_d sigmoid(a_d) of all dimensions, a_{d+1} = a_d + W_d x_d, a_1 = c.

    O(D H) time an example. The gradient keeps nothing but the logits' inputs: it runs the
    recursion backwards, a_d = a_{d+1} - W_d x_d, so that memory is O(B H + B D P). Derivatives of
    higher orders are right, too, and store every step.

    Args:
        features: `[D, B, P]`.
        W, V, c: the weights.
        b: `[D, B, P]`.
    Returns:
        `[B, D, P]`.
    """
    halves = zip(_halves(features), _halves(b), strict=True)
    parts = [_logits(part, W, V, c, b) for part, b in halves]
    return tf.transpose(tf.concat(parts, axis=1), (1, 0, 2))


@tf.custom_gradient
def summed_log_prob(
    features: tf.Tensor, W: tf.Tensor, V: tf.Tensor, c: tf.Tensor, b: tf.Tensor
) -> tf.Tensor:
    """sum_b log p(x_b), with the gradient of the weights and b from one backward sweep alone.

    The gradient of a dimension's log-likelihood by its logits is x_d - E[x_d | x_<d], known as
    soon as the hidden state is: no forward sweep has to come first. There is no gradient by x.

    Args:
        features: `[D, B, P]`.
        W, V, c: the weights.
        b: `[D, B, P]`.
    Returns:
        scalar, in nats.
    """
    halves = zip(_halves(features), _halves(b), strict=True)
    parts = [_backward(part, W, V, c, b, None) for part, b in halves]
    _, totals, *d_weights, db = zip(*parts, strict=True)

    def gradient(upstream):
        weights = (upstream * tf.add_n(parts) for parts in d_weights)
        return None, *weights, upstream * tf.concat(db, axis=1)

    return tf.add_n(totals), gradient


def _halves(features):
    """The batch in two parts, which run side by side on two cores.

    Half a batch of the usual size also stays in a core's cache from step to step.
    """
    batch = tf.shape(features)[1]
    return tf.split(features, [batch // 2, batch - batch // 2], axis=1)


def _log_prob(features, logits):
    """log p(x_d | x_<d), `[B]`, for Bernoulli (P = 1) or one-hot categorical (P > 1) logits."""
    if logits.shape[-1] == 1:
        normaliser = tf.nn.softplus(logits[:, 0])
    else:
        normaliser = tf.reduce_logsumexp(logits, axis=-1)
    return tf.reduce_sum(features * logits, axis=-1) - normaliser


def _mean(logits):
    """E[x_d | x_<d] of the features, `[B, P]`."""
    return tf.sigmoid(logits) if logits.shape[-1] == 1 else tf.nn.softmax(logits)


def _logits_loop(features, W, V, c, b):
    D, P, H = W.shape
    B = tf.shape(features)[1]

    def body(d, a, logits):
        logits = logits.write(d, tf.matmul(tf.sigmoid(a), V[d], transpose_b=True) + b[d])
        return d + 1, a + tf.matmul(features[d], W[d]), logits

    start = (0, tf.broadcast_to(c, (B, H)), _array(D, None, P))
    return tf.while_loop(lambda d, *_: d < D, body, start, maximum_iterations=D)[2].stack()


def _backward_loop(features, W, V, c, b, upstream):
    """The sweep from the last dimension to the first, with the gradients of everything.

    With h = sigmoid(a): dV_d = g_d' h_d, da_d = da_{d+1} + (g_d V_d) h_d (1 - h_d),
    dW_d = x_d' da_{d+1}, dx_d = da_{d+1} W_d', where g_d is the gradient of the logits.

    Args:
        features: `[D, B, P]`.
        W, V, c: the weights.
        b: `[D, B, P]`.
        upstream: g, `[D, B, P]`; None for that of the log-likelihood, g_d = x_d - E[x_d | x_<d].
    Returns:
        The gradient of the features, the log-likelihood summed over the batch (0 where upstream
        is given), and the gradients of W, V, c and b.
    """
    D, P, H = W.shape
    flat = tf.reshape(tf.transpose(features, (1, 0, 2)), (-1, D * P))
    last = c + tf.matmul(flat, tf.reshape(W, (D * P, H)))

    def body(step, a, da, total, dx, dW, dV, db):
        d = D - 1 - step
        x = features[d]
        dx = dx.write(d, tf.matmul(da, W[d], transpose_b=True))
        dW = dW.write(d, tf.matmul(x, da, transpose_a=True))
        a = a - tf.matmul(x, W[d])
        h = tf.sigmoid(a)
        if upstream is None:
            logits = tf.matmul(h, V[d], transpose_b=True) + b[d]
            total += tf.reduce_sum(_log_prob(x, logits))
            g = x - _mean(logits)
        else:
            g = upstream[d]
        dV = dV.write(d, tf.matmul(g, h, transpose_a=True))
        db = db.write(d, g)
        da = da + tf.matmul(g, V[d]) * h * (1 - h)
        return step + 1, a, da, total, dx, dW, dV, db

    arrays = (_array(D, None, P), _array(D, P, H), _array(D, P, H), _array(D, None, P))
    start = (0, last, tf.zeros_like(last), 0.0, *arrays)
    state = tf.while_loop(lambda d, *_: d < D, body, start, maximum_iterations=D)
    _, _, da, total, dx, dW, dV, db = state
    return [dx.stack(), total, dW.stack(), dV.stack(), tf.reduce_sum(da, axis=0), db.stack()]


def _array(size, *shape):
    return tf.TensorArray(tf.float32, size, element_shape=shape)


def _gradient(*arguments):
    dx, _, *d_weights = _backward(*arguments)
    return dx, *d_weights


_backward = compiled_loop(_backward_loop)
_logits = compiled_loop(_logits_loop, _gradient)


def draw(
    uniforms: tf.Tensor,
    x: tf.Tensor,
    mask: tf.Tensor,
    levels: int,
    W: tf.Tensor,
    V: tf.Tensor,
    c: tf.Tensor,
    b: tf.Tensor,
    direct: tf.Tensor | None = None,
) -> tf.Tensor:
    """Draws the dimensions one after the other; O(D H) time an example, and O(D^2) for `direct`.

    A row of direct weights also adds to logits that are done with, or its own: nothing reads those
    any more, so it needs no mask.

    Args:
        uniforms: `[D, B]` in [0, 1): the draws are inversions of the conditionals.
        x, mask: `[D, B]`; where the mask is 1, x stays.
        levels: int, the number of levels.
        W, V, c: the weights.
        b: `[D, P]`, the same for all examples.
        direct: `[D, P, D P]`, weights from dimensions to logits; None for none.
    Returns:
        `[D, B]`, float32 in [0, 1].
    """
    D, P, H = W.shape
    B = tf.shape(uniforms)[1]

    def body(d, a, b, drawn):
        logits = tf.matmul(tf.sigmoid(a), V[d], transpose_b=True) + b[:, d]
        new = invert_levels(logits, uniforms[d], levels)
        new = tf.where(mask[d] > 0, x[d], new)
        features = to_features(new, levels)
        if direct is not None:
            b += tf.reshape(tf.matmul(features, direct[d]), (B, D, P))
        return d + 1, a + tf.matmul(features, W[d]), b, drawn.write(d, new)

    start = (0, tf.broadcast_to(c, (B, H)), tf.broadcast_to(b, (B, D, P)), _array(D, None))
    *_, drawn = tf.while_loop(lambda d, *_: d < D, body, start, maximum_iterations=D)
    return drawn.stack()
