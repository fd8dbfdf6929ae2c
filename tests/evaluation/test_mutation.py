import numpy as np
import pytest

from tfgen.evaluation import mutate


def test_mutation_draws_the_share_of_values_that_it_says():
    x = np.ones((200, 4, 4, 1), "float32")
    mutated = mutate(x, 0.3, levels=4, seed=1)
    # A draw leaves a value as it was with probability 1/4.
    assert abs(np.mean(mutated != 1) - 0.3 * 3 / 4) < 4 * np.sqrt(0.225 * 0.775 / x.size)
    assert set(np.unique(np.rint(3 * mutated))) == {0, 1, 2, 3}
    np.testing.assert_array_equal(mutate(x, 0.3, levels=4, seed=1), mutated)
    assert np.any(mutate(x, 0.3, levels=4, seed=2) != mutated)
    np.testing.assert_array_equal(mutate(x, 0.0, levels=2), x)
    with pytest.raises(ValueError, match="rate to be in .* Received: 1.0"):
        mutate(x, 1.0, 4)
    with pytest.raises(ValueError, match="levels.* Received: 1"):
        mutate(x, 0.1, 1)
