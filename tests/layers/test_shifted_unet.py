"""The two streams at several resolutions: shapes as they come, order kept."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import ShiftedUNet


def unet(num_resolutions, num_blocks=1):
    layer = ShiftedUNet(3, num_blocks, num_resolutions)
    layer(tf.zeros((1, 2, 2, 3)), tf.zeros((1, 2, 2, 3)))
    generator = np.random.default_rng(0)
    layer.set_weights([generator.normal(size=w.shape) / 2 for w in layer.get_weights()])
    return layer


@pytest.mark.parametrize("num_resolutions", [1, 2, 3])
@pytest.mark.parametrize("size", [(1, 1), (5, 3), (4, 6)])
def test_each_stream_sees_what_it_may(num_resolutions, size):
    """u its row and those above; ul beside them the pixels to the left and its own."""
    layer, count = unet(num_resolutions), size[0] * size[1]
    u, ul = (tf.random.stateless_normal((4, *size, 3), (0, seed)) for seed in (1, 2))

    @tf.function
    def gradients(place):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch((u, ul))
            outs = [tf.reshape(out, (4, count, 3))[:, place] for out in layer(u, ul)]
            outs = [tf.reduce_sum(out * [1.0, 2.0, 3.0]) for out in outs]
        pairs = [tape.gradient(out, (u, ul), unconnected_gradients="zero") for out in outs]
        reduced = [tf.reduce_max(tf.abs(each), (0, 3)) for pair in pairs for each in pair]
        return tf.reshape(tf.stack(reduced), (4, count))

    seen = np.array([gradients(tf.constant(place)) for place in range(count)]) > 0
    row, column = np.divmod(np.arange(count), size[1])
    above = row[:, None] >= row
    own = (row[:, None] > row) | ((row[:, None] == row) & (column[:, None] >= column))
    u_by_u, u_by_ul, ul_by_u, ul_by_ul = seen.transpose(1, 0, 2)
    assert not (u_by_u & ~above).any() and not u_by_ul.any()
    assert not (ul_by_u & ~above).any() and not (ul_by_ul & ~own).any()
    assert u_by_u.diagonal().all() and ul_by_u.diagonal().all() and ul_by_ul.diagonal().all()


def test_there_is_one_more_block_going_up_but_at_the_lowest_resolution():
    layer = unet(2, num_blocks=2)
    assert (len(layer.u_down), len(layer.u_up), len(layer.lower.u_up)) == (2, 3, 2)
    assert (len(layer.ul_down), len(layer.ul_up), len(layer.lower.ul_up)) == (2, 3, 2)


@pytest.mark.parametrize("sizes", [(0, 1, 1), (2, 0, 1), (2, 1, 0)])
def test_bad_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match="at least 1.*Received:"):
        ShiftedUNet(*sizes)


@pytest.mark.parametrize("num_resolutions", [1, 2])
def test_a_network_with_it_reloads(num_resolutions, tmp_path):
    """The weights are there before the layer is called, in the same order."""
    streams = [keras.Input((4, 5, 3)), keras.Input((4, 5, 3))]
    network = keras.Model(streams, ShiftedUNet(3, 1, num_resolutions)(*streams))
    called = ShiftedUNet(3, 1, num_resolutions)
    inputs = [tf.random.stateless_normal((2, 4, 5, 3), (0, seed)) for seed in (1, 2)]
    called(*inputs)
    called.set_weights(network.get_weights())
    network.save(tmp_path / "network.keras")
    copy = keras.models.load_model(tmp_path / "network.keras")
    for expected, *found in zip(network(inputs), called(*inputs), copy(inputs), strict=True):
        for each in found:
            np.testing.assert_array_equal(each, expected)
