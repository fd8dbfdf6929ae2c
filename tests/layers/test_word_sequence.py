"""WordSequence: vectors of words and places, the end, and the mask."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import WordSequence


def test_words_places_and_the_end():
    layer = WordSequence(5, 3)
    vectors, mask = layer(tf.constant([[2, 4], [3, 0], [0, 0]]))
    words, places = layer.words.numpy(), layer.places.numpy()
    assert places.shape == (3, 3)
    for row, tokens in enumerate(([2, 4, 0], [3, 0, 0], [0, 0, 0])):
        np.testing.assert_array_equal(vectors[row], words[tokens] + places)
    wanted = [[[True, True, True]], [[True, False, True]], [[False, False, True]]]
    assert mask.numpy().tolist() == wanted


@pytest.mark.parametrize("sizes", [(0, 3), (5, 0), (5, 2.5)])
def test_bad_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="Received: "):
        WordSequence(*sizes)
