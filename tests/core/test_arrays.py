"""What `fit` trains on when it gets arrays."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.core.arrays import gather


@pytest.mark.parametrize("jit_compile", [False, True])
def test_batches_have_the_examples_of_their_indices(jit_compile):
    images = np.random.default_rng(0).random((5, 3, 4, 2)).astype("float32")
    classes, tokens = np.arange(5, dtype="int32"), np.arange(10).reshape(5, 2)
    arrays, indices = (images, classes, tokens), np.array([4, 0, 4], "int32")
    compiled = tf.function(gather, jit_compile=jit_compile)
    found = compiled(tuple(map(tf.constant, arrays)), tf.constant(indices))
    for batch, array in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(batch, array[indices])
