"""A model's density inside TensorFlow Probability's own tools."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tfgen import NADE

tfd = tfp.distributions


def nade(seed):
    model = NADE.default((4,), num_hidden=3)
    generator = np.random.default_rng(seed)
    model.set_weights([generator.normal(size=w.shape) for w in model.get_weights()])
    return model


INPUTS = np.float32(list(itertools.product([0, 1], repeat=4)))


def test_log_prob_takes_any_batch_shape():
    model = nade(0)
    log_prob = model.distribution().log_prob(INPUTS.reshape(2, 4, 2, 4))
    np.testing.assert_allclose(log_prob, np.reshape(model.log_prob(INPUTS), (2, 4, 2)), rtol=1e-6)
    single = model.distribution().log_prob(INPUTS[5])
    assert single.shape == ()
    np.testing.assert_allclose(single, model.log_prob(INPUTS)[5], rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 2), (8,), (4, 3), ()])
def test_log_prob_refuses_values_that_do_not_end_in_the_event_s_shape(shape):
    with pytest.raises(ValueError, match=r"expected a value of shape \[..., 4\].*Received: "):
        nade(0).distribution().log_prob(np.ones(shape, "float32"))


def test_samples_take_any_shape_and_repeat_by_seed():
    distribution = nade(0).distribution()
    samples = distribution.sample((2, 3), seed=(0, 5))
    np.testing.assert_array_equal(samples, distribution.sample((2, 3), seed=(0, 5)))
    np.testing.assert_array_equal(
        tf.reshape(samples, (6, 4)), nade(0).sample(6, seed=tfp.random.sanitize_seed((0, 5)))
    )
    assert distribution.sample(seed=(0, 5)).shape == (4,)
    assert distribution.event_shape == (4,) and distribution.batch_shape == ()


def test_tfd_sample_multiplies_densities():
    x = np.stack([INPUTS[3], INPUTS[9]])
    log_prob = tfd.Sample(nade(0).distribution(), 2).log_prob(x)
    np.testing.assert_allclose(log_prob, nade(0).log_prob(x).numpy().sum(), rtol=1e-6)


def test_a_joint_distribution_holds_models_beside_others():
    one, other = nade(0).distribution(), nade(1).distribution()

    def parts():
        z = yield tfd.JointDistributionCoroutine.Root(tfd.Normal(0.0, 1.0))
        x = yield tfd.JointDistributionCoroutine.Root(one)
        yield tfd.JointDistributionCoroutine.Root(other)
        yield tfd.Independent(tfd.Normal(x + z[..., tf.newaxis], 1.0), 1)

    joint = tfd.JointDistributionCoroutine(parts)
    z, x, y, near = joint.sample(5, seed=(0, 1))
    assert x.shape == y.shape == near.shape == (5, 4)
    expected = tfd.Normal(0.0, 1.0).log_prob(z) + one.log_prob(x) + other.log_prob(y)
    expected += tfd.MultivariateNormalDiag(x + z[:, None]).log_prob(near)
    np.testing.assert_allclose(joint.log_prob(z, x, y, near), expected, rtol=1e-5)


def test_a_mixture_of_two_models_is_the_mean_of_their_densities():
    one, other = nade(0), nade(1)
    mixture = tfd.Mixture(
        tfd.Categorical(probs=[0.25, 0.75]), [one.distribution(), other.distribution()]
    )
    expected = 0.25 * np.exp(one.log_prob(INPUTS)) + 0.75 * np.exp(other.log_prob(INPUTS))
    np.testing.assert_allclose(np.exp(mixture.log_prob(INPUTS)), expected, rtol=1e-5)


def test_a_monte_carlo_estimate_of_kl_meets_the_exact_one():
    p, q = nade(0).distribution(), nade(1).distribution()
    samples = p.sample(20_000, seed=(0, 1))
    ratios = p.log_prob(samples) - q.log_prob(samples)
    estimate = tfp.monte_carlo.expectation(
        lambda x: p.log_prob(x) - q.log_prob(x),
        samples,
        log_prob=p.log_prob,
        use_reparameterization=False,
    )
    log_p, log_q = p.log_prob(INPUTS).numpy(), q.log_prob(INPUTS).numpy()
    exact = np.sum(np.exp(log_p) * (log_p - log_q))
    assert abs(estimate - exact) < 4 * np.std(ratios) / np.sqrt(len(ratios))
