"""A rate that stays, then falls to 0 along a line."""

import keras
import numpy as np
import pytest

from tfgen.core import LinearDecay


def test_the_rate_stays_and_falls_to_zero_and_survives_saving():
    schedule = LinearDecay(0.5, num_constant=4, num_decaying=2)
    config = keras.optimizers.schedules.serialize(schedule)
    for each in (schedule, keras.optimizers.schedules.deserialize(config)):
        rates = [float(each(np.int64(step))) for step in range(8)]
        assert rates == [0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.0, 0.0]


@pytest.mark.parametrize("wrong", [(0.0, 1, 1), (1.0, 0, 1), (1.0, 1, 0), (1.0, 1, 1.5)])
def test_wrong_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="Received: "):
        LinearDecay(*wrong)
