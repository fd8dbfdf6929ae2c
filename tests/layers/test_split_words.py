"""Words and a vector out of one array, exact under every policy."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import SplitWords


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_words_keep_their_numbers(policy):
    both = tf.constant([[2049.0, 100001.0, 0.1], [257.0, 0.0, -3.0]])
    words, vector = SplitWords(2, dtype=policy)(both)
    assert words.dtype == tf.int32
    np.testing.assert_array_equal(words, [[2049, 100001], [257, 0]])
    np.testing.assert_array_equal(vector, both[:, 2:])


def test_a_length_below_1_is_refused():
    with pytest.raises(ValueError, match="Received: 0"):
        SplitWords(0)
