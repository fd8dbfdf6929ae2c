"""MADE's loop over the dimensions, which computes the hidden units by degree."""

from functools import partial

import numpy as np
import tensorflow as tf

from tfgen.autoregressive.level_features import weight_rows
from tfgen.distributions import invert_levels


def draw(
    uniforms: tf.Tensor,
    x: tf.Tensor,
    mask: tf.Tensor,
    levels: int,
    component: tf.Tensor,
    orders: np.ndarray,
    units: tuple[np.ndarray, ...],
    first: tuple[tf.Tensor, tf.Tensor],
    upper: tuple[tuple[tf.Tensor, tf.Tensor], ...],
    output: tuple[tf.Tensor, tf.Tensor],
    direct: tf.Tensor | None,
) -> tf.Tensor:
    """Draws the dimensions along the orders; each hidden unit is computed once.

    A unit of degree t depends on the first t dimensions of the order alone, so its value is final
    once they are drawn; until then it stands as 0 in the state, so that no weight has to be hidden.
    A step computes the units of one degree, each a product with the layer below, adds a row of
    weights to the first layer's sums, and reads one dimension's logits: O(D H + H^2) time an
    example in all. (Several components take as many steps as the one with the most such units.)

    Args:
        uniforms: `[B, D]` in [0, 1): the draws are inversions of the conditionals.
        x, mask: `[B, D]`; where the mask is 1, x stays.
        levels: int, the number of levels.
        component: int32 `[B]`.
        orders: int32 `[K, D]`.
        units: for each hidden layer, its `units_by_degree`.
        first: W `[D, P, H]` and b `[H]` of the first hidden layer.
        upper: W `[H, H below]` and b `[H]` of each further one.
        output: V `[D, P, H]` and b `[D, P]`.
        direct: A `[D, P, D P]`, or None.
    Returns:
        `[B, D]`, float32 in [0, 1], in raster order.
    """
    (W, c), (V, b) = first, output
    orders, units = tf.constant(orders), tuple(map(tf.constant, units))
    D, P, _ = V.shape
    B = tf.shape(x)[0]
    order = tf.gather(orders, component)
    uniforms, x, mask = (
        tf.transpose(tf.gather(each, order, batch_dims=1)) for each in (uniforms, x, mask)
    )

    def finish(t, table, state, value):
        """Computes the units of degree t of a layer, the same number of steps for all examples."""

        def body(u, state):
            index = tf.gather(table[:, t, u], component)
            # Where there is no further unit the index is -1, which is no column of the state.
            own = index[:, tf.newaxis] == tf.range(state.shape[1])
            return u + 1, tf.where(own, value(tf.maximum(index, 0))[:, tf.newaxis], state)

        count = tf.reduce_max(tf.reduce_sum(tf.cast(table[:, t] >= 0, tf.int32), axis=1))
        return tf.while_loop(lambda u, _: u < count, body, (0, state))[1]

    def body(t, sums, states, logits, drawn):
        # The hidden units that see no more than what is drawn, from the first layer up.
        state, *states = states
        below = finish(t, units[0], state, partial(_first, sums))
        final = [below]
        for state, table, (weights, bias) in zip(states, units[1:], upper, strict=True):
            below = finish(t, table, state, partial(_further, below, weights, bias))
            final.append(below)
        # One dimension of each example: its logits, its draw.
        d = tf.gather(orders[:, t], component)
        own = tf.einsum("bph,bh->bp", tf.gather(V, d), below)
        new = invert_levels(own + tf.gather(logits, d, batch_dims=1), uniforms[t], levels)
        new = tf.where(mask[t] > 0, x[t], new)
        # What its value adds for those that come later.
        sums += weight_rows(W, d, new, levels)
        if direct is not None:
            logits += tf.reshape(weight_rows(direct, d, new, levels), (B, D, P))
        return t + 1, sums, tuple(final), logits, drawn.write(t, new)

    widths = (c.shape[0], *(bias.shape[0] for _, bias in upper))
    start = (
        0,
        tf.broadcast_to(c, (B, widths[0])),
        tuple(tf.zeros((B, width)) for width in widths),
        tf.broadcast_to(b, (B, D, P)),
        tf.TensorArray(tf.float32, D, element_shape=(None,)),
    )
    drawn = tf.while_loop(lambda t, *_: t < D, body, start, maximum_iterations=D)[-1]
    ranks = tf.argsort(order, axis=1)
    return tf.gather(tf.transpose(drawn.stack()), ranks, batch_dims=1)


def _first(sums, units):
    """The first layer's units, each example's own, `[B]`."""
    return tf.nn.relu(tf.gather(sums, units, batch_dims=1))


def _further(below, weights, bias, units):
    """Units of a further layer, each example's own, `[B]`."""
    sums = tf.reduce_sum(tf.gather(weights, units) * below, axis=1)
    return tf.nn.relu(sums + tf.gather(bias, units))
