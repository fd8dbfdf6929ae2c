"""The uniform prior against its closed form."""

import numpy as np
import pytest

from tfgen.distributions import Uniform


def test_its_density_is_that_of_the_cube_and_its_draws_fill_it():
    p = Uniform(3)()
    inside, outside = np.full((1, 3), 0.9, "float32"), np.float32([[0.0, 0.0, 1.1]])
    np.testing.assert_allclose(p.log_prob(inside), -3 * np.log(2), rtol=1e-6)
    assert np.isneginf(p.log_prob(outside)).all()
    z = p.sample(20_000, seed=(0, 1)).numpy()
    assert abs(z).max() <= 1 and z.dtype == np.float32
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(np.cov(z.T), np.eye(3) / 3, atol=0.02)


def test_a_size_below_1_is_refused():
    with pytest.raises(ValueError, match="dim.*Received: 0"):
        Uniform(0)
