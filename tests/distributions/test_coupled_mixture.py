"""A mixture over whole pixels: its conditionals are those of the joint distribution."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

from tfgen.distributions import CoupledLogisticMixture, LogisticMixture


def params_for(head, channels, count=5, seed=0):
    size = head.params_size((channels,))
    return np.random.default_rng(seed).normal(size=(count, size)).astype("float32")


def joint(params, x, K, levels):
    """Eq. 3: log sum_i pi_i prod_c P_i(x_c | x_<c), directly."""
    channels = x.shape[-1]
    blocks = params.astype("float64").reshape(len(params), -1, K)
    logits, locs, raws = blocks[:, 0], blocks[:, 1 : 1 + channels], blocks[:, 1 + channels :]
    coefficients = iter(np.tanh(raws[:, channels:]).transpose(1, 0, 2))
    total = special.softmax(logits, axis=1)
    half = 0.5 / (levels - 1)
    for c in range(channels):
        loc = locs[:, c] + 0.5
        for earlier in range(c):
            loc = loc + next(coefficients) * (x[:, earlier, None] - 0.5)
        scale = np.log1p(np.exp(raws[:, c] + np.log(np.expm1(0.2)))) + 0.05 / (levels - 1)
        value = x[:, c, None]
        above = np.where(value > 1 - half, 1, special.expit((value + half - loc) / scale))
        below = np.where(value < half, 0, special.expit((value - half - loc) / scale))
        total = total * (above - below)
    return np.log(total.sum(axis=1))


@pytest.mark.parametrize(("channels", "levels", "K"), [(1, 5, 3), (2, 2, 2), (3, 4, 3), (4, 3, 1)])
def test_the_conditionals_multiply_to_the_joint_distribution(channels, levels, K):
    head = CoupledLogisticMixture(K, levels)
    values = np.arange(levels) / (levels - 1)
    x = np.array(list(itertools.product(values, repeat=channels)), "float32")
    params = np.tile(params_for(head, channels, 1), (len(x), 1))
    log_prob = head(params, x).log_prob(x)
    np.testing.assert_allclose(log_prob, joint(params, x, K, levels), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.exp(log_prob.numpy().astype("float64")).sum(), 1, rtol=1e-5)


def test_one_channel_is_the_plain_mixture():
    head, plain = CoupledLogisticMixture(2, 6), LogisticMixture(2, 6)
    params, x = params_for(head, 1), np.float32([[0], [0.2], [0.4], [0.8], [1]])
    moved = params + np.float32([0, 0, 0.5, 0.5, *[np.log(np.expm1(0.2))] * 2])
    np.testing.assert_allclose(head(params, x).log_prob(x), plain(moved).log_prob(x), rtol=1e-5)


@pytest.mark.parametrize("levels", [2, 5])
def test_the_sampler_s_logits_are_the_conditionals(levels):
    head, count = CoupledLogisticMixture(3, levels), 6
    params = tf.constant(params_for(head, 3, count))
    x = np.random.default_rng(1).integers(0, levels, (count, 3)).astype("float32") / (levels - 1)
    base, log_weights, values = head(params, x).distribution, head.log_weights(params), []
    for c in range(3):
        channel = head.channel(params, log_weights, values)
        expected = np.stack(
            [base.log_prob(np.float32(k / (levels - 1)))[:, c] for k in range(levels)], axis=1
        )
        if levels == 2:
            expected = expected[:, 1:] - expected[:, :1]
        np.testing.assert_allclose(head.level_logits(channel), expected, rtol=1e-4, atol=1e-5)
        values.append(tf.constant(x[:, c]))
        log_weights += head.component_log_prob(channel, values[-1])


def test_half_precision_params_are_read_in_float32():
    head = CoupledLogisticMixture(2, 4)
    params = tf.cast(params_for(head, 3), tf.bfloat16)
    x = np.zeros((5, 3), "float32")
    found = head(params, x).log_prob(x)
    assert found.dtype == tf.float32
    np.testing.assert_array_equal(found, head(tf.cast(params, tf.float32), x).log_prob(x))


def test_values_off_the_levels_have_no_probability():
    head, x = CoupledLogisticMixture(2, 4), np.float32([[0.5, 0, 0]])
    assert head(params_for(head, 3, 1), x).log_prob(x).numpy() == -np.inf


@pytest.mark.parametrize("arguments", [(0, 2), (2, 1)])
def test_bad_numbers_are_refused(arguments):
    with pytest.raises(ValueError, match="expected .*Received:"):
        CoupledLogisticMixture(*arguments)
