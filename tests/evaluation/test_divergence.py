import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

from tfgen import GAN, NADE, VAE, Autoencoder, FullJoint, Independent
from tfgen.conditions import Classes
from tfgen.distributions import StandardNormal, all_images, bars_and_stripes, ising_grid
from tfgen.evaluation import ImportanceWeighted, kl_divergence, likelihood, tabulate
from tfgen.losses import NonSaturating
from tfgen.networks import DenseNetworks

SHAPE = (3, 3, 1)
TRUTH = bars_and_stripes(3, flip_probability=0.05)
LOG_P = TRUTH.log_probs().numpy()


def summed(log_q):
    return np.sum(np.exp(LOG_P) * (LOG_P - np.asarray(log_q, "float64")))


def nade():
    keras.utils.set_random_seed(0)
    return NADE.default(SHAPE, num_hidden=4)


def test_an_exact_density_is_summed_over_all_images():
    model = nade()
    found = kl_divergence(TRUTH, model)
    expected = summed(model.log_prob(all_images(SHAPE)))
    assert (found.kind, found.error) == ("exact", 0)
    np.testing.assert_allclose(found.kl, expected, atol=1e-6)
    np.testing.assert_allclose(found.entropy, TRUTH.entropy(), atol=1e-6)


def test_cross_entropy_is_entropy_and_divergence():
    """It is also what a large sample's likelihood says."""
    model = nade()
    found = kl_divergence(TRUTH, model)
    measured = likelihood(model, TRUTH.sample(20_000, seed=(0, 1)), batch_size=None)
    assert abs(found.cross_entropy + measured.mean) < 4 * measured.standard_error


def test_a_model_of_the_right_family_that_has_seen_enough_is_the_truth():
    """Independent pixels, fitted to independent pixels; and the table, which fits anything."""
    even = ising_grid(3, coupling=0.0)
    model = Independent.default(SHAPE, smoothing=0)
    model.compile()
    model.fit(all_images(SHAPE), batch_size=512, verbose=0)
    assert abs(kl_divergence(even, model).kl) < 1e-6
    table = FullJoint.default(SHAPE, smoothing=0.5)
    table.compile()
    table.fit(TRUTH.sample(50_000, seed=(0, 2)), batch_size=5000, verbose=0)
    # 511 free parameters: half of their number over n, on average.
    assert 0.2 < kl_divergence(TRUTH, table).kl / (511 / 100_000) < 2


def test_a_bound_is_above_the_divergence_and_falls_to_it():
    keras.utils.set_random_seed(0)
    model = VAE.default(SHAPE, latent_dim=2, architecture=DenseNetworks((8,)))
    bound = kl_divergence(TRUTH, model, num_samples=1000)
    tight = kl_divergence(TRUTH, model, num_samples=1000, estimator=ImportanceWeighted(1000))
    # p(x) by a grid over z.
    edges = np.linspace(-6, 6, 121).astype("float32")
    z = np.stack(np.meshgrid(edges, edges), axis=-1).reshape(-1, 2)
    weights = norm.pdf(z).prod(axis=1) * (edges[1] - edges[0]) ** 2
    likelihoods = model.p(z).prob(all_images(SHAPE)[:, None]).numpy()
    exact = summed(np.log(likelihoods @ weights))
    assert bound.kind == "upper bound, ELBO"
    assert bound.kl > tight.kl
    assert exact - tight.error < tight.kl < exact + tight.error + 0.02


def known_gan():
    """Each pixel on where its number of z is above a threshold: independent, and known."""
    thresholds = np.linspace(-1, 1, 9).astype("float32")
    layer = keras.layers.Dense(9, activation="sigmoid")
    generator = keras.Sequential([keras.Input((9,)), layer, keras.layers.Reshape(SHAPE)])
    layer.set_weights([100 * np.eye(9, dtype="float32"), -100 * thresholds])
    judge = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(1)])
    model = GAN(
        generator=generator,
        discriminator=judge,
        prior=StandardNormal(9),
        loss_pair=NonSaturating(),
    )
    on = norm.sf(thresholds)
    bits = all_images((9,))
    return model, np.log(bits * on + (1 - bits) * (1 - on)).sum(axis=1)


def test_an_estimate_from_samples_is_within_its_error():
    model, log_q = known_gan()
    found = kl_divergence(TRUTH, model, num_samples=10_000)
    assert found.kind == "estimate, 10000 samples"
    assert abs(found.kl - summed(log_q)) < found.error < 0.2
    assert abs(found.of_truth) < 0.02
    missed = np.sum(np.exp(LOG_P) * (1 - np.exp(log_q)) ** 10_000)
    assert abs(found.unseen - missed) < 0.02
    assert repr(found) == repr(kl_divergence(TRUTH, model, num_samples=10_000))


def test_images_that_no_sample_is_are_reported():
    """Of one image drawn again and again the share of all others."""
    model, _ = known_gan()
    nothing = tf.zeros((2, *SHAPE))
    model.sample = lambda num_samples, **_: tf.repeat(nothing[:1], num_samples, axis=0)
    found = kl_divergence(TRUTH, model, num_samples=100)
    np.testing.assert_allclose(found.unseen, 1 - np.exp(LOG_P[0]), rtol=1e-6)
    # log q of them is at least that of a 101st sample.
    assert 0 < found.kl < np.log(101 * 512) + 10


def test_a_table_of_a_model():
    model = nade()
    np.testing.assert_allclose(
        tabulate(model).log_probs(), model.log_prob(all_images(SHAPE)), atol=1e-5
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: Autoencoder.default(SHAPE, latent_dim=2),
        lambda: NADE.default((2, 2, 1), num_hidden=2),
        lambda: NADE.default(SHAPE, num_hidden=2, levels=4),
        lambda: NADE.default(SHAPE, num_hidden=2, condition=Classes(2)),
    ],
    ids=["no density", "another shape", "levels", "condition"],
)
def test_models_that_do_not_fit_are_refused(make):
    with pytest.raises(ValueError, match="expected.*Received"):
        kl_divergence(TRUTH, make())


def test_an_estimator_is_for_a_bound():
    for model in (nade(), known_gan()[0]):
        with pytest.raises(ValueError, match=r"bounds its density.*Received: ImportanceWeighted"):
            kl_divergence(TRUTH, model, estimator=ImportanceWeighted(10))


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="num_samples.*Received"):
        kl_divergence(TRUTH, nade(), num_samples=0)
    with pytest.raises(ValueError, match="exact density.*Received: a GAN"):
        tabulate(known_gan()[0])
