import numpy as np
import pytest
import tensorflow as tf

from tfgen.distributions import sample_and_log_prob
from tfgen.latent import InverseAutoregressiveFlow, PlanarFlow

DIM = 4


def flow(kind):
    """A posterior with random weights, and its distribution for three examples."""
    rng = np.random.default_rng(0)
    posterior = (
        PlanarFlow(3)
        if kind == "planar"
        else InverseAutoregressiveFlow(DIM, num_flows=3, hidden=7, num_context=3)
    )
    if kind != "planar":
        posterior.set_weights([0.4 * rng.normal(size=w.shape) for w in posterior.get_weights()])
    params = rng.normal(size=(3, posterior.params_size(DIM))).astype("float32")
    return posterior, posterior(tf.constant(params))


def jacobians(q, start):
    with tf.GradientTape() as tape:
        tape.watch(start)
        z = q.bijector.forward(start)
    return z, tape.batch_jacobian(z, start).numpy()


@pytest.mark.parametrize("kind", ["planar", "autoregressive"])
def test_the_log_determinant_is_that_of_the_jacobian(kind):
    _, q = flow(kind)
    start = tf.random.stateless_normal((3, DIM), (0, 1))
    _, matrices = jacobians(q, start)
    expected = np.linalg.slogdet(matrices)
    assert np.all(expected.sign > 0) or kind == "autoregressive"
    found = q.bijector.forward_log_det_jacobian(start, event_ndims=1)
    np.testing.assert_allclose(found, expected.logabsdet, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["planar", "autoregressive"])
def test_the_density_of_a_draw_is_the_base_s_over_the_determinant(kind):
    _, q = flow(kind)
    draws = tf.random.stateless_normal((5, 3, DIM), (0, 2))
    z, log_q = sample_and_log_prob(q, draws)
    base = q.distribution
    start = base.mean() + base.stddev() * draws
    for sample in range(5):
        found, matrices = jacobians(q, start[sample])
        np.testing.assert_allclose(found, z[sample], rtol=1e-4, atol=1e-5)
        expected = base.log_prob(start[sample]) - np.linalg.slogdet(matrices).logabsdet
        np.testing.assert_allclose(log_q[sample], expected, rtol=1e-4, atol=1e-4)


def test_an_autoregressive_flow_scores_any_z_by_its_inverse():
    _, q = flow("autoregressive")
    z, log_q = sample_and_log_prob(q, tf.random.stateless_normal((3, DIM), (0, 3)))
    # A copy, of which TFP's cache knows nothing.
    np.testing.assert_allclose(q.log_prob(tf.constant(z.numpy())), log_q, rtol=1e-3, atol=1e-3)


def test_each_map_is_autoregressive_and_the_order_turns():
    """One map has a triangular Jacobian; a context reaches the first output, too."""
    rng = np.random.default_rng(1)
    posterior = InverseAutoregressiveFlow(DIM, num_flows=2, hidden=9, num_context=2)
    posterior.set_weights([0.4 * rng.normal(size=w.shape) for w in posterior.get_weights()])
    z, context = tf.constant(rng.normal(size=(1, DIM)), "float32"), tf.zeros((1, 2))
    for network in posterior.maps:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch((z, context))
            outputs = network([z, context])
        by_z = np.abs(tape.batch_jacobian(outputs, z, experimental_use_pfor=False)[0])
        sees = by_z.max(axis=1) > 0
        np.testing.assert_array_equal(sees, np.tri(DIM, k=-1, dtype=bool))
        by_context = tape.batch_jacobian(outputs, context, experimental_use_pfor=False)[0]
        assert np.all(np.abs(by_context) > 0)
    # After two maps, the first in one order and the second in the other, all see all.
    q = posterior(tf.constant(rng.normal(size=(1, posterior.params_size(DIM))), "float32"))
    assert np.all(np.abs(jacobians(q, z)[1]) > 1e-9)


def test_a_planar_map_never_folds_the_space():
    """1 + psi . u stays positive, however u and w lie (Rezende & Mohamed 2015, appendix A.1)."""
    rng = np.random.default_rng(0)
    posterior = PlanarFlow(1)
    params = 5 * rng.normal(size=(500, posterior.params_size(2))).astype("float32")
    q = posterior(tf.constant(params))
    start = tf.constant(rng.normal(size=(500, 2)), "float32")
    assert np.all(np.linalg.det(jacobians(q, start)[1]) > -1e-5)


def test_a_fresh_autoregressive_flow_is_near_the_identity():
    posterior = InverseAutoregressiveFlow(DIM, num_flows=1, hidden=7, num_context=3)
    weights = posterior.get_weights()
    posterior.set_weights([np.zeros_like(w) if w.ndim == 2 else w for w in weights])
    q = posterior(tf.zeros((1, posterior.params_size(DIM))))
    z, _ = sample_and_log_prob(q, tf.ones((1, DIM)))
    scale = np.log(2) + 1e-3
    np.testing.assert_allclose(z, np.full((1, DIM), scale / (1 + np.exp(-2))), rtol=1e-5)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="size 4.*Received: 5"):
        InverseAutoregressiveFlow(DIM).params_size(5)
    with pytest.raises(ValueError, match="Received: 0"):
        PlanarFlow(0)
