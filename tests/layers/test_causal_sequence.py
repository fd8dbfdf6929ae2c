"""CausalSequence: words, vectors and the query in their places, and who may look at whom."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import CausalSequence


def test_words_vectors_the_query_and_the_mask():
    layer = CausalSequence(5, 3)
    vectors = tf.random.stateless_normal((2, 1, 3), (0, 1))
    h, mask = layer(tf.constant([[2, 4], [3, 0]]), vectors)
    words, places = layer.words.numpy(), layer.places.numpy()
    assert places.shape == (4, 3)
    for row, tokens in enumerate(([2, 4], [3, 0])):
        parts = [words[tokens], vectors[row], np.zeros((1, 3))]
        np.testing.assert_allclose(h[row], np.concatenate(parts) + places, rtol=1e-6)
    back = np.tril(np.ones((4, 4), bool))
    np.testing.assert_array_equal(mask, [back, back & [True, False, True, True]])


@pytest.mark.parametrize("sizes", [(0, 3), (5, 0)])
def test_bad_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="Received: "):
        CausalSequence(*sizes)
