import numpy as np
import pytest
from linear_gaussian import AXES, EXACT, K, X, linear_gaussian, posterior

from tfgen import NADE
from tfgen.evaluation import Bound, ImportanceWeighted, variational_gap

SHIFT, STRETCH = 0.3, 1.5
OPTIONS = {"estimator": ImportanceWeighted(2000), "num_steps": 300, "num_draws": 1000}


def divergence(shift, variance, precision):
    """KL(N(mean + shift, diag(variance)) || N(mean, precision^-1))."""
    log_ratio = -np.linalg.slogdet(precision)[1] - np.log(variance).sum()
    return (shift @ precision @ shift + np.diag(precision) @ variance - K + log_ratio) / 2


def is_near(values, expected):
    """Whether estimates of the same number for all examples agree with it on average."""
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    return abs(np.mean(values) - expected) < 4 * error and error < 0.1


@pytest.mark.parametrize("rotation", [np.eye(K), AXES], ids=["dependent", "independent"])
def test_a_linear_model_s_gaps_are_the_divergences(rotation):
    """A diagonal q costs nothing along the axes; an encoder that is off costs the same anywhere."""
    model = linear_gaussian(rotation, shift=SHIFT, stretch=STRETCH)
    found = variational_gap(model, X, seed=1, **OPTIONS)
    covariance = posterior(X, rotation)[1]
    precision = np.linalg.inv(covariance)
    best = divergence(np.zeros(K), 1 / np.diag(precision), precision)
    given = divergence(np.full(K, SHIFT), STRETCH**2 * np.diag(covariance), precision)
    assert is_near(found.log_prob - EXACT, 0)
    assert is_near(found.elbo - EXACT, -given)
    assert is_near(found.amortization, given - best)
    # What the optimisation leaves counts as the family's: 2% of a nat here.
    assert best - 0.06 < np.mean(found.approximation) < best + 0.06
    np.testing.assert_allclose(
        found.approximation + found.amortization, found.log_prob - found.elbo, atol=1e-5
    )


def test_it_is_for_models_with_an_encoder_of_parameters():
    with pytest.raises(ValueError, match="posterior_params.*Received: a NADE"):
        variational_gap(NADE.default((4,), num_hidden=2), np.zeros((2, 4), "float32"))
    for wrong in ({"num_steps": 0}, {"num_draws": 0}, {"learning_rate": 0.0}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))}.*Received"):
            variational_gap(linear_gaussian(), X, **{"estimator": Bound(), **wrong})
