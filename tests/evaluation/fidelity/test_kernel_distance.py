"""The kernel distance against plain loops, its bias, and its standard error."""

import itertools

import numpy as np
import pytest

from tfgen.evaluation.fidelity import kernel_distance, maximum_mean_discrepancy


def by_loops(x, y, kernel):
    others = lambda a: [kernel(*pair) for pair in itertools.permutations(a, 2)]
    across = [kernel(*pair) for pair in itertools.product(x, y)]
    return np.mean(others(x)) + np.mean(others(y)) - 2 * np.mean(across)


@pytest.mark.parametrize(
    "options", [{}, {"degree": 2, "gamma": 0.5, "coef0": 0.25}, {"degree": 1, "coef0": 0.0}]
)
def test_discrepancy_is_that_of_a_double_loop(options):
    random = np.random.default_rng(0)
    x, y = random.normal(size=(7, 4)), random.normal(1, 2, size=(5, 4)).astype("float32")
    degree, gamma, coef0 = (
        options.get(name, default)
        for name, default in (("degree", 3), ("gamma", 0.25), ("coef0", 1))
    )
    expected = by_loops(x, y.astype("float64"), lambda a, b: (gamma * (a @ b) + coef0) ** degree)
    np.testing.assert_allclose(maximum_mean_discrepancy(x, y, **options), expected, rtol=1e-12)


def test_of_known_moments():
    # k(x, y) = (x y + 1)^3 on single numbers: x always 1, y always 2.
    x, y = np.ones((5, 1)), np.full((6, 1), 2.0)
    np.testing.assert_allclose(maximum_mean_discrepancy(x, y), 8 + 125 - 2 * 27, rtol=1e-12)
    found = kernel_distance(x, y, num_subsets=4, max_subset_size=2)
    np.testing.assert_allclose(found, (79, 0, 0), atol=1e-10)


def test_mean_of_the_subsets_nears_that_of_all_pairs():
    random = np.random.default_rng(1)
    x, y = random.normal(size=(60, 3)), random.normal(0.5, 1, size=(50, 3))
    whole = maximum_mean_discrepancy(x, y)
    found = kernel_distance(x, y, num_subsets=2000, max_subset_size=10)
    assert abs(found.mean - whole) < 4 * found.standard_deviation / np.sqrt(2000)
    assert kernel_distance(x, y, seed=3) == kernel_distance(x, y, seed=3)
    assert kernel_distance(x, y, seed=3) != kernel_distance(x, y, seed=4)


def test_standard_error_is_the_spread_over_fresh_images():
    random = np.random.default_rng(2)
    found = [
        kernel_distance(
            random.normal(size=(80, 2)),
            random.normal(1, 1, size=(80, 2)),
            num_subsets=20,
            max_subset_size=20,
        )
        for _ in range(150)
    ]
    means, errors, deviations = np.array(found).T
    # Packages' spread over the subsets, and that over the root of their number, are none.
    np.testing.assert_allclose(np.sqrt(np.mean(errors**2)), means.std(), rtol=0.15)
    assert deviations.mean() > 1.5 * means.std() > 3 * deviations.mean() / np.sqrt(20)


def test_of_one_distribution_is_unbiased():
    random = np.random.default_rng(3)
    means = [
        kernel_distance(*random.normal(size=(2, 40, 2)), num_subsets=4).mean for _ in range(300)
    ]
    assert abs(np.mean(means)) < 3 * np.std(means) / np.sqrt(300)


@pytest.mark.parametrize(
    "options",
    [{"num_subsets": 1}, {"max_subset_size": 1}, {"degree": 0}, {"gamma": 0.0}, {"coef0": -1.0}],
    ids=str,
)
def test_bad_numbers_are_refused(options):
    with pytest.raises(ValueError, match="expected .* Received: "):
        kernel_distance(np.ones((8, 2)), np.ones((8, 2)), **options)
    with pytest.raises(ValueError, match="n at least 4. Received: "):
        kernel_distance(np.ones((3, 2)), np.ones((8, 2)))
