"""Which terms of the bound are drawn."""

import numpy as np
import pytest
import tensorflow as tf

from tfgen.core import example_seeds
from tfgen.diffusion import DDPM, CosineSchedule, KarrasSchedule, LinearSchedule, bound
from tfgen.diffusion.bound import term_probabilities

SCHEDULES = [LinearSchedule(1000), CosineSchedule(50), KarrasSchedule(18), LinearSchedule(2)]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_each_term_may_be_drawn_and_all_of_them_come_once(schedule):
    num_steps = schedule.num_steps
    for num_terms in (1, 2, num_steps // 2 + 1, num_steps):
        probabilities = term_probabilities(schedule, num_terms)
        assert probabilities.shape == (num_steps,) and np.all(probabilities > 0)
        np.testing.assert_allclose(probabilities.sum(), 1)
    np.testing.assert_array_equal(probabilities, 1 / num_steps)


def test_terms_that_are_drawn_as_large_as_they_are_leave_less_noise(monkeypatch):
    """Of a network that knows nothing, its x_0 the mean of the data."""
    model = DDPM.default((3,), num_steps=200, base_channels=2)
    x = np.tile(np.float32([[0.3, 0.9, -0.2]]), (1000, 1))
    draw = lambda seed: bound.variational_bound(
        model, tf.constant(x), 8, seeds=example_seeds(tf.constant([0, seed]), len(x))
    )
    by_size = draw(0).numpy()
    monkeypatch.setattr(bound, "term_probabilities", lambda schedule, _: np.full(200, 1 / 200))
    evenly = draw(1).numpy()
    error = np.hypot(by_size.std(), evenly.std()) / np.sqrt(len(x))
    np.testing.assert_allclose(by_size.mean(), evenly.mean(), atol=4 * error)
    assert by_size.std() < 0.5 * evenly.std()
