import numpy as np
import pytest
import tensorflow as tf
from linear_gaussian import AXES, X, conditional, linear_gaussian

from tfgen import NADE, VAE
from tfgen.conditions import Classes
from tfgen.latent import HMC, FromPosterior, PseudoGibbs, complete

COPIES = 500
DRAWN = np.array([False, True, False, True, True])
MASK = 1.0 - DRAWN


@pytest.mark.parametrize(
    ("model", "method"),
    [
        # With an exact q the alternation is Gibbs sampling.
        (linear_gaussian(AXES), PseudoGibbs(30)),
        (linear_gaussian(shift=0.5, stretch=0.5), FromPosterior(HMC(60, 3, 5))),
    ],
    ids=["PseudoGibbs", "FromPosterior"],
)
def test_a_linear_model_is_completed_from_its_exact_conditional(model, method):
    x = np.tile(X, (COPIES, 1))
    x[:, DRAWN] = np.nan
    found = complete(model, x, MASK, method=method, seed=1).numpy()
    np.testing.assert_array_equal(found[:, ~DRAWN], x[:, ~DRAWN])
    mean, covariance = conditional(X, DRAWN)
    draws = found[:, DRAWN].reshape(COPIES, len(X), -1)
    error = np.sqrt(np.diag(covariance) / COPIES)
    assert np.all(abs(draws.mean(axis=0) - mean) < 4 * error)
    centred = (draws - mean).reshape(-1, DRAWN.sum())
    products = centred[:, :, np.newaxis] * centred[:, np.newaxis]
    variances = np.diag(covariance)
    error = np.sqrt((np.outer(variances, variances) + covariance**2) / len(centred))
    assert np.all(abs(products.mean(axis=0) - covariance) < 4 * error)


def test_every_example_may_have_a_mask_of_its_own():
    model = linear_gaussian(AXES)
    masks = np.stack([np.ones(5), MASK, np.zeros(5)]).astype(bool)
    found = complete(model, X[:3], masks, method=PseudoGibbs(2), seed=0).numpy()
    np.testing.assert_array_equal(found[masks], X[:3][masks])
    assert np.all(found[~masks] != X[:3][~masks])
    again = complete(model, X[:3], masks, method=PseudoGibbs(2), seed=0)
    np.testing.assert_array_equal(again, found)
    other = complete(model, X[:3], masks, method=PseudoGibbs(2), seed=1).numpy()
    assert np.all(other[~masks] != found[~masks])


def test_images_stay_on_their_levels_given_a_condition():
    model = VAE.default((4, 4, 1), latent_dim=2, condition=Classes(3))
    x = np.random.default_rng(0).integers(0, 2, (6, 4, 4, 1)).astype("float32")
    mask = np.zeros((4, 4, 1))
    mask[:2] = 1
    # The class decides all: every hidden unit is 0 or 50, every logit -20 or far above.
    hidden, _, output, bias = model.decoder.trainable_variables
    kernel = np.zeros(hidden.shape)
    kernel[-3:-1] = [[-50.0], [50.0]]
    hidden.assign(kernel)
    output.assign(tf.ones_like(output))
    bias.assign(-20 * tf.ones_like(bias))
    found = complete(model, x, mask, condition=np.arange(6) % 2, method=PseudoGibbs(2), seed=0)
    model.check(found)
    drawn = found.numpy()[:, 2:]
    assert np.all(drawn[0::2] == 0) and np.all(drawn[1::2] == 1)
    with pytest.raises(ValueError, match="expected a condition"):
        complete(model, x, mask)


@pytest.mark.parametrize(
    ("x", "mask", "message"),
    [
        (X, MASK[:4], "mask of shape"),
        (X, MASK / 2, "1 where x is kept"),
        (X[:, :4], MASK, r"\[batch, 5\]"),
        (X[:0], MASK, "at least one example"),
        (X * np.nan, MASK, "finite"),
    ],
)
def test_bad_masks_and_examples_are_refused(x, mask, message):
    with pytest.raises(ValueError, match=f"{message}.*Received"):
        complete(linear_gaussian(), x, mask)


def test_it_is_for_latent_variables_with_a_density():
    with pytest.raises(ValueError, match="log p.z, x.*Received: a NADE"):
        complete(NADE.default((5,), num_hidden=2), X, MASK)
    with pytest.raises(ValueError, match="num_steps.*Received: 0"):
        PseudoGibbs(0)
