import numpy as np
import pytest
from linear_gaussian import EXACT, X, linear_gaussian

from tfgen import VAE
from tfgen.conditions import Classes
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


class LabelAndPixel(Estimator):
    """Says ten times the class and the first pixel: a mixed-up pair would show."""

    def __init__(self, scale):
        self.scale = scale

    def kind(self, model):
        return "label"

    def __call__(self, model, x, *, condition=None, seed=0, batch_size=None):
        return self.scale * (10 * np.asarray(condition) + np.asarray(x)[:, 0])


def test_conditions_stay_with_their_examples():
    """The gap is as large as what the cheap one says, so that both see the same pairs or differ."""
    model = VAE.default((4,), latent_dim=2, condition=Classes(3))
    x = np.random.default_rng(0).integers(0, 2, (40, 4)).astype("float32")
    y = np.arange(40) % 3
    options = {"cheap": LabelAndPixel(1.0), "dear": LabelAndPixel(2.0), "num_examples": 40}
    batches = ((x[begin : begin + 7], y[begin : begin + 7]) for begin in range(0, 40, 7))
    expected = 2 * (10 * y + x[:, 0])
    for found in (
        two_phase_likelihood(model, x, condition=y, **options),
        two_phase_likelihood(model, batches, **options),
    ):
        np.testing.assert_allclose(found.mean, expected.mean(), rtol=1e-6)
        error = expected.std(ddof=1) / np.sqrt(40)
        np.testing.assert_allclose(found.standard_error, error, rtol=1e-6)
    few = two_phase_likelihood(model, x, condition=y, **{**options, "num_examples": 12})
    assert abs(few.mean - expected.mean()) < 4 * few.standard_error


@pytest.mark.parametrize("count", [0, 1, 2.5])
def test_a_gap_of_fewer_than_two_examples_is_refused(count):
    with pytest.raises(ValueError, match="num_examples.*Received"):
        estimates(1, num_examples=count)
