"""The residual blocks of PixelCNN++: the equation, dropout, and the pieces."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import DownRightShiftedResnet, DownShiftedResnet

both = pytest.mark.parametrize("kind", [DownShiftedResnet, DownRightShiftedResnet])


def block(kind, shortcuts=(5, 2), dropout=0.0):
    layer, x = kind(3, dropout), image(3, 1)
    layer(x, tuple(image(size, 2 + k) for k, size in enumerate(shortcuts)))
    generator = np.random.default_rng(0)
    layer.set_weights(
        [
            w if "seed" in v.name else generator.normal(size=w.shape)
            for v, w in zip(layer.weights, layer.get_weights(), strict=True)
        ]
    )
    return layer


def image(features, seed):
    return tf.random.stateless_normal((2, 4, 5, features), (0, seed))


def elu(x):
    x = np.concatenate((x, -x), axis=-1)
    return np.where(x > 0, x, np.expm1(x))


@both
def test_the_block_is_its_equation(kind):
    layer, x, shortcuts = block(kind), image(3, 1), (image(5, 2), image(2, 3))
    hidden = layer.first(elu(x)) + sum(
        elu(each) @ kernel.numpy() for each, kernel in zip(shortcuts, layer.shortcuts, strict=True)
    )
    a, b = np.split(layer.second(elu(hidden)).numpy(), 2, axis=-1)
    np.testing.assert_allclose(layer(x, shortcuts), x + a / (1 + np.exp(-b)), rtol=1e-3, atol=1e-4)


@both
def test_a_new_block_is_close_to_the_identity(kind):
    layer, x = kind(16), image(16, 1)
    assert np.std(layer(x) - x) < 0.3 * np.std(x)


@both
def test_dropout_acts_in_training_alone(kind):
    layer, x = block(kind, (), dropout=0.5), image(3, 1)
    np.testing.assert_array_equal(layer(x), block(kind, ())(x))
    one, other = layer(x, training=True), layer(x, training=True)
    assert not np.allclose(one, other) and not np.allclose(one, layer(x))


@both
def test_dropout_repeats_with_keras_s_seed(kind):
    def dropped():
        keras.utils.set_random_seed(3)
        return block(kind, (), dropout=0.5)(image(3, 1), training=True)

    np.testing.assert_array_equal(dropped(), dropped())


def test_rows_are_the_block_in_pieces():
    layer, x, shortcut = block(DownShiftedResnet, (5,)), image(3, 1), image(5, 2)
    kept = (tf.zeros((2, 1, 5, 6)),) * 2
    rows = []
    for i in range(4):
        row, kept = layer.row(x[:, i : i + 1], kept, (shortcut[:, i : i + 1],))
        rows.append(row)
    np.testing.assert_allclose(tf.concat(rows, 1), layer(x, (shortcut,)), rtol=1e-3, atol=1e-4)


def test_pixels_are_the_block_in_pieces():
    layer, x = block(DownRightShiftedResnet), image(3, 1)
    u, shortcut = image(5, 2), image(2, 3)
    expected = layer(x, (u, shortcut))
    nothing = tf.zeros((2, 6))
    row = [(nothing, nothing)] * 6
    for i in range(4):
        kept = tuple(tf.stack(each, axis=1) for each in zip(*row, strict=True))
        above, row = layer.begin_row(kept, u[:, i : i + 1]), [(nothing, nothing)]
        for j in range(5):
            ours = tuple(each[:, j] for each in above)
            pixel, new = layer.pixel(x[:, i, j], ours, row[-1], (shortcut[:, i, j],))
            row.append(new)
            np.testing.assert_allclose(pixel, expected[:, i, j], rtol=1e-3, atol=1e-4)
