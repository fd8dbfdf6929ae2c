"""The symmetric contrastive loss of pairs, images and captions say."""

import tensorflow as tf


def contrastive(logits: tf.Tensor, same: tf.Tensor) -> tf.Tensor:
    """-1/2 E[log p(column i | row i) + log p(row i | column i)], softmaxes over a batch.

    Radford et al. (2021), Figure 3. Pairs that are the same are not each other's negatives.

    Args:
        logits: `[batch, batch]`, float32; on the diagonal those of the true pairs.
        same: `[batch, batch]`, boolean: where a row and a column belong together.
    Returns:
        The loss in nats, a float32 scalar; log(batch) where all logits are equal and no pairs are
        the same.
    """
    others = same & ~tf.eye(tf.shape(logits)[0], dtype=tf.bool)
    logits = tf.where(others, float("-inf"), logits)
    own = [tf.linalg.diag_part(tf.nn.log_softmax(logits, axis=axis)) for axis in (0, 1)]
    return -tf.reduce_mean(own)


def unit_vectors(vectors: tf.Tensor) -> tf.Tensor:
    """v / max(|v|, 1e-3), `[..., dim]` in float32: what cosines are products of.

    Shorter ones would have gradients that half precision cannot hold.
    """
    return tf.math.l2_normalize(tf.cast(vectors, tf.float32), axis=-1, epsilon=1e-6)
