import numpy as np
import pytest
from scipy import stats

from tfgen.distributions import LaplaceWeights, NormalWeights

W = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")


@pytest.mark.parametrize(
    ("prior", "density"),
    [(NormalWeights(0.3), stats.norm(0, 0.3)), (LaplaceWeights(0.3), stats.laplace(0, 0.3))],
    ids=["normal", "laplace"],
)
def test_the_penalty_is_minus_the_log_density_but_for_a_constant(prior, density):
    expected = -density.logpdf(W).sum() + density.logpdf(0) * W.size
    np.testing.assert_allclose(prior.penalty(W), expected, rtol=1e-5)


@pytest.mark.parametrize("prior", [NormalWeights, LaplaceWeights])
def test_bad_scales_are_refused(prior):
    with pytest.raises(ValueError, match="Received:"):
        prior(0.0)
