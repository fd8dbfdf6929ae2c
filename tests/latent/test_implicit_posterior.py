"""A posterior through a network: its codes where these are known, and who takes it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgen import AAE, VAE
from tfgen.distributions import Normal, Pushforward, reparameterize
from tfgen.latent import ImplicitPosterior
from tfgen.networks import DenseNetworks, mlp

SEED, COUNT = tf.constant([0, 3]), 20_000
RANDOM = np.random.default_rng(0)


def linear():
    """z = A x + B noise + c, and these three."""
    posterior = ImplicitPosterior(2, num_features=3, hidden=())
    model = AAE.default(
        (4,), latent_dim=2, architecture=DenseNetworks(()), posterior=posterior, likelihood=Normal()
    )
    model.encoder.set_weights([RANDOM.normal(size=w.shape) for w in model.encoder.get_weights()])
    posterior.set_weights([RANDOM.normal(size=w.shape) for w in posterior.get_weights()])
    (V, b), (W, c) = model.encoder.get_weights(), posterior.get_weights()
    B, U = W[:2].T, W[2:]
    return model, (V @ U).T, B, b @ U + c


def check_normal(z, mean, covariance):
    """Whether z `[n, d]` are independent draws of a normal."""
    white = np.linalg.solve(np.linalg.cholesky(covariance), (z - mean).T)
    for axis in white:
        assert stats.kstest(axis, "norm").pvalue > 1e-3
    # Var(u v) of independent standard normals is 1.
    assert abs(np.mean(white[0] * white[1])) < 4 / np.sqrt(len(z))


def test_the_codes_of_a_linear_encoder_are_the_normal_that_is_known():
    model, A, B, c = linear()
    mean, root = RANDOM.normal(size=4), RANDOM.normal(size=(4, 4))
    x = (mean + RANDOM.normal(size=(COUNT, 4)) @ root.T).astype("float32")
    # Of one x it is N(A x + c, B B^T), of all of them the marginal.
    given = model.code(np.tile(x[:1], (COUNT, 1)), SEED).numpy()
    check_normal(given, A @ x[0] + c, B @ B.T)
    marginal = model.code(x, SEED).numpy()
    check_normal(marginal, A @ mean + c, A @ root @ root.T @ A.T + B @ B.T)
    # The code is that of no noise.
    np.testing.assert_allclose(model.encode(x[:9]), x[:9] @ A.T + c, rtol=1e-4, atol=1e-5)


def test_it_is_not_bound_to_normals():
    """relu(noise) + relu(-noise) = |noise|, half a normal."""
    posterior = ImplicitPosterior(1, num_features=1, hidden=(2,))
    kernel, ones = np.float32([[1, -1], [0, 0]]), np.ones((2, 1))
    posterior.set_weights([kernel, np.zeros(2), ones, np.zeros(1)])
    z = posterior(tf.zeros((3, 1))).sample(COUNT, seed=SEED).numpy()
    assert z.shape == (COUNT, 3, 1)
    for column in z[..., 0].T:
        assert stats.kstest(column, "halfnorm").pvalue > 1e-3
    assert abs(np.corrcoef(z[..., 0].T)[0, 1]) < 4 / np.sqrt(COUNT)


def test_draws_are_a_function_of_the_noise():
    q = Pushforward(lambda noise: 2 * noise + 1, tf.constant([3]), 2)
    assert q.batch_shape == (3,) and q.event_shape == (2,)
    noise = tf.random.stateless_normal((5, 3, 2), SEED)
    np.testing.assert_array_equal(reparameterize(q, noise), 2 * noise + 1)


def test_a_step_moves_it_with_the_encoder():
    keras.utils.set_random_seed(0)
    model, *_ = linear()
    model.compile()
    x = RANDOM.normal(size=(8, 4)).astype("float32")
    for phase in model.phases():
        own = [w for network in phase.networks for w in network.trainable_weights]
        moves = {id(w) for w in own}
        assert all(
            (id(w) in moves) == (phase.name != "discriminator")
            for w in (*model.encoder.trainable_weights, *model.posterior.trainable_weights)
        )
    before = model.posterior.get_weights()
    model.train_on_batch(x)
    for old, new in zip(before, model.posterior.get_weights(), strict=True):
        assert np.all(np.isfinite(new)) and np.any(old != new)


def test_what_needs_its_density_or_another_size_is_refused():
    with pytest.raises(ValueError, match="posterior that can be evaluated.*log q.*Implicit"):
        VAE(
            encoder=mlp((4,), (), (3,)),
            decoder=mlp((2,), (), (4,)),
            prior=VAE.default((4,), latent_dim=2).prior,
            likelihood=Normal(scale=1.0),
            posterior=ImplicitPosterior(2, 3),
        )
    with pytest.raises(ValueError, match="z of size 3. Received: 2"):
        AAE.default((4,), latent_dim=2, posterior=ImplicitPosterior(3), likelihood=Normal())
    for sizes in ({"dim": 0}, {"dim": 2, "num_features": 0}, {"dim": 2, "hidden": (0,)}):
        with pytest.raises(ValueError, match="Received"):
            ImplicitPosterior(**sizes)
