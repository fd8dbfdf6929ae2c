import numpy as np
import pytest

from tfgen import DDPM, GAN, NADE, VAE
from tfgen.distributions import Normal
from tfgen.evaluation import likelihood

X = np.random.default_rng(0).integers(0, 2, (12, 4)).astype("float32")


def test_an_untrained_bit_costs_what_its_probability_says():
    model = NADE.default((4,), num_hidden=2)
    model.set_weights([np.zeros(w.shape) for w in model.get_weights()])
    figures = likelihood(model, X, batch_size=5)
    assert figures["kind"] == "exact"
    np.testing.assert_allclose(figures["log_prob"], -4 * np.log(2), rtol=1e-6)
    np.testing.assert_allclose(figures["bits_per_dim"], 1, rtol=1e-6)
    np.testing.assert_allclose(figures["standard_error"], 0, atol=1e-7)


@pytest.mark.parametrize(("head", "discrete"), [(None, True), (Normal(), False)])
def test_a_bound_says_so_and_has_bits_where_data_are_discrete(head, discrete):
    options = {"likelihood": head} if head else {}
    model = VAE.default((4,), latent_dim=2, hidden=(3,), **options)
    figures = likelihood(model, X, seed=3, batch_size=5)
    elbo = model.elbo(X, seed=3, batch_size=5).numpy()
    assert figures["kind"] == "bound"
    assert ("bits_per_dim" in figures) == discrete
    np.testing.assert_allclose(figures["elbo"], elbo.mean(), rtol=1e-6)
    np.testing.assert_allclose(figures["standard_error"], elbo.std(ddof=1) / np.sqrt(12), rtol=1e-5)


def test_an_implicit_density_has_no_likelihood():
    assert likelihood(GAN.default((4,), latent_dim=2, hidden=(3,)), X) == {}


@pytest.fixture(scope="module")
def diffusion():
    return DDPM.default((4,), num_steps=30, base_channels=2)


@pytest.mark.parametrize(("given", "taken"), [(None, 20), (3, 3), (30, 30)])
def test_a_bound_of_many_terms_takes_a_few_of_them_and_says_how_many(diffusion, given, taken):
    figures = likelihood(diffusion, X, seed=3, num_terms=given)
    elbo = diffusion.elbo(X, seed=3, num_terms=taken).numpy()
    assert figures["num_terms"] == taken
    np.testing.assert_allclose(figures["elbo"], elbo.mean(), rtol=1e-5)
    np.testing.assert_allclose(figures["standard_error"], elbo.std(ddof=1) / np.sqrt(12), rtol=1e-4)


def test_a_chain_that_is_shorter_than_that_gives_all_its_terms():
    model = DDPM.default((4,), num_steps=5, base_channels=2)
    assert likelihood(model, X)["num_terms"] == 5


def test_terms_are_for_bounds_that_have_them(diffusion):
    with pytest.raises(ValueError, match="1..30. Received: 31"):
        likelihood(diffusion, X, num_terms=31)
    for model in (NADE.default((4,), num_hidden=2), VAE.default((4,), latent_dim=2, hidden=(3,))):
        with pytest.raises(ValueError, match="num_terms.*Received: 3 for a"):
            likelihood(model, X, num_terms=3)
