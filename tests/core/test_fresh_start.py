"""An optimizer that starts anew steps as a new one does."""

import keras
import numpy as np
import pytest

from tfgen.core import Adam
from tfgen.core.fresh_start import FreshStart

OPTIMIZERS = {
    "adam": lambda: Adam(0.1, beta_1=0.0, beta_2=0.99),
    "nadam": lambda: keras.optimizers.Nadam(0.1),
    "adagrad": lambda: keras.optimizers.Adagrad(0.1, initial_accumulator_value=0.3),
    "schedule": lambda: keras.optimizers.SGD(
        keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5), momentum=0.9
    ),
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(Adam(0.1), initial_scale=4.0),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_it_steps_as_a_new_one_does(name):
    gradients = [np.float32([[1.0, -2.0]]), np.float32([4.0])]
    used, new = OPTIMIZERS[name](), OPTIMIZERS[name]()
    weights, others = ([keras.Variable(np.ones_like(g)) for g in gradients] for _ in range(2))
    used.build(weights)
    new.build(others)
    for _ in range(3):
        used.apply([-g for g in gradients], weights)
    # Of one that was used already, too.
    FreshStart(used, weights)()
    assert int(used.iterations) == 0
    for weight in weights:
        weight.assign(np.ones(weight.shape))
    for _ in range(2):
        used.apply(gradients, weights)
        new.apply(gradients, others)
    for one, other in zip(weights, others, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_rate_that_was_set_stays():
    optimizer, weight = Adam(0.1), keras.Variable([1.0])
    optimizer.build([weight])
    fresh_start = FreshStart(optimizer, [weight])
    optimizer.learning_rate = 0.01
    fresh_start()
    np.testing.assert_allclose(optimizer.learning_rate, 0.01)
