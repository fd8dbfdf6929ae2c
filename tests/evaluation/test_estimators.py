import numpy as np
import pytest
from linear_gaussian import EXACT, K, X, linear_gaussian, posterior

from tfgen.evaluation import AnnealedImportanceSampling, Bound, ImportanceWeighted

SHIFT, STRETCH, COPIES = 0.2, 1.3, 700


@pytest.fixture(scope="module")
def errors():
    """What each kind is off by, log p(x) known; independent draws for each of 4900 examples."""
    model = linear_gaussian(shift=SHIFT, stretch=STRETCH)
    x = np.tile(X, (COPIES, 1))
    kinds = {
        "ELBO": Bound(),
        "IWAE 2": ImportanceWeighted(2),
        "IWAE 20": ImportanceWeighted(20),
        "IWAE 200": ImportanceWeighted(200),
        "AIS": AnnealedImportanceSampling(30, 10, 4, 0.2),
    }
    exact = np.tile(EXACT, COPIES)
    return {
        name: np.asarray(estimator(model, x, seed=index), "float64") - exact
        for index, (name, estimator) in enumerate(kinds.items())
    }


def standard_error(values):
    return values.std(ddof=1) / np.sqrt(len(values))


def test_the_bounds_are_ordered_and_below_log_p(errors):
    kinds = ["ELBO", "IWAE 2", "IWAE 20", "IWAE 200"]
    for loose, tight in zip(kinds, kinds[1:], strict=False):
        error = np.hypot(standard_error(errors[loose]), standard_error(errors[tight]))
        assert errors[tight].mean() > errors[loose].mean() + 4 * error, (loose, tight)
    for kind in errors:
        assert errors[kind].mean() < 3 * standard_error(errors[kind]), kind


def test_log_p_is_the_elbo_and_the_divergence_from_the_posterior(errors):
    covariance = posterior(X)[1]
    precision, variance = np.linalg.inv(covariance), STRETCH**2 * np.diag(covariance)
    shift = np.full(K, SHIFT)
    log_ratio = np.linalg.slogdet(covariance)[1] - np.log(variance).sum()
    divergence = (shift @ precision @ shift + np.diag(precision) @ variance - K + log_ratio) / 2
    assert divergence > 0.5
    error = standard_error(errors["ELBO"])
    assert error < 0.1
    assert abs(errors["ELBO"].mean() + divergence) < 4 * error


@pytest.mark.parametrize("kind", ["IWAE 200", "AIS"])
def test_the_logarithm_of_an_unbiased_weight_is_low_by_half_its_variance(errors, kind):
    """E[log w] = log p - Var(w) / (2 p^2), to the first order; and E[w] = p exactly."""
    found, error = errors[kind], standard_error(errors[kind])
    assert error < 0.01
    assert abs(found.mean() + found.var() / 2) < 4 * error
    ratios = np.exp(found)
    assert abs(ratios.mean() - 1) < 4 * standard_error(ratios)
