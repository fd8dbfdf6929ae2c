"""MADE's degrees and masks; see test_order_ensemble.py for what it owes with other models."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.autoregressive.made import MADE
from tfgen.autoregressive.made_degrees import random_degrees, units_by_degree
from tfgen.autoregressive.order_ensemble import random_state


def made(**arguments):
    model = MADE(event_shape=(5,), **{"hidden": (12, 11, 10), **arguments})
    generator = np.random.default_rng(0)
    model.set_weights([generator.normal(size=w.shape) for w in model.get_weights()])
    return model


def every_input():
    return np.float32([[i >> d & 1 for d in range(5)] for i in range(32)])


def by_units(model, x, component):
    """Eq. 12-13 of Germain et al. (2015), unit by unit, in plain NumPy."""
    place = np.argsort(model.orders[component])
    below, h = place + 1, x
    for layer, degrees in zip(model.hidden_layers, model._degrees, strict=True):
        W, b = layer.get_weights()
        sees = [[degrees[component][k] >= m for k in range(layer.units)] for m in below]
        below, h = degrees[component], np.maximum(h @ (W * sees) + b, 0)
    V, c = model.output_layer.get_weights()
    logits = h @ (V * [[place[d] + 1 > m for d in range(5)] for m in below]) + c
    if model.direct:
        (A,) = model.direct_layer.get_weights()
        logits += x @ (A * (place[:, np.newaxis] < place))
    return logits


@pytest.mark.parametrize("direct", [True, False])
def test_the_logits_of_every_order_and_mask_are_the_paper_s(direct):
    model, x = made(num_orders=2, num_masks=2, direct=direct), every_input()
    assert model.num_components == 4
    found = [model.conditionals(x, component=k).distribution.logits for k in range(4)]
    for k in range(4):
        np.testing.assert_allclose(found[k], by_units(model, x, k), rtol=1e-4, atol=1e-4)
    # Components 0 and 1 share raster order but not their masks, and so on.
    np.testing.assert_array_equal(model.orders[:2], [np.arange(5)] * 2)
    np.testing.assert_array_equal(model.orders[2], model.orders[3])
    assert all(not np.allclose(found[i], found[j]) for i in range(4) for j in range(i))


def test_without_direct_connections_outputs_depend_on_the_inputs_that_the_masks_join_to_them():
    """All weights positive, so that no unit is silent and no two paths cancel."""
    model, x = made(num_orders=2, num_masks=3, direct=False), tf.constant(every_input()[:1])
    model.set_weights([np.abs(w) + 0.1 for w in model.get_weights()])
    for k, order in enumerate(model.orders):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            logits = model.conditionals(x, component=k).distribution.logits
        jacobian = tape.batch_jacobian(logits, x, experimental_use_pfor=False)[0].numpy()
        joined, below = np.eye(5), np.argsort(order) + 1
        for degrees in (each[k] for each in model._degrees):
            joined, below = joined @ (below[:, np.newaxis] <= degrees), degrees
        joined = (joined @ (below[:, np.newaxis] < np.argsort(order) + 1)).T > 0
        np.testing.assert_array_equal(jacobian > 0, joined)
        np.testing.assert_array_equal(np.triu(jacobian[order][:, order]), 0)
        assert joined.sum() >= 8


def test_degrees_lie_between_the_least_below_and_the_last_dimension_but_one():
    layers = random_degrees((40, 3, 50), 6, 9, random_state(0))
    assert [layer.shape for layer in layers] == [(6, 40), (6, 3), (6, 50)]
    for component in range(6):
        least = 1
        for layer in layers:
            assert least <= layer[component].min() and layer[component].max() <= 8
            least = layer[component].min()
    assert set(np.ravel(layers[0])) == set(range(1, 9))
    assert (layers[2].min(axis=1) > 1).any()
    for layer in random_degrees((4, 3), 2, 1, random_state(0)):
        np.testing.assert_array_equal(layer, 0)


def test_units_are_listed_by_degree():
    degrees = np.array([[2, 1, 2, 3], [1, 1, 1, 2]])
    expected = [
        [[-1, -1, -1], [1, -1, -1], [0, 2, -1], [3, -1, -1]],
        [[-1, -1, -1], [0, 1, 2], [3, -1, -1], [-1, -1, -1]],
    ]
    np.testing.assert_array_equal(units_by_degree(degrees, 4), expected)


def test_training_takes_one_component_at_random():
    model, x = made(num_orders=2, num_masks=2), tf.constant(every_input())
    each = [-np.mean(model.conditionals(x, component=k).log_prob(x)) for k in range(4)]
    seeds = [tf.constant((0, seed)) for seed in range(60)]
    found = [model.negative_log_likelihood((x,), s, True)["negative_log_prob"] for s in seeds]
    nearest = np.abs(np.subtract.outer(found, each)).argmin(axis=1)
    np.testing.assert_allclose(found, np.array(each)[nearest], rtol=1e-5)
    assert set(nearest) == set(range(4))


def test_the_number_of_parameters():
    model = MADE.default((28, 28, 1))
    assert model.count_params() == 784 * 500 + 500 * 500 + 500 * 784 + 500 + 500 + 784 + 784**2
