"""What FVSBN, and the models of several orders, MADE and DeepNADE, owe alike."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from truths import all_inputs, chi_square, naive_draw, naive_draw_along, randomize

from tfgen.autoregressive.deep_nade import DeepNADE
from tfgen.autoregressive.fvsbn import FVSBN
from tfgen.autoregressive.made import MADE
from tfgen.autoregressive.order_ensemble import OrderEnsemble, random_orders, random_state
from tfgen.conditions import Vector

tfd = tfp.distributions

MAKERS = {
    "FVSBN": lambda shape, levels: FVSBN.default(shape, levels=levels),
    "MADE": lambda shape, levels: MADE.default(shape, hidden=(9, 8), levels=levels),
    "MADE: ensemble": lambda shape, levels: MADE.default(
        shape, hidden=(9, 8), num_masks=2, num_orders=3, levels=levels
    ),
    "DeepNADE": lambda shape, levels: DeepNADE.default(shape, hidden=(5, 6), levels=levels),
    "DeepNADE: ensemble": lambda shape, levels: DeepNADE.default(
        shape, hidden=(5,), num_orders=3, levels=levels
    ),
}
every_model = pytest.mark.parametrize("name", MAKERS)
ensembles = pytest.mark.parametrize("name", ["MADE: ensemble", "DeepNADE: ensemble"])


def make(name, shape, levels=2):
    return randomize(MAKERS[name](shape, levels))


def components(model):
    return range(getattr(model, "num_components", 1))


def order(model, component):
    return np.arange(np.prod(model.event_shape)) if plain(model) else model.orders[component]


def plain(model):
    """Whether the model has one order and no components."""
    return isinstance(model, FVSBN)


def conditionals(model, x, component):
    x = tf.convert_to_tensor(x)
    return model.conditionals(x) if plain(model) else model.conditionals(x, component=component)


def probability(model, inputs):
    return np.exp(model.log_prob(inputs).numpy().astype("float64"))


CASES = [((6,), 2), ((2, 3, 1), 2), ((1,), 2), ((4,), 3), ((2, 1, 2), 3), ((1,), 17)]


@every_model
@pytest.mark.parametrize(("shape", "levels"), CASES)
def test_probabilities_of_all_inputs_sum_to_one(name, shape, levels):
    total = probability(make(name, shape, levels), all_inputs(shape, levels)).sum()
    np.testing.assert_allclose(total, 1, rtol=1e-5)


@ensembles
def test_conditionals_are_those_of_a_component_that_is_named(name):
    model, x = make(name, (3,)), tf.zeros((1, 3))
    for component in (None, -1, model.num_components):
        with pytest.raises(ValueError, match="expected component from 0 to.*Received: "):
            model.conditionals(x, component=component)
    alone = make(name.split(":")[0], (3,))
    np.testing.assert_allclose(alone.conditionals(x).log_prob(x), alone.log_prob(x), rtol=1e-6)


class Conditional(OrderEnsemble):
    """Two orders, and logits that are what the condition says, with a sign of each component."""

    takes_condition = True
    paper = "a test"
    event_shape, levels = (2,), 2
    orders = np.array([[0, 1], [1, 0]], "int32")
    default = default_optimizers = None

    def logits(self, given, component):
        sign = tf.cast(1 - 2 * component, tf.float32)
        return 30 * given * tf.reshape(sign, (-1, 1))

    def conditionals(self, x, given=None, training=False, component=None):
        logits = self.logits(given, self.read_component(component))
        return tfd.Independent(tfd.Bernoulli(logits=logits, dtype=tf.float32), 1)

    def draw_along(self, uniforms, x, mask, component, given=None, *, batch_size=None):
        drawn = tf.cast(uniforms < tf.sigmoid(self.logits(given, component)), tf.float32)
        return tf.where(mask > 0, x, drawn)


def test_conditions_reach_every_component():
    model = Conditional(condition=Vector(2))
    x, y = tf.constant([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), tf.constant([[1.0, -1.0]] * 3)
    half = [np.log(0.5), np.log(0.5), -30]
    for found in (
        model.log_prob(x, condition=y),
        model((x, y)),
        tf.function(model.log_prob)(x, condition=y),
        model.distribution(condition=[1.0, -1.0]).log_prob(x),
    ):
        np.testing.assert_allclose(found, half, atol=1e-3)
    loss = model.negative_log_likelihood((x[:2], y[:2]), (0, 1), False)["negative_log_prob"]
    np.testing.assert_allclose(loss, np.log(2), atol=1e-3)
    assert model.negative_log_likelihood((x[:2], y[:2]), (0, 1), True)["negative_log_prob"] > 29
    samples = model.sample(200, condition=[1.0, -1.0], seed=0).numpy()
    assert set(map(tuple, samples)) == {(1, 0), (0, 1)}
    # A component is taken that agrees with what is kept, and the rest is drawn from it.
    model.orders = model.orders[[0, 0]]
    completed = model.complete(x, np.array([1, 0]), condition=y, seed=0)
    np.testing.assert_array_equal(completed, [[1, 0], [0, 1], [1, 0]])


@ensembles
def test_the_density_is_the_mean_of_the_components(name):
    model, x = make(name, (5,)), all_inputs((5,), 2)
    each = [np.exp(conditionals(model, x, k).log_prob(x)) for k in components(model)]
    assert np.ptp(each, axis=0).max() > 1e-3
    np.testing.assert_allclose(np.exp(model.log_prob(x)), np.mean(each, axis=0), rtol=1e-4)
    np.testing.assert_allclose(np.exp(model(x)), np.mean(each, axis=0), rtol=1e-4)
    for density in each:
        np.testing.assert_allclose(np.sum(density, dtype="float64"), 1, rtol=1e-5)
    batch = (tf.constant(x),)
    evaluated = model.negative_log_likelihood(batch, (0, 1), False)["negative_log_prob"]
    if isinstance(model, MADE):
        np.testing.assert_allclose(evaluated, -np.mean(model.log_prob(x)), rtol=1e-5)


@every_model
def test_conditionals_are_of_the_head_s_distribution(name):
    for levels, kind in ((2, tfd.Bernoulli), (3, tfd.FiniteDiscrete)):
        found = conditionals(make(name, (2, 2, 1), levels), tf.zeros((3, 2, 2, 1)), 0)
        assert isinstance(found, tfd.Independent)
        assert isinstance(found.distribution, kind)
        assert found.batch_shape == [3] and found.event_shape == [2, 2, 1]


@every_model
def test_a_conditional_depends_on_what_comes_before_it_in_its_order_alone(name):
    """In every component; over all inputs, for a rectified linear unit may be silent at one."""
    model, x = make(name, (2, 3, 1)), tf.constant(all_inputs((2, 3, 1), 2))
    for k in components(model):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            logits = tf.reshape(conditionals(model, x, k).distribution.logits, (-1, 6))
        jacobian = tape.batch_jacobian(logits, x, experimental_use_pfor=False)
        jacobian = np.abs(tf.reshape(jacobian, (-1, 6, 6))).max(axis=0)
        jacobian = jacobian[order(model, k)][:, order(model, k)]
        np.testing.assert_array_equal(np.triu(jacobian), 0)
        assert (jacobian[np.tril_indices(6, -1)] > 1e-7).all()


@every_model
@pytest.mark.parametrize(("shape", "levels"), [((2, 3, 1), 2), ((5,), 4), ((1,), 2)])
def test_sampling_equals_one_pass_for_each_dimension(name, shape, levels):
    model, count = make(name, shape, levels), 12
    size = int(np.prod(shape))
    kept = np.zeros((count, size), "float32")
    uniforms = np.random.default_rng(3).random((count, size), "float32")
    if plain(model):
        drawn = model.draw(tf.constant(uniforms), kept, kept)
        expected = naive_draw(model, uniforms).reshape(count, size)
    else:
        component = np.arange(count, dtype="int32") % model.num_components
        drawn = model.draw_along(tf.constant(uniforms), kept, kept, component)
        expected = naive_draw_along(model, uniforms, kept, kept, component)
    np.testing.assert_array_equal(drawn, expected)


@every_model
@pytest.mark.parametrize(("shape", "levels"), [((4,), 2), ((3,), 3)])
def test_samples_follow_log_prob(name, shape, levels):
    model, inputs = make(name, shape, levels), all_inputs(shape, levels)
    samples = model.sample(20_000, seed=3).numpy()
    assert chi_square(samples, inputs, probability(model, inputs), levels) > 1e-3


@every_model
def test_training_raises_the_likelihood(name):
    model = MAKERS[name]((4,), 2)
    keras.utils.set_random_seed(0)
    x = all_inputs((4,), 2)[
        np.random.default_rng(2).choice(16, 400, p=np.r_[[0.4] * 2, [0.2 / 14] * 14])
    ]
    before = model.log_prob(x).numpy().mean()
    model.compile(keras.optimizers.Adam(0.03), steps_per_execution=4)
    model.fit(x, batch_size=50, epochs=12, verbose=0)
    assert model.log_prob(x).numpy().mean() > before + 0.4


@pytest.mark.parametrize("name", ["FVSBN", "MADE", "DeepNADE"])
def test_completion_keeps_what_it_was_given_and_follows_the_conditional(name):
    model = make(name, (4,))
    if name == "DeepNADE":
        model.orders = np.arange(4, dtype="int32")[np.newaxis]  # One that allows this mask.
    x = np.tile(np.float32([1, 0, 0.3, np.nan]), (4000, 1))
    completed = model.complete(x, np.array([1, 1, 0, 0]), seed=0).numpy()
    np.testing.assert_array_equal(completed[:, :2], x[:, :2])
    inputs = np.concatenate([np.tile(x[:1, :2], (4, 1)), all_inputs((2,), 2)], axis=1)
    joint = probability(model, inputs)
    assert chi_square(completed, inputs, joint / joint.sum(), 2) > 1e-3


def test_completion_is_exact_under_the_mixture_where_every_order_allows_it():
    orders = lambda seed: random_orders(2, 4, random_state(seed))
    fits = lambda order: sorted(order[:2]) == [0, 1] and order[0] == 1
    seed = next(seed for seed in range(200) if fits(orders(seed)[1]))
    model = MADE(event_shape=(4,), hidden=(9,), num_orders=2, num_masks=2, seed=seed)
    generator = np.random.default_rng(0)
    model.set_weights([2 * generator.normal(size=w.shape) for w in model.get_weights()])
    x = np.tile(np.float32([1, 0, 0, 0]), (6000, 1))
    completed = model.complete(x, np.array([1, 1, 0, 0]), seed=0).numpy()
    inputs = np.concatenate([np.tile(x[:1, :2], (4, 1)), all_inputs((2,), 2)], axis=1)
    joint = probability(model, inputs)
    assert chi_square(completed, inputs, joint / joint.sum(), 2) > 1e-3
    # The components weigh the kept dimensions differently, so that equal weights would be wrong.
    each = [np.exp(conditionals(model, inputs, k).log_prob(inputs)) for k in range(4)]
    equal = np.mean([density / density.sum() for density in each], axis=0, dtype="float64")
    assert chi_square(completed, inputs, equal / equal.sum(), 2) < 1e-6


def test_completion_refuses_a_mask_that_some_order_does_not_allow():
    model, x = make("MADE: ensemble", (4,)), np.zeros((1, 4), "float32")
    with pytest.raises(ValueError, match="each order of the ens.*MADE.*Received: example 0 keeps"):
        model.complete(x, np.array([1, 0, 0, 0]))
    with pytest.raises(ValueError, match="expected mask of shape"):
        model.complete(x, np.ones(5))
    with pytest.raises(ValueError, match="raster order.*keeps dimension 3"):
        make("FVSBN", (4,)).complete(x, np.array([1, 0, 0, 1]))


@ensembles
def test_the_same_seed_gives_the_same_samples_in_a_graph_and_after_a_reload(name, tmp_path):
    model = make(name, (2, 3, 1), 3)
    samples = model.sample(6, seed=3)
    np.testing.assert_array_equal(tf.function(lambda: model.sample(6, seed=3))(), samples)
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(twin.sample(6, seed=3), samples)
    np.testing.assert_array_equal(twin.log_prob(samples), model.log_prob(samples))
    model.export(tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served").signatures
    drawn = served["sample"](num_samples=tf.constant(6), seed=tf.constant([0, 3]))
    np.testing.assert_array_equal(drawn["samples"], samples)
    found = served["log_prob"](x=samples)["log_prob"]
    np.testing.assert_allclose(found, model.log_prob(samples), rtol=1e-5)


@every_model
def test_half_precision_trains_without_nan(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = MAKERS[name]((6,), 2)
    finally:
        keras.config.set_dtype_policy("float32")
    x = all_inputs((6,), 2)
    model.compile()
    model.fit(x, batch_size=16, verbose=0)
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert model.log_prob(x).dtype == tf.float32 and np.isfinite(model.log_prob(x)).all()


def test_orders_are_raster_order_and_then_permutations_that_the_seed_decides():
    orders = random_orders(4, 7, random_state(5))
    np.testing.assert_array_equal(orders[0], np.arange(7))
    np.testing.assert_array_equal(np.sort(orders, axis=1), [np.arange(7)] * 4)
    assert len({tuple(order) for order in orders}) == 4
    np.testing.assert_array_equal(orders, random_orders(4, 7, random_state(5)))
    assert (orders != random_orders(4, 7, random_state(6))).any()


@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        (FVSBN, {"levels": 1}),
        (MADE, {"levels": 1}),
        (MADE, {"hidden": ()}),
        (MADE, {"hidden": (4, 0)}),
        (MADE, {"num_masks": 0}),
        (MADE, {"num_orders": 0}),
        (DeepNADE, {"levels": 1}),
        (DeepNADE, {"hidden": ()}),
        (DeepNADE, {"num_orders": 0}),
    ],
)
def test_bad_sizes_are_refused(model, arguments):
    with pytest.raises(ValueError, match="Received:"):
        model.default((4,), **arguments)


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, None])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="seed.*Received:"):
        MADE(event_shape=(4,), seed=seed)
