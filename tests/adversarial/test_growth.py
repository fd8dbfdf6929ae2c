"""Growth by hand: stages, fades and their ends, and what a training remembers of them."""

import numpy as np
import pytest

from tfgen.adversarial import Growth
from tfgen.adversarial.growth import GrowthState


def moments(growth, images, num_stages=3):
    return [tuple(np.array(each) for each in growth(i, num_stages)) for i in images]


def test_stages_fade_in_and_stay():
    """4 images of stage 0, then 8 of each fade and 4 after it."""
    growth = Growth(stage_images=4, fade_images=8)
    expected = {0: (0, 1), 3: (0, 1), 4: (1, 0), 5: (1, 0.125), 11: (1, 0.875), 12: (1, 1)}
    expected |= {15: (1, 1), 16: (2, 0), 22: (2, 0.75), 24: (2, 1), 28: (2, 1), 10**12: (2, 1)}
    assert moments(growth, expected) == list(expected.values())
    assert [growth.images_before(stage) for stage in range(3)] == [0, 4, 16]
    # One stage has nothing to grow into.
    assert moments(growth, (0, 4, 100), num_stages=1) == [(0, 1)] * 3


def test_without_a_fade_a_stage_is_there_at_once():
    assert moments(Growth(4, 0), (3, 4, 7, 8)) == [(0, 1), (1, 1), (1, 1), (2, 1)]


def test_the_defaults_are_the_papers_and_within_divides_a_training():
    assert Growth() == Growth(800_000, 800_000)
    growth = Growth.within(30 * 60_000, num_stages=4)
    assert growth == Growth(257_142, 257_142)
    # Four stages and three fades, one as long as the other.
    assert growth.images_before(3) == 5 * 257_142
    assert moments(growth, (6 * 257_142 - 1, 6 * 257_142), 4)[1] == (3, 1)


def test_a_state_tells_the_step_at_which_a_stage_or_the_end_of_a_fade_is_reached():
    growth, state, changed = Growth(4, 4), GrowthState(), []
    for _ in range(14):
        changed.append(bool(state.enter(growth, 3)))
        state.images.assign_add(1)
    assert [i for i, each in enumerate(changed) if each] == [4, 8, 12]
    assert (int(state.stage), float(state.blend)) == (2, 0.25)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Growth(0),
        lambda: Growth(4, -1),
        lambda: Growth(4, 0.5),
        lambda: Growth.within(6, 4),
        lambda: Growth.within(100, 0),
    ],
)
def test_bad_numbers_are_refused(make):
    with pytest.raises(ValueError, match="expected .*Received: "):
        make()
