"""`num_free_parameters` counts the weights that can act: those of which some density depends."""

import math

import numpy as np
import pytest
import tensorflow as tf
from truths import all_inputs, randomize

import tfgen
from tfgen.autoregressive import s_curve_orders
from tfgen.distributions import NormalMixture

IMAGE, COLOUR = (4, 4, 1), (3, 3, 3)
SIZES = {"num_layers": 1, "first_kernel_size": 3}
MAKERS = {
    "FVSBN": lambda: tfgen.FVSBN.default((5,)),
    "FVSBN: categorical": lambda: tfgen.FVSBN.default((3,), levels=3),
    "NADE": lambda: tfgen.NADE.default((5,), num_hidden=3),
    "NADE: categorical": lambda: tfgen.NADE.default((3,), num_hidden=3, levels=3),
    "RNADE": lambda: tfgen.RNADE(event_shape=(4,), num_hidden=3, head=NormalMixture(2)),
    "MADE": lambda: tfgen.MADE.default((5,), hidden=(6, 4)),
    "MADE: ensemble": lambda: tfgen.MADE.default((4,), hidden=(5, 3), num_masks=2, num_orders=2),
    "MADE: categorical": lambda: tfgen.MADE.default((3,), hidden=(4,), levels=3, direct=False),
    "MaskedPixelCNN": lambda: tfgen.MaskedPixelCNN.default(IMAGE, num_features=4, **SIZES),
    "MaskedPixelCNN: colour": lambda: tfgen.MaskedPixelCNN.default(
        COLOUR, num_features=3, num_output_features=3, **SIZES
    ),
    "LocallyMaskedPixelCNN": lambda: tfgen.LocallyMaskedPixelCNN.default(
        (3, 3, 1), num_features=4, **SIZES
    ),
    "LocallyMaskedPixelCNN: ensemble": lambda: tfgen.LocallyMaskedPixelCNN.default(
        (3, 3, 1), s_curve_orders(3, 3)[[0, 1]], num_features=4, **SIZES
    ),
    "PixelCNN": lambda: tfgen.PixelCNN.default(IMAGE, num_features=4, **SIZES),
    "PixelCNN: colour": lambda: tfgen.PixelCNN.default(
        COLOUR, num_features=3, num_output_features=3, **SIZES
    ),
    "RowLSTM": lambda: tfgen.RowLSTM.default(COLOUR, num_features=3, **SIZES),
    "DiagonalBiLSTM": lambda: tfgen.DiagonalBiLSTM.default(IMAGE, num_features=4, **SIZES),
}


def acting(model, x):
    """Entries of the weights by which the score of some x has a derivative."""
    weights, moved = model.trainable_variables, 0
    with tf.GradientTape(persistent=True) as tape:
        if hasattr(model, "num_components"):
            scores = [
                model.conditionals(x, component=k).log_prob(x) for k in range(model.num_components)
            ]
        else:
            scores = [model.conditionals(x).log_prob(x)]
        # Random signs, so that no two examples cancel each other.
        value = sum(
            tf.reduce_sum(s * np.random.default_rng(0).normal(size=s.shape)) for s in scores
        )
    for gradient in tape.gradient(value, weights):
        moved += np.count_nonzero(np.abs(gradient) > 1e-9)
    return moved


@pytest.mark.parametrize("name", MAKERS)
def test_as_many_weights_count_as_have_a_derivative(name):
    model = randomize(MAKERS[name](), 0.1)
    for variable in model.trainable_variables:
        # All positive, so that no rectified linear unit is off.
        variable.assign(tf.abs(variable) + (1 if len(variable.shape) == 1 else 0))
    if model.levels is None:
        x = np.random.default_rng(1).normal(size=(64, *model.event_shape)).astype("float32")
    elif math.prod(model.event_shape) <= 5:
        x = all_inputs(model.event_shape, model.levels)
    else:
        x = np.random.default_rng(1).integers(0, 2, (64, *model.event_shape)).astype("float32")
    assert model.num_free_parameters == acting(model, tf.constant(x))
    assert type(model.num_free_parameters) is int


def test_sizes_of_the_papers_models():
    assert tfgen.FVSBN.default((784,)).num_free_parameters == 784 * 783 // 2 + 784 == 307_720
    assert tfgen.NADE.default((784,), direct=False).num_free_parameters == 784 * 500 * 2 + 784
