import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp
from truths import (
    all_inputs,
    chi_square,
    hessian_vector_product,
    naive_draw,
    randomize,
    total_probability,
)

from tfgen import FVSBN, NADE
from tfgen.autoregressive import nade_loops
from tfgen.autoregressive.level_features import to_features

tfd = tfp.distributions


def nade(event_shape, levels=2, num_hidden=5, **kwargs):
    return randomize(NADE.default(event_shape, num_hidden=num_hidden, levels=levels, **kwargs))


def plain_log_prob(model, x):
    """Eq. 1-3 of Larochelle & Murray (2011), one dimension after the other, in plain TensorFlow.

    Direct connections add a row of their weights to all logits for each dimension that is known.
    """
    W, V, c, b, *direct = (weight.value for weight in model.weights)
    flat = tf.reshape(x, (len(x), -1))
    features = to_features(flat, model.levels)
    a = tf.ones((len(x), 1)) * c
    rows = tf.zeros((len(x), *b.shape))
    total = 0.0
    for d in range(flat.shape[1]):
        logits = tf.sigmoid(a) @ tf.transpose(V[d]) + b[d] + rows[:, d]
        if model.levels == 2:
            total += tfd.Bernoulli(logits=logits[:, 0]).log_prob(flat[:, d])
        else:
            total += tfd.OneHotCategorical(logits=logits).log_prob(features[:, d])
        a += features[:, d] @ W[d]
        for each in direct:
            rows += tf.reshape(features[:, d] @ each[d], rows.shape)
    return total


CASES = [((8,), 2), ((2, 3, 2), 2), ((12,), 2), ((1,), 2), ((4,), 3), ((2, 1, 2), 4), ((1,), 17)]


@pytest.mark.parametrize(("event_shape", "levels"), CASES)
def test_probabilities_of_all_inputs_sum_to_one(event_shape, levels):
    np.testing.assert_allclose(total_probability(nade(event_shape, levels)), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("event_shape", "levels", "direct"), [((8,), 2, True), ((4,), 3, True), ((6,), 2, False)]
)
def test_log_prob_is_the_paper_s_recursion(event_shape, levels, direct):
    model, x = nade(event_shape, levels, direct=direct), all_inputs(event_shape, levels)
    assert len(model.weights) == 4 + direct
    np.testing.assert_allclose(model.log_prob(x), plain_log_prob(model, x), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model(x), plain_log_prob(model, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("event_shape", "levels"), [((6,), 2), ((4,), 3)])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_both_gradients_are_those_of_autodiff(event_shape, levels, count):
    model, x = nade(event_shape, levels), tf.constant(all_inputs(event_shape, levels)[-count:])

    def gradient(function):
        with tf.GradientTape() as tape:
            value = function()
        return value, tape.gradient(value, model.trainable_variables)

    losses = (
        lambda: -tf.reduce_mean(plain_log_prob(model, x)),
        lambda: model.negative_log_likelihood((x,), (0, 1), True)["negative_log_prob"],
        lambda: model.negative_log_likelihood((x,), (0, 1), False)["negative_log_prob"],
    )
    (expected, expected_gradient), *others = map(gradient, losses)
    for value, found in others:
        np.testing.assert_allclose(value, expected, rtol=1e-5)
        for a, b in zip(found, expected_gradient, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_the_gradient_by_any_weighting_of_the_logits_is_that_of_autodiff():
    model, x = nade((6,)), tf.constant(all_inputs((6,), 2)[::7])
    W, V, c, *_ = (weight.value for weight in model.weights)
    features = to_features(tf.transpose(x), 2)
    b = tf.random.stateless_normal((6, len(x), 1), (0, 2))
    weighting = tf.random.stateless_normal((len(x), 6, 1), (0, 1))

    def plain(features, W, V, c, b):
        a = tf.ones((len(x), 1)) * c
        logits = []
        for d in range(6):
            logits.append(tf.sigmoid(a) @ tf.transpose(V[d]) + b[d])
            a += features[d] @ W[d]
        return tf.stack(logits, axis=1)

    arguments = (features, W, V, c, b)
    gradients = []
    for function in (nade_loops.sweep, plain):
        with tf.GradientTape() as tape:
            tape.watch(arguments)
            value = tf.reduce_sum(weighting * function(*arguments))
        gradients.append(tape.gradient(value, arguments))
    for found, expected in zip(*gradients, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_second_derivatives_are_those_of_autodiff():
    model, x = nade((4,), levels=3), tf.constant(all_inputs((4,), 3)[::23])
    weights = model.trainable_variables
    vectors = [tf.random.stateless_normal(w.shape, (0, i)) for i, w in enumerate(weights)]
    product = lambda loss: hessian_vector_product(loss, weights, vectors)
    expected = product(lambda: -tf.reduce_mean(plain_log_prob(model, x)))
    assert all(np.abs(each).max() > 1e-3 for each in expected)
    training = lambda: model.negative_log_likelihood((x,), (0, 1), True)["negative_log_prob"]
    in_a_graph = tf.function(product, autograph=False)(training)
    for found in (in_a_graph, product(lambda: -tf.reduce_mean(model.log_prob(x)))):
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_a_conditional_depends_on_what_comes_before_it_alone():
    model = nade((2, 3, 1))
    x = tf.constant(all_inputs((2, 3, 1), 2)[37:38])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        logits = model.conditionals(x).distribution.logits
    jacobian = tape.jacobian(logits, x, experimental_use_pfor=False)
    jacobian = tf.reshape(jacobian, (6, 6)).numpy()
    np.testing.assert_array_equal(np.triu(jacobian), 0)
    assert (np.abs(jacobian[np.tril_indices(6, -1)]) > 1e-7).all()


def test_conditionals_are_what_log_prob_adds_up():
    model = nade((3, 2, 1), levels=4)
    x = model.sample(6, seed=0)
    conditionals = model.conditionals(x)
    assert isinstance(conditionals, tfd.Independent)
    assert isinstance(conditionals.distribution, tfd.FiniteDiscrete)
    assert isinstance(nade((3,)).conditionals(tf.zeros((1, 3))).distribution, tfd.Bernoulli)
    np.testing.assert_allclose(conditionals.log_prob(x), model.log_prob(x), rtol=1e-5)
    one_by_one = conditionals.distribution.log_prob(x)
    np.testing.assert_allclose(tf.reduce_sum(one_by_one, (1, 2, 3)), model.log_prob(x), rtol=1e-5)


@pytest.mark.parametrize(("event_shape", "levels"), [((6,), 2), ((3,), 3)])
def test_samples_of_a_trained_model_follow_its_log_prob(event_shape, levels):
    keras.utils.set_random_seed(0)
    model = NADE.default(event_shape, num_hidden=8, levels=levels)
    model.compile(keras.optimizers.Adam(0.05), steps_per_execution=4)
    inputs = all_inputs(event_shape, levels)
    target = np.random.default_rng(1).dirichlet(np.full(len(inputs), 0.3))
    x = inputs[np.random.default_rng(2).choice(len(inputs), size=800, p=target)]
    untrained = model.log_prob(x).numpy().mean()
    model.fit(x, batch_size=100, epochs=15, verbose=0)
    assert model.log_prob(x).numpy().mean() > untrained + 0.5

    probabilities = np.exp(model.log_prob(inputs).numpy().astype("float64"))
    samples = model.sample(20_000, seed=3).numpy()
    assert chi_square(samples, inputs, probabilities, levels) > 1e-3


@pytest.mark.parametrize("levels", [2, 5])
def test_sampling_equals_one_pass_for_each_dimension(levels):
    model = nade((2, 3, 1), levels)
    uniforms = tf.random.stateless_uniform((9, 6), (0, 7)).numpy()
    np.testing.assert_array_equal(model.sample(9, seed=7), naive_draw(model, uniforms))


def test_completion_keeps_what_it_was_given_and_follows_the_conditional():
    model = nade((4,))
    x = np.tile(np.float32([1, 0, 0.3, np.nan]), (4000, 1))
    mask = np.array([1, 1, 0, 0])
    completed = model.complete(x, mask, seed=0).numpy()
    np.testing.assert_array_equal(completed[:, :2], x[:, :2])
    inputs = np.concatenate([np.tile(x[:1, :2], (4, 1)), all_inputs((2,), 2)], axis=1)
    joint = np.exp(model.log_prob(inputs).numpy().astype("float64"))
    assert chi_square(completed, inputs, joint / joint.sum(), 2) > 1e-3


def test_completion_refuses_a_mask_that_the_order_does_not_allow():
    model, x = nade((2, 2, 1)), np.zeros((1, 2, 2, 1), "float32")
    with pytest.raises(ValueError, match="raster order.*keeps dimension 3"):
        model.complete(x, np.array([1, 0, 0, 1]).reshape(2, 2, 1))
    with pytest.raises(ValueError, match="expected mask of shape"):
        model.complete(x, np.ones(4))


def test_inputs_and_outputs_begin_with_weights_of_their_own():
    W, V, *_ = NADE.default((40,), num_hidden=50).get_weights()
    limit = 50**-0.5
    assert abs(np.corrcoef(W.ravel(), V.ravel())[0, 1]) < 0.1
    for weights in (W, V):
        assert 0.95 * limit < np.abs(weights).max() <= limit


def test_the_number_of_parameters_is_the_paper_s_and_those_of_direct_connections():
    paper = 2 * 784 * 500 + 500 + 784
    assert NADE.default((28, 28, 1), direct=False).count_params() == paper
    # Without being asked, not where they would be more than all the rest: 784^2 levels^2.
    assert NADE.default((28, 28, 1), num_hidden=2, levels=16).direct is False
    assert NADE.default((8, 8, 1), num_hidden=2, levels=17).direct is True
    assert NADE.default((28, 28, 1)).count_params() == paper + 784**2


def test_without_hidden_outputs_it_is_the_fully_visible_network():
    for levels in (2, 3):
        model, fvsbn = nade((4,), levels), randomize(FVSBN.default((4,), levels=levels))
        model.output_weights.assign(0 * model.output_weights)
        model.output_bias.assign(tf.reshape(fvsbn.bias, model.output_bias.shape))
        model.direct_weights.assign(tf.reshape(fvsbn.kernel, model.direct_weights.shape))
        x = all_inputs((4,), levels)
        np.testing.assert_allclose(model.log_prob(x), fvsbn.log_prob(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("arguments", [{"num_hidden": 0}, {"levels": 1}])
def test_bad_sizes_are_refused(arguments):
    with pytest.raises(ValueError, match="Received:"):
        NADE.default((4,), **arguments)
