"""The sum of a network over parts, against one part after the other."""

import keras
import numpy as np

from tfgen.layers import SumOverParts


def network():
    keras.utils.set_random_seed(0)
    x = keras.Input((3, 2))
    h = keras.layers.Dense(4, "tanh")(x)
    return keras.Model(x, [h, keras.layers.Dense(5)(keras.layers.Flatten()(h))])


def test_each_output_is_the_sum_over_the_parts_in_any_order():
    f = network()
    layer = SumOverParts(f)
    parts = np.random.default_rng(0).normal(size=(6, 4, 3, 2)).astype("float32")
    for found, *each in zip(layer(parts), *(f(parts[:, n]) for n in range(4)), strict=True):
        np.testing.assert_allclose(found, sum(each), atol=1e-5)
    for found, turned in zip(layer(parts), layer(parts[:, [2, 0, 3, 1]]), strict=True):
        np.testing.assert_allclose(turned, found, atol=1e-5)


def test_the_network_is_part_of_the_layer_and_comes_back_with_it(tmp_path):
    x = keras.Input((4, 3, 2))
    model = keras.Model(x, SumOverParts(network())(x))
    assert model.count_params() == network().count_params()
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    parts = np.random.default_rng(0).normal(size=(2, 4, 3, 2)).astype("float32")
    for one, other in zip(model(parts), twin(parts), strict=True):
        np.testing.assert_array_equal(one, other)
