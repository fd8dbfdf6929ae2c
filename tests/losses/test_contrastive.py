"""The contrastive loss, by hand."""

import numpy as np
import tensorflow as tf

from tfgen.losses import contrastive, unit_vectors

LOGITS = np.array([[2.0, 1.0, -1.0], [0.5, 0.0, 3.0], [-2.0, 1.0, 1.0]], "float32")


def test_every_pair_is_the_others_negative():
    rows = [np.log(np.exp(LOGITS[i]).sum()) - LOGITS[i, i] for i in range(3)]
    columns = [np.log(np.exp(LOGITS[:, i]).sum()) - LOGITS[i, i] for i in range(3)]
    loss = contrastive(tf.constant(LOGITS), tf.eye(3, dtype=tf.bool))
    np.testing.assert_allclose(loss, np.mean(rows + columns), rtol=1e-6)


def test_equal_logits_cost_the_logarithm_of_the_batch():
    loss = contrastive(tf.zeros((7, 7)), tf.eye(7, dtype=tf.bool))
    np.testing.assert_allclose(loss, np.log(7), rtol=1e-6)


def test_pairs_that_are_the_same_are_left_out_and_get_no_gradient():
    same = np.eye(3, dtype=bool)
    same[0, 2] = same[2, 0] = True
    logits = tf.Variable(LOGITS)
    with tf.GradientTape() as tape:
        loss = contrastive(logits, tf.constant(same))
    left = [(0, (0, 1)), (1, (0, 1, 2)), (2, (1, 2))]
    rows = [np.log(np.exp(LOGITS[i, list(js)]).sum()) - LOGITS[i, i] for i, js in left]
    columns = [np.log(np.exp(LOGITS[list(js), i]).sum()) - LOGITS[i, i] for i, js in left]
    np.testing.assert_allclose(loss, np.mean(rows + columns), rtol=1e-6)
    slopes = tape.gradient(loss, logits).numpy()
    assert slopes[0, 2] == slopes[2, 0] == 0 and np.all(slopes[~same] > 0)
    np.testing.assert_allclose(slopes.sum(), 0, atol=1e-6)


def test_unit_vectors_have_length_one_unless_they_are_next_to_nothing():
    vectors = tf.Variable([[3.0, 4.0], [3e-4, 4e-4], [0.0, 0.0]])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(unit_vectors(vectors))
    np.testing.assert_allclose(unit_vectors(vectors), [[0.6, 0.8], [0.3, 0.4], [0, 0]], rtol=1e-6)
    assert np.abs(tape.gradient(total, vectors)).max() <= 1000
