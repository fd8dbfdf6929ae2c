"""Convolutional pairs: exact sizes, what a cell sees, a decoder that mirrors its encoder."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfgen.networks import ConvolutionalNetworks


def last_grid(encoder):
    """The encoder up to its smallest grid."""
    flat = next(layer for layer in encoder.layers if isinstance(layer, keras.layers.Reshape))
    return keras.Model(encoder.inputs[0], flat.input)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    height=st.integers(8, 17),
    width=st.integers(8, 17),
    channels=st.integers(1, 3),
    params=st.integers(1, 5),
    filters=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    hidden=st.lists(st.integers(1, 3), max_size=2),
    kernel_size=st.sampled_from([1, 3, 5]),
)
def test_any_image_is_encoded_and_decoded_with_as_many_weights_as_the_formula_says(
    height, width, channels, params, filters, hidden, kernel_size
):
    networks = ConvolutionalNetworks(filters, hidden, kernel_size)
    encoder = networks.encoder((height, width, channels), 4)
    decoder = networks.decoder(2, (height, width, params))
    assert encoder(np.ones((3, height, width, channels), "float32")).shape == (3, 4)
    assert decoder(np.ones((3, 2), "float32")).shape == (3, height, width, params)
    assert encoder.get_layer("output") is encoder.layers[-1]
    assert decoder.get_layer("output") is decoder.layers[-1]

    cells = math.prod(math.ceil(side / 2 ** len(filters)) for side in (height, width))
    convolved = lambda widths: sum(
        (kernel_size**2 * a + 1) * b for a, b in zip(widths[:-1], widths[1:], strict=True)
    )
    dense = lambda widths: sum((a + 1) * b for a, b in zip(widths[:-1], widths[1:], strict=True))
    smallest = cells * filters[-1]
    down = convolved([channels, *filters]) + dense([smallest, *hidden, 4])
    up = dense([2, *hidden[::-1], smallest])
    # The bias of a transposed convolution belongs to the channels that it writes.
    up += convolved([*filters[::-1], params])
    assert encoder.count_params() == down
    assert decoder.count_params() == up


@pytest.mark.parametrize("height", range(8, 18))
def test_the_decoder_s_convolutions_are_the_transposes_of_the_encoder_s(height):
    """<encode(a), b> = <a, decode(b)> where both have the same kernels and nothing else."""
    image_shape = (height, 25 - height, 2)
    networks = ConvolutionalNetworks((3, 4), activation=None)
    encoder, decoder = networks.encoder(image_shape, 1), networks.decoder(1, image_shape)
    ups = [layer for layer in decoder.layers if isinstance(layer, keras.layers.Conv2DTranspose)]
    for i, up in enumerate(reversed(ups)):
        up.kernel.assign(encoder.get_layer(f"down_{i}").kernel)
    encode = last_grid(encoder)
    decode = keras.Model(ups[0].input, decoder.output)
    random = np.random.default_rng(0)
    a = random.normal(size=(1, *image_shape)).astype("float32")
    b = random.normal(size=(1, *encode.output.shape[1:])).astype("float32")
    np.testing.assert_allclose(np.sum(encode(a) * b), np.sum(a * decode(b)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("sides", [(16, 16), (13, 10), (8, 17)])
def test_a_cell_sees_the_window_that_its_convolutions_add_up_to(sides):
    """Two 3x3 convolutions of stride 2: windows of 7 pixels, 4 pixels apart, as "same" pads."""
    encode = last_grid(ConvolutionalNetworks((2, 2), activation=None).encoder((*sides, 1), 1))
    x = tf.Variable(np.random.default_rng(0).normal(size=(1, *sides, 1)), dtype=tf.float32)
    rows, columns = encode.output.shape[1:3]

    def window(side, cell):
        half = (side + 1) // 2
        first = 2 * (2 * cell - half % 2) - side % 2
        return set(range(max(first, 0), min(first + 7, side)))

    for row in range(rows):
        for column in range(columns):
            with tf.GradientTape() as tape:
                y = tf.reduce_sum(encode(x)[0, row, column])
            seen = np.nonzero(tape.gradient(y, x).numpy()[0, ..., 0])
            assert set(seen[0]) == window(sides[0], row)
            assert set(seen[1]) == window(sides[1], column)


def test_vectors_and_sizes_that_are_none_are_refused():
    networks = ConvolutionalNetworks()
    with pytest.raises(ValueError, match=r"event_shape \(height, .* Received: \(64,\)"):
        networks.encoder((64,), 2)
    with pytest.raises(ValueError, match=r"output_shape \(height, .* Received: \(8, 8\)"):
        networks.decoder(2, (8, 8))
    with pytest.raises(ValueError, match="odd integer .* Received: 4"):
        ConvolutionalNetworks(kernel_size=4)
    with pytest.raises(ValueError, match="filters to hold 1 .*Received: "):
        ConvolutionalNetworks(filters=())


def test_equal_networks_are_equal_values():
    networks = ConvolutionalNetworks([4, 8], hidden=[5], kernel_size=5, activation="elu")
    assert ConvolutionalNetworks.from_config(networks.get_config()) == networks
    assert networks != ConvolutionalNetworks((4, 8), (5,), 5)
