import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from scipy import stats
from truths import all_inputs, chi_square

from tfgen import ChainRule, FullJoint, Independent, MarkovChain

tfd = tfp.distributions

KINDS = [Independent, MarkovChain, ChainRule, FullJoint]
every_kind = pytest.mark.parametrize("kind", KINDS)
sizes = pytest.mark.parametrize(("event_shape", "levels"), [((4,), 2), ((3, 1, 1), 3), ((1,), 5)])


def data(event_shape, levels, count=200, seed=0):
    """Examples with dependent variables; many inputs do not occur."""
    inputs = all_inputs(event_shape, levels)
    generator = np.random.default_rng(seed)
    target = generator.dirichlet(np.full(len(inputs), 0.3))
    return inputs[generator.choice(len(inputs), count, p=target)]


def fitted(kind, event_shape=(4,), levels=2, count=200, **arguments):
    model = kind.default(event_shape, levels=levels, **arguments)
    # Nothing to trace: whatever way `fit` runs, it counts the same (a test below).
    model.compile(run_eagerly=True)
    model.fit(data(event_shape, levels, count), batch_size=64, verbose=0)
    return model


def probs(model):
    """p(x) of all inputs, `[levels] * D`."""
    inputs = all_inputs(model.event_shape, model.levels)
    size = int(np.prod(model.event_shape))
    return np.exp(model.log_prob(inputs).numpy().astype("float64")).reshape([model.levels] * size)


def indices(x, levels):
    return np.rint(x.reshape(len(x), -1) * (levels - 1)).astype(int)


@every_kind
@sizes
@pytest.mark.parametrize("smoothing", [0, 0.5])
def test_probabilities_of_all_inputs_sum_to_one(kind, event_shape, levels, smoothing):
    model = fitted(kind, event_shape, levels, smoothing=smoothing)
    np.testing.assert_allclose(probs(model).sum(), 1, rtol=1e-6)
    unfitted = kind.default(event_shape, smoothing=smoothing, levels=levels)
    np.testing.assert_allclose(probs(unfitted), levels ** -float(np.prod(event_shape)), rtol=1e-5)
    np.testing.assert_allclose(unfitted.marginal([0]), np.full(levels, 1 / levels), rtol=1e-6)


def test_the_joint_is_the_table_of_frequencies():
    for smoothing in (0, 0.5, 2):
        model, x = fitted(FullJoint, (3,), 3, smoothing=smoothing), data((3,), 3)
        counts = np.zeros([3] * 3)
        np.add.at(counts, tuple(indices(x, 3).T), 1)
        expected = (counts + smoothing) / (len(x) + 27 * smoothing)
        np.testing.assert_allclose(probs(model), expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("smoothing", [0, 0.5])
def test_a_chain_is_its_counts_by_hand(order, smoothing):
    levels, x = 3, data((4,), 3)
    model = fitted(MarkovChain, (4,), levels, order=order, smoothing=smoothing)
    seen, inputs = indices(x, levels), indices(all_inputs((4,), levels), levels)
    expected = np.ones(len(inputs))
    for i, row in enumerate(inputs):
        for d in range(4):
            context = slice(max(0, d - order), d)
            same = (seen[:, context] == row[context]).all(axis=1)
            hits = (same & (seen[:, d] == row[d])).sum()
            mass = same.sum() + levels * smoothing
            expected[i] *= (hits + smoothing) / mass if mass else 1 / levels
    np.testing.assert_allclose(probs(model).ravel(), expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("smoothing", [0, 0.5])
@sizes
def test_the_chain_rule_is_the_full_joint(event_shape, levels, smoothing):
    joint = fitted(FullJoint, event_shape, levels, smoothing=smoothing)
    chain = fitted(ChainRule, event_shape, levels, smoothing=smoothing)
    x = all_inputs(event_shape, levels)
    np.testing.assert_array_equal(chain.log_prob(x), joint.log_prob(x))
    np.testing.assert_array_equal(chain.sample(50, seed=1), joint.sample(50, seed=1))
    full_order = fitted(
        MarkovChain, event_shape, levels, order=int(np.prod(event_shape)) - 1, smoothing=0
    )
    if smoothing == 0:
        np.testing.assert_array_equal(chain.log_prob(x), full_order.log_prob(x))


def test_a_chain_of_order_zero_is_independence():
    x = all_inputs((4,), 3)
    np.testing.assert_array_equal(
        fitted(MarkovChain, (4,), 3, order=0).log_prob(x),
        fitted(Independent, (4,), 3).log_prob(x),
    )


@every_kind
@pytest.mark.parametrize(
    ("event_shape", "levels"), [((5,), 2), ((2, 2, 1), 3), ((1,), 7), ((1, 1, 3), 4)]
)
def test_free_parameters_are_the_free_entries_of_the_tables(kind, event_shape, levels):
    model, size = kind.default(event_shape, levels=levels), int(np.prod(event_shape))
    expected = {
        Independent: size * (levels - 1),
        MarkovChain: (levels - 1) * (1 + (size - 1) * levels),
        ChainRule: levels**size - 1,
        FullJoint: levels**size - 1,
    }[kind]
    assert model.num_free_parameters == expected
    assert type(model.num_free_parameters) is int
    counts = model.counts.shape
    assert (counts[0] * (levels - 1) if len(counts) == 2 else counts[0] - 1) == expected
    # The dimension of the family: the rank of the conditionals' tables, one sum a row.
    rows = model._table().numpy()
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-6)
    assert rows.size - len(rows) == expected


def test_textbook_counts():
    assert MarkovChain.default((784,)).num_free_parameters == 2 * 784 - 1
    assert MarkovChain.default((10,), order=3).num_free_parameters == 1 + 2 + 4 + 7 * 8
    assert Independent.default((28, 28, 1)).num_free_parameters == 784
    assert FullJoint.default((10,)).num_free_parameters == 1023
    pixel = FullJoint.default((3,), levels=256)
    assert pixel.num_free_parameters == 256**3 - 1
    np.testing.assert_allclose(
        pixel.log_prob(np.ones((1, 3), "float32")), -3 * np.log(256), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("kind", "size", "arguments", "needed"),
    [
        (FullJoint, 26, {}, 2**26 - 1),
        (FullJoint, 784, {}, "about 10\\^236"),
        (ChainRule, 4, {"levels": 256}, 256**4 - 1),
        (MarkovChain, 784, {"order": 31}, 2**31 - 1 + (784 - 31) * 2**31),
        (Independent, 2**20, {"levels": 100}, 99 * 2**20),
    ],
)
def test_a_table_that_is_too_large_names_its_parameters(kind, size, arguments, needed):
    with pytest.raises(ValueError, match=f"would need {needed}. Received: "):
        kind.default((size,), **arguments)


@every_kind
def test_no_other_table_of_the_family_has_a_higher_likelihood(kind):
    model, x = fitted(kind, (4,), smoothing=0), data((4,), 2)
    best = model.log_prob(x).numpy().mean()
    counts = model.counts.numpy()
    generator = np.random.default_rng(0)
    for scale in (1, 10, 50):
        for _ in range(5):
            model.counts.assign(counts + generator.uniform(0, scale, counts.shape))
            assert model.log_prob(x).numpy().mean() < best
    if kind is FullJoint:
        frequencies = np.unique(x, axis=0, return_counts=True)[1] / len(x)
        np.testing.assert_allclose(best, (frequencies * np.log(frequencies)).sum(), rtol=1e-6)


def test_the_fit_of_a_smaller_family_is_worse_by_the_textbook_divergences():
    """log-likelihoods are minus entropies: the gap of independence is the total correlation."""
    x = data((4,), 2)
    joint = probs(fitted(FullJoint, (4,), smoothing=0))

    def entropy(p):
        p = p[p > 0]
        return -(p * np.log(p)).sum()

    single = [joint.sum(axis=tuple({*range(4)} - {d})) for d in range(4)]
    pairs = [joint.sum(axis=tuple({*range(4)} - {d, d + 1})) for d in range(3)]
    expected = {
        FullJoint: entropy(joint),
        ChainRule: entropy(joint),
        Independent: sum(map(entropy, single)),
        MarkovChain: sum(map(entropy, pairs)) - sum(map(entropy, single[1:-1])),
    }
    for kind, value in expected.items():
        model = fitted(kind, (4,), smoothing=0)
        np.testing.assert_allclose(-model.log_prob(x).numpy().mean(), value, rtol=1e-5)
        q = probs(model)
        seen = joint > 0
        divergence = (joint[seen] * np.log(joint[seen] / q[seen])).sum()
        np.testing.assert_allclose(divergence, value - entropy(joint), atol=1e-5)


@every_kind
@pytest.mark.parametrize(
    "options", [{}, {"steps_per_execution": 3}, {"jit_compile": True}, {"run_eagerly": True}]
)
def test_fit_counts_each_example_once_however_it_runs(kind, options):
    model, x = kind.default((4,), levels=3), data((4,), 3)
    model.compile(**options)
    expected = fitted(kind, (4,), 3).counts.numpy()
    assert expected.sum() == (200 if kind is FullJoint else 4 * 200)
    model.fit(data((4,), 3, seed=9), batch_size=30, verbose=0)
    assert not np.array_equal(model.counts, expected)
    model.fit(x, batch_size=30, epochs=3, verbose=0)
    np.testing.assert_array_equal(model.counts, expected)
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(23)
    history = model.fit(dataset, epochs=2, verbose=0, callbacks=keras.callbacks.TerminateOnNaN())
    np.testing.assert_array_equal(model.counts, expected)
    assert np.isfinite(history.history["negative_log_prob"]).all()
    found = model.evaluate(x, verbose=0, return_dict=True)["negative_log_prob"]
    np.testing.assert_allclose(found, -model.log_prob(x).numpy().mean(), rtol=1e-5)
    with pytest.raises(ValueError, match="Received:"):
        model.fit(x * np.nan)
    np.testing.assert_array_equal(model.counts, expected)
    model.train_on_batch(x)
    np.testing.assert_array_equal(model.counts, 2 * expected)


def test_the_history_is_finite_without_smoothing():
    model = FullJoint.default((4,), smoothing=0)
    model.compile()
    history = model.fit(data((4,), 2), batch_size=10, verbose=0).history
    assert 0 < history["negative_log_prob"][0] < 4 * np.log(2)


@every_kind
@pytest.mark.parametrize("levels", [2, 3])
def test_samples_follow_log_prob(kind, levels):
    model, inputs = fitted(kind, (4,), levels), all_inputs((4,), levels)
    samples = model.sample(20_000, seed=3).numpy()
    assert chi_square(samples, inputs, probs(model).ravel(), levels) > 1e-3


@every_kind
@pytest.mark.parametrize("levels", [2, 5])
def test_sampling_equals_one_pass_for_each_dimension(kind, levels):
    model, seed, count = fitted(kind, (2, 2, 1), levels), 7, 40
    uniforms = tf.random.stateless_uniform((count, 4), (0, seed)).numpy()
    values = np.arange(levels, dtype="float32") / np.float32(levels - 1)
    x = np.zeros((count, 4), "float32")
    for d in range(4):
        base = model.conditionals(tf.reshape(tf.constant(x), (count, 2, 2, 1))).distribution
        table = np.stack([np.reshape(base.prob(value), (count, 4))[:, d] for value in values], 1)
        above = uniforms[:, d, None] >= np.cumsum(table, axis=1)[:, :-1]
        x[:, d] = values[above.sum(axis=1)]
    np.testing.assert_array_equal(model.sample(count, seed=seed), x.reshape(count, 2, 2, 1))


@pytest.mark.parametrize("smoothing", [0, 0.5])
def test_no_sample_has_probability_zero(smoothing):
    model = fitted(ChainRule, (3,), 3, count=5, smoothing=smoothing)
    assert np.isfinite(model.log_prob(model.sample(500, seed=0))).all()


def test_a_conditional_depends_on_its_context_alone():
    """Changing one variable moves the conditionals of the k that follow it."""
    model, x = fitted(MarkovChain, (6,), order=2), np.zeros((1, 6), "float32")
    logits = model.conditionals(x).distribution.logits.numpy()[0]
    for d in range(6):
        other = x.copy()
        other[0, d] = 1
        moved = model.conditionals(other).distribution.logits.numpy()[0] != logits
        np.testing.assert_array_equal(moved, [d < i <= d + 2 for i in range(6)])


def test_conditionals_are_tfp_distributions():
    for levels, base in ((2, tfd.Bernoulli), (3, tfd.FiniteDiscrete)):
        conditionals = fitted(MarkovChain, (2, 2, 1), levels).conditionals(
            np.zeros((2, 2, 2, 1), "float32")
        )
        assert isinstance(conditionals, tfd.Independent)
        assert isinstance(conditionals.distribution, base)
        assert conditionals.event_shape == (2, 2, 1)


@every_kind
@pytest.mark.parametrize("levels", [2, 3])
@pytest.mark.parametrize("smoothing", [0, 0.5])
def test_queries_are_sums_of_the_joint(kind, levels, smoothing):
    model = fitted(kind, (4,), levels, smoothing=smoothing)
    joint = probs(model)
    np.testing.assert_allclose(
        model.marginals(),
        [joint.sum(axis=tuple({*range(4)} - {d})) for d in range(4)],
        atol=1e-6,
    )
    np.testing.assert_allclose(model.marginal((0, 1, 2, 3)), joint, atol=1e-6)
    np.testing.assert_allclose(model.marginal([2, 0]), joint.sum(axis=(1, 3)).T, atol=1e-6)
    # Values that occur together.
    i, j = np.unravel_index(joint.sum(axis=(0, 2)).argmax(), (levels, levels))
    values = i / (levels - 1), j / (levels - 1)
    np.testing.assert_allclose(
        model.conditional((2, 0), {1: values[0]}),
        joint[:, i].sum(axis=2).T / joint[:, i].sum(),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        model.conditional([0], {3: values[1], 1: values[0]}),
        joint[:, i, :, j].sum(axis=1) / joint[:, i, :, j].sum(),
        atol=1e-6,
    )


def test_a_long_chain_has_the_marginals_of_its_transition_matrices():
    x = (np.random.default_rng(0).random((300, 200)).cumsum(axis=1) % 1 > 0.5).astype("float32")
    model = MarkovChain.default((200,))
    model.compile()
    model.fit(x, batch_size=100, verbose=0)
    p, expected = None, []
    for d in range(200):
        if d == 0:
            p = np.bincount(x[:, 0].astype(int), minlength=2) + 0.5
            p /= p.sum()
        else:
            counts = np.full((2, 2), 0.5)
            np.add.at(counts, (x[:, d - 1].astype(int), x[:, d].astype(int)), 1)
            p = p @ (counts / counts.sum(axis=1, keepdims=True))
        expected.append(p)
    np.testing.assert_allclose(model.marginals(), expected, atol=1e-5)
    np.testing.assert_allclose(model.marginal([150]), expected[150], atol=1e-5)


@every_kind
@pytest.mark.parametrize("levels", [2, 3])
def test_any_mask_is_completed_from_the_exact_conditional(kind, levels):
    """Two masks in one call, with kept variables between and after the drawn ones."""
    model, count = fitted(kind, (4,), levels), 6000
    joint = probs(model)
    x = np.tile(np.float32([np.nan, 1, 0.3, 0]), (count, 1))
    x[1::2] = (1, -5, np.nan, 0)
    mask = np.tile([[0, 1, 0, 1], [1, 0, 0, 1]], (count // 2, 1))
    completed = model.complete(x, mask, seed=0).numpy()
    np.testing.assert_array_equal(completed[mask == 1], x[mask == 1])
    tables = joint[:, -1, :, 0], joint[-1, :, :, 0]
    for part, free, table in zip(
        (completed[::2], completed[1::2]), ((0, 2), (1, 2)), tables, strict=True
    ):
        cells = indices(part, levels)[:, free] @ [levels, 1]
        counts = np.bincount(cells, minlength=levels**2)
        assert stats.chisquare(counts, len(part) * table.ravel() / table.sum()).pvalue > 1e-3


@every_kind
def test_a_mask_in_raster_order_needs_no_look_ahead(kind):
    model, x = fitted(kind, (4,), 3), data((4,), 3, 30, seed=4)
    mask = np.tile(np.float32([1, 1, 0, 0]), (30, 1))
    uniforms = tf.random.stateless_uniform((30, 4), (0, 2))
    np.testing.assert_array_equal(model.complete(x, mask[0], seed=2), model.draw(uniforms, x, mask))


def test_kept_values_that_are_impossible_are_kept_nevertheless():
    model = Independent.default((3,), smoothing=0)
    model.compile()
    model.fit(np.float32([[0, 0, 1], [1, 0, 1]]), verbose=0)
    completed = model.complete(np.ones((4, 3), "float32"), np.array([0, 1, 0]), seed=0).numpy()
    np.testing.assert_array_equal(completed[:, 1:], 1)
    with pytest.raises(ValueError, match="positive probability.*Received:"):
        model.conditional([0], {1: 1.0})


def test_the_distribution_works_in_tfp():
    p, q = fitted(MarkovChain).distribution(), fitted(Independent).distribution()
    x = all_inputs((4,), 2)
    log_p, log_q = p.log_prob(x).numpy(), q.log_prob(x).numpy()
    samples = p.sample(20_000, seed=(0, 1))
    ratios = (p.log_prob(samples) - q.log_prob(samples)).numpy()
    exact = np.sum(np.exp(log_p) * (log_p - log_q))
    assert abs(ratios.mean() - exact) < 4 * ratios.std() / np.sqrt(len(ratios))
    assert p.log_prob(x.reshape(2, 8, 4)).shape == (2, 8)


def test_a_saved_table_is_the_same_and_can_be_fitted_again(tmp_path):
    model = fitted(MarkovChain, (4,), 3, order=2)
    model.save(tmp_path / "table.keras")
    twin = keras.saving.load_model(tmp_path / "table.keras")
    np.testing.assert_array_equal(twin.counts, model.counts)
    twin.fit(data((4,), 3), batch_size=64, verbose=0)
    np.testing.assert_array_equal(twin.counts, model.counts)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_counts_are_exact_under_half_precision(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = fitted(ChainRule, count=5000)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.counts.dtype == "float32" and model.counts.numpy()[0].sum() == 5000


@every_kind
@pytest.mark.parametrize(
    "arguments", [{"smoothing": -1}, {"smoothing": np.nan}, {"smoothing": "many"}, {"levels": 1}]
)
def test_bad_arguments_are_refused(kind, arguments):
    with pytest.raises(ValueError, match="Received:"):
        kind.default((4,), **arguments)


def test_bad_queries_and_orders_are_refused():
    for order in (-1, 1.5, True):
        with pytest.raises(ValueError, match="order.*Received:"):
            MarkovChain.default((4,), order=order)
    model = fitted(FullJoint)
    for dims, known in (
        ((), {}),
        ((4,), {}),
        ((0, 0), {}),
        ((0,), {0: 1}),
        ((-1,), {}),
        ((0.5,), {}),
    ):
        with pytest.raises(ValueError, match="each of dims and known once.*Received:"):
            model.conditional(dims, known)
    with pytest.raises(ValueError, match="levels.*Received:"):
        model.conditional((0,), {1: 0.5})
