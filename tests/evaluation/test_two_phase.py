import numpy as np
import pytest
from linear_gaussian import EXACT, X, linear_gaussian

from tfgen.evaluation import Bound, Estimator, ImportanceWeighted, likelihood, two_phase_likelihood
from tfgen.evaluation.two_phase import _Reservoir


class Column(Estimator):
    """Says a column of x."""

    def __init__(self, column):
        self.column = column

    def kind(self, model):
        return f"column {self.column}"

    def __call__(self, model, x, *, condition=None, seed=0, batch_size=None):
        return x[:, self.column]


# The gap of column 1 to column 0 grows along the data, as in a file that is sorted by class.
COUNT = 3000
RANDOM = np.random.default_rng(0)
SORTED = np.zeros((COUNT, 5), "float32")
SORTED[:, 0] = RANDOM.normal(scale=3, size=COUNT)
SORTED[:, 1] = SORTED[:, 0] + np.linspace(0, 2, COUNT) + RANDOM.normal(scale=0.1, size=COUNT)
OPTIONS = {"cheap": Column(0), "dear": Column(1)}


def estimates(count, **options):
    model = linear_gaussian()
    return [two_phase_likelihood(model, SORTED, seed=s, **OPTIONS, **options) for s in range(count)]


def test_it_is_unbiased_where_data_are_sorted_and_knows_its_error():
    found = estimates(60, num_examples=100)
    means = np.array([each.mean for each in found])
    gap = SORTED[:, 1] - SORTED[:, 0]
    # These data are fixed, so that only the choice of 100 varies.
    error = gap.std(ddof=1) * np.sqrt((1 - 100 / COUNT) / 100)
    assert abs(means.mean() - SORTED[:, 1].mean()) < 4 * error / np.sqrt(60)
    assert 0.7 < means.std(ddof=1) / error < 1.3
    # Of fresh data, too, as the standard error says it.
    whole = np.sqrt(SORTED[:, 1].var(ddof=1) / COUNT + error**2)
    errors = np.array([each.standard_error for each in found])
    np.testing.assert_allclose(np.sqrt(np.mean(errors**2)), whole, rtol=0.05)
    assert found[0].kind == "column 0, and its mean gap to column 1"
    assert found[0].protocol["num_dear_examples"] == 100
    assert found[0].protocol["num_examples"] == COUNT


def test_with_all_examples_it_is_the_dear_estimate():
    (found,) = estimates(1, num_examples=COUNT + 1)
    expected = likelihood(linear_gaussian(), SORTED, estimator=Column(1))
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-6)
    np.testing.assert_allclose(found.standard_error, expected.standard_error, rtol=1e-6)
    assert found.protocol["num_dear_examples"] == COUNT


def test_it_finds_the_density_of_a_linear_model():
    """The bound is too low by KL(q || p(z | x)), the same for all x, which the gap makes good."""
    model, x = linear_gaussian(), np.tile(X, (60, 1))
    found = two_phase_likelihood(
        model, x, cheap=Bound(), dear=ImportanceWeighted(1000), num_examples=100, seed=2
    )
    draws = found.standard_error**2 - EXACT.var() / len(x)
    assert abs(found.mean - EXACT.mean()) < 4 * np.sqrt(draws)
    low = likelihood(model, x, seed=2)
    assert low.mean < EXACT.mean() - 0.01


def test_every_example_is_chosen_as_often():
    chosen = np.zeros(20)
    for seed in range(2000):
        reservoir = _Reservoir(5, [0, seed])
        reservoir.add(np.arange(8))
        reservoir.add(np.arange(8, 20))
        [rows] = reservoir.columns()
        assert len(set(rows)) == 5
        chosen[rows] += 1
    expected = 2000 * 5 / 20
    assert np.all(abs(chosen - expected) < 4 * np.sqrt(expected * 0.75))


@pytest.mark.parametrize("count", [0, 1, 2.5])
def test_a_gap_of_fewer_than_two_examples_is_refused(count):
    with pytest.raises(ValueError, match="num_examples.*Received"):
        estimates(1, num_examples=count)
