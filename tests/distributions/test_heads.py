import json

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special, stats

from tfgen.distributions import (
    Bernoulli,
    Categorical,
    ContinuousLogisticMixture,
    LaplaceMixture,
    LogisticMixture,
    Normal,
    NormalMixture,
    level_values,
)

tfd = tfp.distributions

DISCRETE = [
    Bernoulli(),
    Categorical(2),
    Categorical(17),
    LogisticMixture(3, 2),
    LogisticMixture(3, 17),
    LogisticMixture(2, 256),
]
CONTINUOUS = [
    Normal(),
    Normal(scale=0.1),
    NormalMixture(3),
    LaplaceMixture(3),
    ContinuousLogisticMixture(3),
]
HEADS = [Bernoulli(), Categorical(17), *CONTINUOUS, LogisticMixture(3, 17)]


def draw_params(head, shape, dtype=np.float32, seed=0):
    """Standard normal params for events of `shape[1:]`."""
    shape = (*shape[:-1], head.params_size(shape[1:]))
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.data())
@pytest.mark.parametrize("head", DISCRETE, ids=repr)
def test_a_discrete_head_sums_to_one_over_its_levels(head, data):
    """For any params, extreme ones too, with finite gradients at every level."""
    params = data.draw(arrays(np.float32, head.num_params, elements=st.floats(-1e4, 1e4, width=32)))
    params = tf.constant(params)
    with tf.GradientTape() as tape:
        tape.watch(params)
        log_prob = head(params, event_ndims=1).log_prob(level_values(head.levels)[:, None])
    np.testing.assert_allclose(np.sum(np.exp(log_prob)), 1, atol=2e-5)
    assert not np.any(np.isnan(tape.gradient(log_prob, params)))


@pytest.mark.parametrize("head", DISCRETE, ids=repr)
def test_mean_is_the_sum_over_levels(head):
    """sum_x x P(x), for each dimension."""
    params = draw_params(head, (3, 4))
    x = level_values(head.levels)[:, None, None]
    marginals = head(params, event_ndims=0)
    want = np.sum(x * marginals.prob(np.broadcast_to(x, (head.levels, 3, 4))), axis=0)
    np.testing.assert_allclose(head(params).mean(), want, atol=1e-5)


@pytest.mark.parametrize("head", DISCRETE, ids=repr)
def test_samples_follow_log_prob(head):
    """Draws are exact levels; chi-square of 20000 of them."""
    params, x = draw_params(head, (1, 1), seed=1), level_values(head.levels)
    distribution = head(params)
    values = distribution.sample(20000, seed=tf.constant([0, 1])).numpy().ravel()
    assert np.all(np.isin(values, x))
    counts = np.bincount(np.rint(values * (head.levels - 1)).astype(int), minlength=head.levels)
    expected = np.exp(distribution.log_prob(x[:, None, None]).numpy().ravel().astype(float))
    expected *= 20000 / expected.sum()
    bins = np.minimum(np.cumsum(expected) // 20, expected.sum() // 20 - 1).astype(int)
    counts, expected = np.bincount(bins, counts), np.bincount(bins, expected)
    counts, expected = counts[expected > 0], expected[expected > 0]
    assert stats.chisquare(counts, expected).pvalue > 1e-3


def test_bernoulli_is_cross_entropy_with_logits():
    """-log(1 + exp(-l)) at 1 and -log(1 + exp(l)) at 0, far from 0 too."""
    logits = np.array([[-200.0, -1.0, 0.0, 3.0, 200.0]], np.float32)
    for x, sign in [(0.0, -1), (1.0, 1)]:
        np.testing.assert_allclose(
            Bernoulli()(logits, event_ndims=0).log_prob(x), special.log_expit(sign * logits)
        )


def test_categorical_reads_every_level_in_float32():
    """x = k / (levels - 1), or k times the rounded 1 / (levels - 1), has logit k."""
    for levels in range(2, 257):
        logits = np.random.default_rng(levels).normal(size=levels).astype(np.float32)
        k = np.arange(levels, dtype=np.float32)
        x = np.stack([k / (levels - 1), k * np.float32(1 / (levels - 1))])
        got = Categorical(levels)(logits, event_ndims=0).log_prob(x[..., None])[..., 0]
        want = special.log_softmax(logits.astype(float))
        np.testing.assert_allclose(got, [want, want], atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_categorical_gradient_is_one_hot_minus_softmax(jit_compile):
    """d log p(level k) / d logits, at both edges and inside."""
    logits = tf.constant(np.random.default_rng(0).normal(size=(3, 9)).astype(np.float32))
    x = level_values(9)[[0, 4, 8]][:, None]

    @tf.function(jit_compile=jit_compile)
    def gradient(logits):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            log_prob = Categorical(9)(logits).log_prob(x)
        return tape.gradient(log_prob, logits)

    want = np.eye(9)[[0, 4, 8]] - special.softmax(logits.numpy(), axis=-1)
    np.testing.assert_allclose(gradient(logits), want, atol=1e-6)


@pytest.mark.parametrize("head", [Categorical(5), LogisticMixture(2, 5)], ids=repr)
def test_a_value_off_the_levels_has_no_mass(head):
    """log p = -inf."""
    params = draw_params(head, (1, 1))
    assert np.all(np.isneginf(head(params).log_prob([[[0.3]], [[-0.25]], [[1.25]]])))


def test_normal_is_scipys_normal():
    """scale = softplus(raw) + min_scale; a given scale leaves the params to be the means."""
    params = np.array([[0.3, -2.0, -0.5, 1.5]])
    loc, scale = params[:, 0::2], np.log1p(np.exp(params[:, 1::2])) + 0.01
    x = np.array([[0.1, 2.0]])
    np.testing.assert_allclose(
        Normal(min_scale=0.01)(params).log_prob(x), stats.norm.logpdf(x, loc, scale).sum(-1)
    )
    np.testing.assert_allclose(
        Normal(scale=0.2)(loc).log_prob(x), stats.norm.logpdf(x, loc, 0.2).sum(-1)
    )


def test_logistic_mixture_is_a_weighted_sum_of_logistic_intervals():
    """Salimans et al. (2017), Eq. 2, by hand, with the least scale of 0.05 levels."""
    levels = 5
    logits, loc, raw = np.array([0.5, -1.0]), np.array([0.2, 0.9]), np.array([-3.0, -2.0])
    scale = np.log1p(np.exp(raw)) + 0.05 / 4
    edges = np.concatenate([[-np.inf], (np.arange(4) + 0.5) / 4, [np.inf]])
    want = np.diff(special.expit((edges[:, None] - loc) / scale), axis=0) @ special.softmax(logits)
    head = LogisticMixture(2, levels)
    got = head(np.concatenate([logits, loc, raw]), event_ndims=1).prob(
        level_values(levels, np.float64)[:, None]
    )
    np.testing.assert_allclose(got, want, rtol=1e-9)


def test_logistic_mixture_leaves_a_bad_start_by_gradient_descent():
    """From locations 10 away the loss stays finite and falls below that of uniform levels."""
    head = LogisticMixture(2, 256)
    x = level_values(256)[[200]][None]
    params = tf.Variable([[0.0, 0.0, -10.0, 10.0, -8.0, -8.0]])
    decay = keras.optimizers.schedules.ExponentialDecay(0.5, decay_steps=1, decay_rate=0.99)
    optimizer = keras.optimizers.Adam(decay, clipnorm=1.0)
    optimizer.build([params])

    @tf.function
    def train(num_steps):
        losses = tf.TensorArray(tf.float32, num_steps)
        for step in tf.range(num_steps):
            with tf.GradientTape() as tape:
                loss = -tf.reduce_mean(head(params).log_prob(x))
            optimizer.apply(tape.gradient(loss, [params]), [params])
            losses = losses.write(step, loss)
        return losses.stack()

    losses = train(tf.constant(600)).numpy()
    assert np.all(np.isfinite(losses))
    assert losses[0] > 1000
    assert losses[-1] < np.log(256)


@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_params_of_one_dimension_are_contiguous(head):
    """Pixel (i, j, channel c) depends on params[i, j, c K : (c + 1) K] alone."""
    size = head.num_params
    params = draw_params(head, (2, 3, 4, 5))
    assert params.shape == (2, 3, 4, 5 * size)
    mean = head(params).mean()
    one = head(params[1:, 1, 2, 3 * size : 4 * size]).mean()
    np.testing.assert_allclose(mean[1, 1, 2, 3], one[0, 0], rtol=1e-5)


@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_event_ndims_splits_batch_from_event(head):
    """By default one batch axis; log_prob sums over the event."""
    params = draw_params(head, (2, 3, 4))
    whole, rows, scalars = head(params), head(params, event_ndims=1), head(params, event_ndims=0)
    assert (whole.batch_shape, whole.event_shape) == ((2,), (3, 4))
    assert (rows.batch_shape, rows.event_shape) == ((2, 3), (4,))
    assert (scalars.batch_shape, scalars.event_shape) == ((2, 3, 4), ())
    x = whole.sample(seed=tf.constant([0, 1]))
    np.testing.assert_allclose(whole.log_prob(x), tf.reduce_sum(rows.log_prob(x), -1), rtol=1e-5)
    np.testing.assert_allclose(rows.log_prob(x), tf.reduce_sum(scalars.log_prob(x), -1), rtol=1e-5)


@pytest.mark.parametrize("head", HEADS, ids=repr)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_probabilities_are_formed_in_float32_or_more(head, dtype):
    """Half precision params give what the same numbers in float32 give; float64 stays."""
    params = tf.cast(draw_params(head, (2, 3)), dtype)
    distribution = head(params)
    wide = tf.float64 if dtype == "float64" else tf.float32
    assert distribution.dtype == wide
    x = distribution.sample(seed=tf.constant([0, 1]))
    log_prob = distribution.log_prob(x)
    assert log_prob.dtype == distribution.mean().dtype == wide
    np.testing.assert_array_equal(log_prob, head(tf.cast(params, wide)).log_prob(x))


@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_a_graph_and_xla_agree_with_eager(head):
    """log_prob, its gradient and the mean, with a batch size that the graph does not know."""
    params = tf.constant(draw_params(head, (2, 3)))
    x = head(params).sample(seed=tf.constant([0, 1]))

    def run(params):
        with tf.GradientTape() as tape:
            tape.watch(params)
            distribution = head(params)
            log_prob = distribution.log_prob(x)
        return log_prob, tape.gradient(log_prob, params), distribution.mean()

    dynamic = tf.function(run, input_signature=[tf.TensorSpec([None, params.shape[-1]])])
    for compiled in (dynamic, tf.function(run, jit_compile=True)):
        for got, want in zip(compiled(params), run(params), strict=True):
            np.testing.assert_allclose(got, want, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_a_graph_knows_the_event_shape(head):
    """Of images of static size, the batch size being dynamic."""

    @tf.function(input_signature=[tf.TensorSpec([None, 4, 4, head.params_size((4, 4, 3))])])
    def check(params):
        distribution = head(params)
        assert distribution.event_shape == (4, 4, 3)
        assert distribution.batch_shape.as_list() == [None]
        assert distribution.mean().shape[1:] == (4, 4, 3)
        return distribution.sample(seed=tf.constant([0, 1]))

    assert check(draw_params(head, (2, 4, 4, 3))).shape == (2, 4, 4, 3)


@pytest.mark.parametrize("head", HEADS, ids=repr)
def test_a_config_survives_json(head):
    """Through keras.saving and a string."""
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(head)))
    assert keras.saving.deserialize_keras_object(config) == head


def test_levels_tell_discrete_heads_from_continuous_ones():
    """2 for binary values, None for densities."""
    assert [head.levels for head in DISCRETE] == [2, 2, 17, 2, 17, 256]
    assert [head.levels for head in CONTINUOUS] == [None] * 5


@pytest.mark.parametrize(
    ("build", "received"),
    [
        (lambda: Categorical(1), "1"),
        (lambda: Categorical(2.5), "2.5"),
        (lambda: LogisticMixture(3, 1), "1"),
        (lambda: LogisticMixture(0, 256), "0"),
        (lambda: Normal(scale=-1.0), "-1.0"),
        (lambda: Normal(scale=float("nan")), "nan"),
        (lambda: Normal(min_scale="small"), "'small'"),
        (lambda: Normal().params_size(()), r"\(\)"),
        (lambda: Normal().params_size((None, 3)), r"\(None, 3\)"),
        (lambda: Normal()(np.zeros([2, 5], np.float32)), r"shape \(2, 5\)"),
        (lambda: LogisticMixture(2, 4)(np.zeros([2, 7], np.float32)), r"shape \(2, 7\)"),
        (lambda: Bernoulli()(np.zeros([2, 3], np.int32)), "dtype int32"),
        (lambda: Bernoulli()(0.5), r"shape \(\)"),
        (lambda: Bernoulli()(np.zeros([2, 3], np.float32), event_ndims=3), "3"),
    ],
)
def test_wrong_arguments_are_refused(build, received):
    """The message ends in what came."""
    with pytest.raises(ValueError, match=rf"^expected .*Received: {received}$"):
        build()
