"""Layers made of layers: all of one dtype policy, whatever the global one is after a reload."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.layers import (
    DiagonalBiLSTMLayer,
    DownRightShiftedResnet,
    DownShiftedResnet,
    GatedPixelLayer,
    RowLSTMLayer,
    ShiftedUNet,
)

COMPOSITES = [
    (lambda: DiagonalBiLSTMLayer(4, groups=2), 1),
    (lambda: RowLSTMLayer(4, groups=2), 1),
    (lambda: DownShiftedResnet(4, 0.5), 1),
    (lambda: DownRightShiftedResnet(4, 0.5), 1),
    (lambda: GatedPixelLayer(4, 3, groups=2), 2),
    (lambda: GatedPixelLayer(4, 3, conditional=True), 3),
    (lambda: ShiftedUNet(4, 1, 2, 0.5), 2),
]
NAMES = ["diagonal", "row", "down", "down-right", "gated", "gated given", "unet"]


@pytest.fixture
def set_policy():
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy("float32")


def policies(layer):
    return [each.dtype_policy.name for each in layer._flatten_layers()]


def outputs(layer, num_inputs):
    shapes = [(2, 4, 5, 4), (2, 4, 5, 4), (2, 3)][:num_inputs]
    inputs = [tf.random.stateless_normal(shape, (0, k)) for k, shape in enumerate(shapes)]
    return [tf.cast(each, tf.float32) for each in tf.nest.flatten(layer(*inputs))]


@pytest.mark.parametrize(("make", "num_inputs"), COMPOSITES, ids=NAMES)
def test_a_layer_reloads_with_its_policy_under_another_one(make, num_inputs, set_policy):
    set_policy("mixed_bfloat16")
    layer = make()
    expected = outputs(layer, num_inputs)
    config = keras.saving.serialize_keras_object(layer)
    set_policy("float32")
    copy = keras.saving.deserialize_keras_object(config)
    outputs(copy, num_inputs)
    copy.set_weights(layer.get_weights())
    assert set(policies(copy)) == {"mixed_bfloat16"} and policies(copy) == policies(layer)
    for found, wanted in zip(outputs(copy, num_inputs), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(("make", "num_inputs"), COMPOSITES, ids=NAMES)
def test_the_policy_is_more_than_a_name(make, num_inputs, set_policy):
    """The same weights give other numbers in float32, so that equal outputs say something."""
    set_policy("mixed_bfloat16")
    layer = make()
    rounded = outputs(layer, num_inputs)
    set_policy("float32")
    exact = make()
    outputs(exact, num_inputs)
    exact.set_weights(layer.get_weights())
    assert any(
        np.any(found != wanted)
        for found, wanted in zip(outputs(exact, num_inputs), rounded, strict=True)
    )
