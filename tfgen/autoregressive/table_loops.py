"""The tables' loops over the dimensions.

D dimensions, m levels, B examples, S = m^k contexts of k levels, k the context length. The table is
`[R, m]`, one row p(x_d | context) for each dimension and context; those of dimension d begin at
offsets[d], and offsets[D] = R. A context is the number sum_j level[d-j] m^(j-1), j = 1..min(d, k),
and moves on by c_{d+1} = (c_d m + level_d) mod S. Levels, uniforms and masks have the dimension
first.
"""

import numpy as np
import tensorflow as tf

from tfgen.distributions import invert_levels


def num_rows(size: int, levels: int, context_length: int) -> int:
    """sum_d levels^min(d, k), the rows of a table of `size` dimensions, more than k."""
    long = levels**context_length
    return (long - 1) // (levels - 1) + (size - context_length) * long


def row_offsets(size: int, levels: int, context_length: int) -> np.ndarray:
    """Where the rows of each dimension begin, and where the last ones end, int32 `[size + 1]`."""
    counts = [levels ** min(d, context_length) for d in range(size)]
    return np.cumsum([0, *counts]).astype("int32")


def to_index(x: tf.Tensor, levels: int) -> tf.Tensor:
    """The level of each value of x, int32."""
    return tf.cast(tf.round(x * (levels - 1)), tf.int32)


def to_contexts(level: tf.Tensor, levels: int, context_length: int) -> tf.Tensor:
    """The context of each dimension, from the levels before it: int32 `[B, D]`, as `level`."""
    context = tf.zeros_like(level)
    for j in range(1, context_length + 1):
        context += tf.pad(level[:, :-j], ((0, 0), (j, 0))) * levels ** (j - 1)
    return context


def to_logits(probs: tf.Tensor) -> tf.Tensor:
    """What the heads read: the logit of 1 for 2 levels, log p for more; -inf and inf included."""
    log_probs = tf.math.log(probs)
    return log_probs[..., 1:] - log_probs[..., :1] if probs.shape[-1] == 2 else log_probs


def draw(
    uniforms: tf.Tensor,
    x: tf.Tensor,
    mask: tf.Tensor,
    table: tf.Tensor,
    offsets: tf.Tensor,
    num_contexts: int,
    later: tf.Tensor | None = None,
) -> tf.Tensor:
    """Draws the dimensions one after the other; O(D m) time an example.

    Args:
        uniforms: `[D, B]` in [0, 1): the draws are inversions of the conditionals.
        x, mask: `[D, B]`; where the mask is 1, x stays.
        table: `[R, m]`.
        offsets: `[D + 1]`.
        num_contexts: int, S.
        later: `[D, B, S]` of `messages`, where x is kept after drawn dimensions, too.
    Returns:
        `[D, B]`, float32 in [0, 1].
    """
    D, m = uniforms.shape[0], table.shape[1]

    def body(d, context, drawn):
        probs = tf.gather(table, offsets[d] + context)
        if later is not None:
            following = (context[:, tf.newaxis] * m + tf.range(m)) % num_contexts
            weighted = probs * tf.gather(later[d], following, batch_dims=1)
            # Values of probability zero were kept: they say nothing of the others.
            possible = tf.reduce_any(weighted > 0, axis=-1, keepdims=True)
            probs = tf.where(possible, weighted, probs)
        new = invert_levels(to_logits(probs), uniforms[d], m)
        new = tf.where(mask[d] > 0, x[d], new)
        return d + 1, (context * m + to_index(new, m)) % num_contexts, drawn.write(d, new)

    start = (0, tf.zeros_like(uniforms[0], tf.int32), _array(D, None))
    _, _, drawn = tf.while_loop(lambda d, *_: d < D, body, start, maximum_iterations=D)
    return drawn.stack()


@tf.function(jit_compile=True, autograph=False)
def messages(
    x: tf.Tensor, mask: tf.Tensor, table: tf.Tensor, offsets: tf.Tensor, num_contexts: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """The backward recursion of hidden Markov models, with the kept values as observations.

    message_d(c) = sum_l p(x_d = l | c) [x_d is l or not kept] message_{d+1}((c m + l) mod S)
    is the probability of the values kept from d on. O(D S m) time an example.

    Args:
        x, mask: `[D, B]`; 1 where x is kept.
        table: `[R, m]`.
        offsets: `[D + 1]`.
        num_contexts: int, S.
    Returns:
        message_{d+1} of every d, `[D, B, S]`, each up to a factor; and the log-probability of all
        the kept values, `[B]`, in nats.
    """
    D, m = x.shape[0], table.shape[1]
    contexts = tf.range(num_contexts)
    following = (contexts[:, tf.newaxis] * m + tf.range(m)) % num_contexts

    def body(step, message, log_scale, later):
        d = D - 1 - step
        later = later.write(d, message)
        kept = mask[d][:, tf.newaxis]
        agrees = kept * tf.one_hot(to_index(x[d], m), m) + (1 - kept)
        terms = tf.gather(message, following, axis=1) * agrees[:, tf.newaxis]
        message = tf.reduce_sum(_rows_of(d, table, offsets, contexts) * terms, axis=-1)
        greatest = tf.reduce_max(message, axis=1, keepdims=True)
        # Left alone where the kept values are impossible.
        message = tf.where(greatest > 0, message / greatest, 1.0)
        return step + 1, message, log_scale + tf.math.log(greatest[:, 0]), later

    start = (
        0,
        tf.ones((tf.shape(x)[1], num_contexts)),
        tf.zeros_like(x[0]),
        _array(D, None, num_contexts),
    )
    state = tf.while_loop(lambda d, *_: d < D, body, start, maximum_iterations=D)
    _, message, log_scale, later = state
    return later.stack(), log_scale + tf.math.log(message[:, 0])


@tf.function(jit_compile=True, autograph=False)
def marginals(table: tf.Tensor, offsets: tf.Tensor, num_contexts: int) -> tf.Tensor:
    """p(x_d) of every d, `[D, m]`, by the forward recursion; O(D S m) time.

    Args:
        table: `[R, m]`.
        offsets: `[D + 1]`.
        num_contexts: int, S.
    """
    D, m = offsets.shape[0] - 1, table.shape[1]
    contexts = tf.range(num_contexts)

    def body(d, probs, found):
        joint = probs[:, tf.newaxis] * _rows_of(d, table, offsets, contexts)
        found = found.write(d, tf.reduce_sum(joint, axis=0))
        # The number c m + l is q S + r: r is the next context.
        return d + 1, tf.reduce_sum(tf.reshape(joint, (m, num_contexts)), axis=0), found

    start = (0, tf.one_hot(0, num_contexts), _array(D, m))
    return tf.while_loop(lambda d, *_: d < D, body, start, maximum_iterations=D)[2].stack()


def _rows_of(d, table, offsets, contexts):
    """The rows of one dimension, `[S, m]`, zero for contexts that are too long for it."""
    row = offsets[d] + contexts
    rows = tf.gather(table, tf.minimum(row, table.shape[0] - 1))
    return tf.where((row < offsets[d + 1])[:, tf.newaxis], rows, 0.0)


def _array(size, *shape):
    return tf.TensorArray(tf.float32, size, element_shape=shape)
