"""DeepNADE's loops over the dimensions: a pass of the network for each.

D dimensions, P inputs and outputs of each one, H1 and H units in the first and last hidden layers.
`lower` is W `[D, P, H1]`, M `[D, H1]` and c `[H1]`; `output` is V `[D, P, H]` and b `[D, P]`; the
network f is a Keras model of the layers between, and `variables` its trainable and other values.
"""

import keras
import tensorflow as tf

from tfgen.autoregressive.compiled_loop import compiled_loop
from tfgen.autoregressive.level_features import to_features, weight_rows
from tfgen.distributions import invert_levels


def known_sums(
    features: tf.Tensor, known: tf.Tensor, W: tf.Tensor, M: tf.Tensor, c: tf.Tensor
) -> tf.Tensor:
    """The first hidden layer's sums, `[B, H1]`, of the known dimensions `[B, D]`."""
    inputs = features * known[:, :, tf.newaxis]
    return c + tf.einsum("bdp,dph->bh", inputs, W) + tf.matmul(known, M)


def _hidden(network, variables, sums):
    """The last hidden layer, `[B, H]`."""
    h, _ = network.stateless_call(*variables, tf.nn.relu(sums), training=False)
    return tf.cast(h, tf.float32)


def sweep(
    network: keras.Model,
    features: tf.Tensor,
    order: tf.Tensor,
    variables: tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]],
    lower: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    output: tuple[tf.Tensor, tf.Tensor],
) -> tf.Tensor:
    """The logits of all dimensions along one order, each given those before it.

    Args:
        network: f.
        features: `[B, D, P]`.
        order: int32 `[D]`.
        variables, lower, output: the weights.
    Returns:
        `[B, D, P]`, in raster order. Its gradient runs the loop again, and takes O(D B H) memory.
    """

    return _logits(network, order, features, variables, lower, output)


def _logits_loop(network, order, features, variables, lower, output):
    (W, M, c), (V, b) = lower, output
    D, P, _ = V.shape
    B = tf.shape(features)[0]
    features = tf.transpose(features, (1, 0, 2))

    def body(t, sums, logits):
        d = order[t]
        own = tf.matmul(_hidden(network, variables, sums), V[d], transpose_b=True) + b[d]
        return t + 1, sums + tf.matmul(features[d], W[d]) + M[d], logits.write(t, own)

    rows = tf.TensorArray(tf.float32, D, element_shape=(None, P))
    start = (0, tf.broadcast_to(c, (B, c.shape[0])), rows)
    logits = tf.while_loop(lambda t, *_: t < D, body, start, maximum_iterations=D)[-1].stack()
    return tf.transpose(tf.gather(logits, tf.argsort(order)), (1, 0, 2))


_logits = compiled_loop(_logits_loop)


def draw(
    network: keras.Model,
    uniforms: tf.Tensor,
    x: tf.Tensor,
    mask: tf.Tensor,
    order: tf.Tensor,
    levels: int,
    variables: tuple[tuple[tf.Tensor, ...], tuple[tf.Tensor, ...]],
    lower: tuple[tf.Tensor, tf.Tensor, tf.Tensor],
    output: tuple[tf.Tensor, tf.Tensor],
) -> tf.Tensor:
    """Draws the dimensions: those that are kept come first, then the others along the order.

    Args:
        network: f.
        uniforms: `[B, D]` in [0, 1): the draws are inversions of the conditionals.
        x, mask: `[B, D]`; where the mask is 1, x stays.
        order: int32 `[B, D]`, each example's own.
        levels: int, the number of levels.
        variables, lower, output: the weights.
    Returns:
        `[B, D]`, float32 in [0, 1], in raster order.
    """
    (W, M, _), (V, b) = lower, output
    D = V.shape[0]
    # The order of each example, its kept dimensions moved to the front.
    late = tf.cast(1 - tf.gather(mask, order, batch_dims=1), tf.int32) * D + tf.range(D)
    order = tf.gather(order, tf.argsort(late, axis=1), batch_dims=1)
    ordered = lambda values: tf.transpose(tf.gather(values, order, batch_dims=1))
    numbers, kept, unknown = ordered(uniforms), ordered(x * mask), 1 - ordered(mask)

    def body(t, sums, drawn):
        # One pass of the network, of which one dimension's logits are read.
        d = tf.gather(order, t, axis=1)
        h = _hidden(network, variables, sums)
        logits = tf.einsum("bph,bh->bp", tf.gather(V, d), h) + tf.gather(b, d)
        new = invert_levels(logits, numbers[t], levels)
        new = tf.where(unknown[t] > 0, new, kept[t])
        # Now it is known: its value and the fact enter the first layer's sums.
        row = weight_rows(W, d, new, levels) + tf.gather(M, d)
        return t + 1, sums + unknown[t][:, tf.newaxis] * row, drawn.write(t, new)

    # The kept dimensions are known from the start: no step is spent on them.
    begin = tf.cast(tf.reduce_min(tf.reduce_sum(mask, axis=1)), tf.int32)
    rows = tf.TensorArray(tf.float32, D, element_shape=(None,)).unstack(kept)
    start = (begin, known_sums(to_features(x, levels), mask, *lower), rows)
    drawn = tf.while_loop(lambda t, *_: t < D, body, start, maximum_iterations=D)[-1].stack()
    return tf.gather(tf.transpose(drawn), tf.argsort(order, axis=1), batch_dims=1)
