"""BilinearEnlargement2D against Keras's layer, with XLA and without."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import BilinearEnlargement2D


@pytest.mark.parametrize("factors", [(1, 1), (2, 2), (3, 2), (4, 5)])
def test_it_is_what_keras_computes_and_the_same_under_xla(factors):
    images = tf.random.stateless_uniform((2, 3, 4, 2), (0, 1))
    layer = BilinearEnlargement2D(factors)
    expected = keras.layers.UpSampling2D(factors, interpolation="bilinear")(images)
    assert layer.compute_output_shape(images.shape) == expected.shape
    np.testing.assert_allclose(layer(images), expected, atol=1e-6)
    compiled = tf.function(layer, jit_compile=True)
    np.testing.assert_allclose(compiled(images), expected, atol=1e-6)


def test_a_line_by_hand():
    line = tf.constant([0.0, 4.0, 2.0])[tf.newaxis, :, tf.newaxis, tf.newaxis]
    found = BilinearEnlargement2D((2, 1), dtype="float16")(line)
    assert found.dtype == tf.float16
    np.testing.assert_array_equal(tf.squeeze(found), [0.0, 1.0, 3.0, 3.5, 2.5, 2.0])


@pytest.mark.parametrize("factors", [(2,), (2, 0), (2, 2, 2), 2])
def test_bad_factors_are_refused(factors):
    with pytest.raises(ValueError, match="Received: "):
        BilinearEnlargement2D(factors)
