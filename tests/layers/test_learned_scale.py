"""LearnedScale: the factor, its slope and its limit."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.core import Adam
from tfgen.layers import LearnedScale


def test_it_multiplies_and_an_update_moves_its_logarithm():
    layer = LearnedScale(4.0)
    x = tf.constant([[1.0, -2.0]])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(x) ** 2)
    np.testing.assert_allclose(layer(x), [[4.0, -8.0]], rtol=1e-6)
    # d/dw of (exp(w) x)^2 is 2 (exp(w) x)^2.
    (slope,) = tape.gradient(total, layer.trainable_variables)
    np.testing.assert_allclose(slope, 2 * (16 + 64), rtol=1e-6)


@pytest.mark.parametrize("optimizer", [Adam, keras.optimizers.Adam])
def test_updates_stop_at_the_limit_and_come_back_from_it(optimizer):
    layer = LearnedScale(50.0, max_scale=100.0)
    layer.build(())
    variables = layer.trainable_variables
    rule = optimizer(0.5)
    rule.build(variables)
    reached = []
    for slope in (-1.0, -1.0, -1.0, 1e3):
        rule.apply([tf.constant(slope)], variables)
        reached.append(float(layer(tf.ones(()))))
    assert reached[0] < 100 and reached[1] == pytest.approx(100) == reached[2]
    assert reached[3] < 100


@pytest.mark.parametrize("arguments", [{"start": 0.0}, {"max_scale": -1.0}, {"start": 101.0}])
def test_a_bad_scale_is_refused(arguments):
    with pytest.raises(ValueError, match="Received: "):
        LearnedScale(**arguments)
