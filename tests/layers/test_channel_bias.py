"""ChannelBias: one number for each feature."""

import numpy as np

from tfgen.layers import ChannelBias


def test_a_channel_bias_is_added_to_every_cell():
    layer = ChannelBias()
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    np.testing.assert_array_equal(layer(x), x)
    layer.set_weights([np.float32([1, 2, 3, 4])])
    np.testing.assert_allclose(layer(x), x + np.float32([1, 2, 3, 4]))
