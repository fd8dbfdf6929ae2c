import keras
import numpy as np
import tensorflow as tf

from tfgen import FVSBN, MADE, NADE, DeepNADE
from tfgen.distributions import LaplaceWeights, NormalWeights


def ones(count=12):
    return np.ones((count, 4), "float32")


def test_the_penalty_counts_once_for_all_examples_and_is_not_reported():
    model = FVSBN.default(
        (4,), weight_prior=NormalWeights(0.5), kernel_regularizer=keras.regularizers.L1(0.5)
    )
    model.kernel.assign(tf.ones((4, 4)))
    np.testing.assert_allclose(tf.add_n(model.losses), 0.5 * 16)
    model.compile(keras.optimizers.SGD(0.0))
    history = model.fit(ones(), batch_size=5, verbose=0).history
    penalty = 0.5 * 16 + 2.0 * 16 / 12
    np.testing.assert_allclose(tf.add_n(model.losses), penalty, rtol=1e-6)
    difference = history["loss"][0] - history["negative_log_prob"][0]
    np.testing.assert_allclose(difference, penalty, rtol=1e-5)
    # The step is compiled once; another fit has another number of examples.
    history = model.fit(ones(6), batch_size=5, verbose=0).history
    difference = history["loss"][0] - history["negative_log_prob"][0]
    np.testing.assert_allclose(difference, 0.5 * 16 + 2.0 * 16 / 6, rtol=1e-5)


def test_every_matrix_has_it_and_no_bias():
    for model, names in (
        (NADE.default((4,), num_hidden=3, weight_prior=LaplaceWeights(1.0)), {"input_weights"}),
        (MADE.default((4,), hidden=(3, 3), weight_prior=LaplaceWeights(1.0)), {"kernel"}),
        (
            DeepNADE.default((4,), hidden=(3, 3), weight_prior=LaplaceWeights(1.0)),
            {"known_weights", "kernel"},
        ),
    ):
        having = {v.name for v in model.trainable_variables if v.regularizer is not None}
        matrices = {v.name for v in model.trainable_variables if "bias" not in v.name}
        assert having == matrices and names <= having


def test_direct_connections_have_a_prior_of_their_own():
    priors = {"weight_prior": LaplaceWeights(2.0), "direct_prior": NormalWeights(0.5)}
    for left_out in (None, *priors):
        taken = {name: None if name == left_out else prior for name, prior in priors.items()}
        for model in (
            NADE.default((4,), num_hidden=3, **taken),
            MADE.default((4,), hidden=(3,), **taken),
        ):
            for weight in model.trainable_variables:
                weight.assign(tf.ones(weight.shape))
            model.prepare(tf.constant(ones()))
            each = {"weight_prior": 2 * 4 * 3 / 2.0, "direct_prior": 4 * 4 / (2 * 0.5**2)}
            expected = sum(penalty for name, penalty in each.items() if name != left_out) / 12
            np.testing.assert_allclose(tf.add_n(model.losses), expected, rtol=1e-6)


def test_examples_are_counted_where_that_is_possible():
    model = FVSBN.default((4,), weight_prior=LaplaceWeights(1.0))
    share = model._examples.share
    dataset = tf.data.Dataset.from_tensor_slices(ones()).batch(4)
    for data, expected in (
        (tf.constant(ones()), 1 / 12),
        (dataset, 1 / 12),
        (dataset.repeat(), 0),
        ((ones() for _ in range(2)), 0),
    ):
        model.prepare(data)
        np.testing.assert_allclose(share, expected, rtol=1e-6)


def test_without_a_prior_there_is_no_penalty():
    model = FVSBN.default((4,), weight_prior=None)
    model.prepare(tf.constant(ones()))
    assert model.losses == []
