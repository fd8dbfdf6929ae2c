"""Weightings against the losses of their papers."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.diffusion import EDMWeighting, MinSNR, Simple

SIGMA = tf.constant([1e-3, 0.1, 0.5, 2.0, 100.0], tf.float64)


def test_weights_are_those_of_the_papers():
    snr = SIGMA.numpy() ** -2
    np.testing.assert_allclose(Simple()(SIGMA), snr)
    np.testing.assert_allclose(MinSNR(5)(SIGMA), np.minimum(snr, 5))
    # Karras et al. (2022), Table 1: lambda(sigma).
    table = (SIGMA.numpy() ** 2 + 0.7**2) / (SIGMA.numpy() * 0.7) ** 2
    np.testing.assert_allclose(EDMWeighting(0.7)(SIGMA), table)


@pytest.mark.parametrize("make", [lambda: MinSNR(0), lambda: EDMWeighting(-1.0)])
def test_impossible_weightings_are_refused(make):
    with pytest.raises(ValueError, match="Received: "):
        make()
