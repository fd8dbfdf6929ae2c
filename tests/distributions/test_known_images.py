import numpy as np
import pytest

from tfgen.distributions import all_images, bars_and_stripes, ising_grid


def test_bars_and_stripes_without_flips():
    """2^(side + 1) patterns of equal chance, but that all and nothing is a row and a column."""
    truth = bars_and_stripes(3, flip_probability=0.0)
    probabilities = truth.prob(all_images((3, 3, 1))).numpy()
    values, counts = np.unique(np.round(16 * probabilities, 4), return_counts=True)
    np.testing.assert_array_equal(values, [0, 1, 2])
    np.testing.assert_array_equal(counts, [512 - 14, 12, 2])
    rows = np.repeat([[1.0], [0], [1]], 3, axis=1)[..., None]
    np.testing.assert_allclose(truth.prob(np.stack([rows, rows.transpose(1, 0, 2)])), 1 / 16)


def test_flips_give_every_image_some_probability():
    truth = bars_and_stripes(2, flip_probability=0.1)
    probabilities = truth.prob(all_images((2, 2, 1))).numpy()
    np.testing.assert_allclose(probabilities.sum(), 1, rtol=1e-6)
    # One pixel alone is one flip from nothing, and three from everything.
    one, nine = 0.1, 0.9
    nothing, everything, lines = 1 / 4, 1 / 4, 1 / 8
    alone = nothing * one * nine**3 + everything * one**3 * nine
    # The two lines through the pixel differ from it in one pixel, the two others in three.
    alone += lines * (2 * one * nine**3 + 2 * one**3 * nine)
    np.testing.assert_allclose(probabilities[8], alone, rtol=1e-5)


@pytest.mark.parametrize("coupling", [-0.7, 0.0, 0.4])
def test_the_grid_s_normalizer_by_transfer_matrices(coupling):
    """The sum over all grids is a product of matrices from row to row."""
    spins = 2 * all_images((4,)) - 1
    within = np.exp(coupling * (spins[:, 1:] * spins[:, :-1]).sum(axis=1))
    between = np.exp(coupling * spins @ spins.T)
    total = within
    for _ in range(3):
        total = within * (between @ total)
    alike = np.ones((4, 4, 1), "float32")
    expected = 24 * coupling - np.log(total.sum())
    np.testing.assert_allclose(ising_grid(4, coupling).log_prob(alike), expected, rtol=1e-5)


def test_what_is_no_size_or_probability_is_refused():
    for wrong in (0, 5, 2.0):
        with pytest.raises(ValueError, match="side.*Received"):
            bars_and_stripes(wrong)
        with pytest.raises(ValueError, match="side.*Received"):
            ising_grid(wrong)
    with pytest.raises(ValueError, match="flip_probability.*Received"):
        bars_and_stripes(flip_probability=1.5)
    with pytest.raises(ValueError, match="coupling.*Received"):
        ising_grid(coupling=np.nan)
