"""Losses of parts, and a weight that falls, worked by hand."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.losses import GeometricDecay, PredictedMaskLoss, TrueMaskLoss

# Two images of 1x2 pixels in two channels; M_hat is 1/2 and 4/5 in the first, 1/5 twice after.
X = tf.constant([[[[1.0, 0.5], [0.0, 0.0]]], [[[0.2, 0.2], [1.0, 0.0]]]])
FAKE = tf.constant([[[[0.5, 0.5], [1.0, 0.5]]], [[[0.0, 1.0], [0.5, 0.0]]]])
MASK = tf.constant([[[[1.0], [0.0]]], [[[0.0], [1.0]]]])
LOGITS = tf.math.log(tf.constant([[[[1.0], [4.0]]], [[[0.25], [0.25]]]]))


def test_the_published_losses_are_absolute_differences_under_either_mask():
    spatial, appearance = PredictedMaskLoss()(X, MASK, FAKE, LOGITS)
    # |1/2 - 1| + |4/5 - 0| and |1/5 - 0| + |1/5 - 1|, the mean of two.
    np.testing.assert_allclose(spatial, (1.3 + 1.0) / 2, rtol=1e-6)
    # M_hat G - M X: (.25 - 1, .25 - .5, .8, .4) and (0, .2, .1 - 1, 0).
    np.testing.assert_allclose(appearance, (0.75 + 0.25 + 1.2 + 0.2 + 0.9) / 2, rtol=1e-6)


def test_under_the_true_mask_they_are_cross_entropy_and_what_differs_inside():
    spatial, appearance = TrueMaskLoss()(X, MASK, FAKE, LOGITS)
    nats = -np.log([0.5, 1 - 0.8, 1 - 0.2, 0.2]).sum() / 2
    np.testing.assert_allclose(spatial, nats, rtol=1e-5)
    np.testing.assert_allclose(appearance, (0.5 + 0.5) / 2, rtol=1e-6)


def test_the_appearance_does_not_pull_at_the_mask_where_the_mask_is_the_true_one():
    for loss, pulls in ((TrueMaskLoss(), False), (PredictedMaskLoss(), True)):
        with tf.GradientTape() as tape:
            tape.watch(LOGITS)
            _, appearance = loss(X, MASK, FAKE, LOGITS)
        assert (tape.gradient(appearance, LOGITS) is not None) == pulls


def test_the_weight_falls_by_equal_factors_and_then_stays():
    weight = GeometricDecay(1e-2, 1e-4, 100)
    found = [float(weight(tf.constant(step))) for step in (0, 25, 50, 100, 1000)]
    np.testing.assert_allclose(found, [1e-2, 10**-2.5, 1e-3, 1e-4, 1e-4], rtol=1e-5)


@pytest.mark.parametrize("arguments", [(0, 1, 9), (1, -1, 9), (1, 0.1, 0), (1, 0.1, 2.5)])
def test_a_weight_that_cannot_fall_is_refused(arguments):
    with pytest.raises(ValueError, match="Received: "):
        GeometricDecay(*arguments)
