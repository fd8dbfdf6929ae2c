"""The training step: seeds, phases at every k-th step, averages, states, terms."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from core.toy import Line, Pair

from tfgen.core import Phase, RunningAverage


def data(n=24):
    return np.random.default_rng(0).normal(size=(n, 2)).astype("float32")


def compiled(kind, *args, **options):
    keras.utils.set_random_seed(3)
    model = kind()
    model.compile(*args, **options)
    return model


def test_the_loss_of_one_phase_is_reported_as_keras_does():
    model = compiled(Line)
    history = model.fit(data(), validation_data=data(), verbose=0).history
    assert sorted(history) == sorted(["loss", "error", "val_loss", "val_error"])
    assert history["loss"] == history["error"]
    assert history["val_loss"] == history["val_error"]


def test_the_loss_has_the_penalties_and_the_term_has_not():
    model = compiled(
        lambda: Line(regularizer=keras.regularizers.L2(0.5)), keras.optimizers.SGD(0.0)
    )
    penalty = 0.5 * np.sum(np.square(model.network.get_weights()[0]))
    terms = model.evaluate(data(), verbose=0, return_dict=True)
    np.testing.assert_allclose(terms["loss"] - terms["error"], penalty, rtol=1e-5)
    history = model.fit(data(), verbose=0).history
    np.testing.assert_allclose(history["loss"][0] - history["error"][0], penalty, rtol=1e-5)


def test_one_of_several_phases_reports_its_objective_where_it_has_penalties():
    model = compiled(lambda: Pair(regularizer=keras.regularizers.L2(0.5)))
    terms = model.evaluate(data(), verbose=0, return_dict=True)
    penalty = 0.5 * np.sum(np.square(model.network.get_weights()[0]))
    assert set(terms) == {"often_objective", "often_loss", "seldom_loss"}
    np.testing.assert_allclose(terms["often_objective"] - terms["often_loss"], penalty, rtol=1e-5)


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}, {"run_eagerly": True}])
def test_a_phase_moves_at_every_third_step(options):
    model = compiled(Pair, **options)
    moved = []
    for _ in range(7):
        before = model.other.get_weights()[0]
        model.train_on_batch(data())
        moved.append(not np.array_equal(before, model.other.get_weights()[0]))
    assert moved == [False, False, True, False, False, True, False]
    assert int(model.phase_optimizers["seldom"].iterations) == 2
    assert int(model.phase_optimizers["often"].iterations) == int(model.steps_seen) == 7


def test_the_count_of_steps_resumes_bit_for_bit(tmp_path):
    whole, half = compiled(Pair, steps_per_execution=2), compiled(Pair, steps_per_execution=2)
    whole.fit(data(20), batch_size=5, epochs=4, verbose=0)
    half.fit(data(20), batch_size=5, epochs=2, verbose=0)
    half.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    assert int(resumed.steps_seen) == 8
    resumed.fit(data(20), batch_size=5, epochs=2, verbose=0)
    for a, b in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "x", [data(8), tf.data.Dataset.from_tensor_slices(data(8)).batch(4)], ids=["array", "data set"]
)
def test_an_epoch_in_which_a_phase_never_moves_is_refused(x):
    with pytest.raises(ValueError, match="at least 3 steps an epoch.*Received: 2"):
        compiled(Pair).fit(x, batch_size=None if isinstance(x, tf.data.Dataset) else 4)


def test_every_is_a_count():
    with pytest.raises(ValueError, match="every.*Received: 0"):
        Pair(every=0).compile()


class Noisy(Line):
    """Its loss draws."""

    def loss_terms(self, batch, seed, training):
        (x,) = batch
        noise = tf.random.stateless_normal(tf.shape(x), seed)
        return {"error": tf.reduce_mean((self.network(x) - noise) ** 2)}


def test_losses_get_a_new_seed_at_each_step_and_the_same_ones_in_each_evaluation():
    model = compiled(Noisy, keras.optimizers.SGD(0.0))
    train = [model.train_on_batch(data(), return_dict=True)["loss"] for _ in range(2)]
    assert train[0] != train[1]
    evaluate = lambda size: model.evaluate(data(), batch_size=size, verbose=0)
    assert evaluate(8) == evaluate(8)
    # Each batch has draws of its own: twice the same batch would repeat its figure.
    twice = np.concatenate([data(8), data(8)])
    once, both = (model.evaluate(x, batch_size=8, verbose=0)[0] for x in (data(8), twice))
    assert abs(once - both) > 1e-4


def test_a_traced_step_draws_by_what_is_loaded(tmp_path):
    other, traced = Noisy(), Noisy()
    for model in (other, traced):
        model.compile(keras.optimizers.SGD(0.1))
        model.train_on_batch(data())
    assert other.order_seed != traced.order_seed
    other.save_weights(tmp_path / "other.weights.h5")
    traced.load_weights(tmp_path / "other.weights.h5")
    assert traced.train_on_batch(data()) == other.train_on_batch(data())


def test_training_leaves_the_seeds_of_sampling_as_they_are():
    model, untrained = compiled(Noisy), compiled(Noisy)
    model.fit(data(), verbose=0)
    np.testing.assert_array_equal(model.next_seed(), untrained.next_seed())


def test_validation_and_evaluation_leave_training_as_it_is():
    one, other = compiled(Noisy), compiled(Noisy)
    one.fit(data(), epochs=2, verbose=0)
    other.fit(data(), epochs=1, validation_data=data(), verbose=0)
    other.evaluate(data(), verbose=0)
    other.fit(data(), epochs=1, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


class Wrong(Line):
    term_names = ("error", "forgotten")


class Unknown(Line):
    def loss_terms(self, batch, seed, training):
        return {**super().loss_terms(batch, seed, training), "surprise": 1.0}


@pytest.mark.parametrize(("kind", "name"), [(Wrong, "forgotten"), (Unknown, "surprise")])
def test_terms_that_are_not_as_declared_are_an_error_at_the_first_step(kind, name):
    with pytest.raises(ValueError, match=f"term_names.*Received: .*{name}"):
        compiled(kind).fit(data(), verbose=0)
    with pytest.raises(ValueError, match=f"term_names.*Received: .*{name}"):
        compiled(kind).evaluate(data(), verbose=0)


class Pool(keras.layers.Layer):
    """A state that a loss writes: the last batch's mean."""

    def __init__(self):
        super().__init__()
        self.last = self.add_weight(shape=(2,), initializer="zeros", trainable=False)


class Pooled(Pair):
    """`often` writes the pool in its loss; the phase names the layer or not."""

    def __init__(self, *, named=True, **kwargs):
        super().__init__(**kwargs)
        self.named = named
        self.pool = Pool()

    def phases(self):
        often, seldom = super().phases()
        networks = (self.network, self.pool) if self.named else (self.network,)
        return (often._replace(networks=networks), seldom)

    def often_loss(self, batch, seed, training):
        if training:
            self.pool.last.assign(tf.reduce_mean(batch[0], axis=0))
        return super().often_loss(batch, seed, training)


def test_what_a_loss_writes_stays_where_the_phase_names_its_layer():
    for named in (True, False):
        model = compiled(lambda named=named: Pooled(named=named))
        model.fit(data(), batch_size=8, shuffle=False, verbose=0)
        expected = data()[-8:].mean(axis=0) if named else np.zeros(2)
        np.testing.assert_allclose(model.pool.last, expected, atol=1e-6)


class Averaged(Pair):
    """Sampling would use the average of `network`: one line."""

    def __init__(self, *, decay=0.9, **kwargs):
        super().__init__(**kwargs)
        self.decay = decay
        self.averaged_network = RunningAverage(self.network, decay)

    def averages(self):
        return (self.averaged_network,)


def by_hand(weights, decay=0.9):
    """The average of a list of weights, the first one the initial one."""
    average = weights[0]
    for n, weight in enumerate(weights[1:]):
        own = min(decay, (1 + n) / (10 + n))
        average = own * average + (1 - own) * weight
    return average


@pytest.mark.parametrize("options", [{}, {"jit_compile": True}])
def test_an_average_follows_the_updates_with_a_warm_up(options):
    model = compiled(Averaged, **options)
    weights = [model.network.get_weights()[0]]
    for _ in range(12):
        model.train_on_batch(data())
        weights.append(model.network.get_weights()[0])
    found = model.averaged_network(np.eye(2, dtype="float32"))
    np.testing.assert_allclose(found, by_hand(weights), rtol=1e-5)


def test_an_average_counts_updates_not_micro_steps():
    optimizers = {
        "often": keras.optimizers.SGD(0.1, gradient_accumulation_steps=3),
        "seldom": keras.optimizers.SGD(0.1),
    }
    model = compiled(Averaged, optimizers)
    weights = [model.network.get_weights()[0]]
    for step in range(12):
        model.train_on_batch(data())
        if step % 3 == 2:
            weights.append(model.network.get_weights()[0])
    found = model.averaged_network(np.eye(2, dtype="float32"))
    np.testing.assert_allclose(found, by_hand(weights), rtol=1e-5)


def test_an_average_is_saved_and_goes_on_bit_for_bit(tmp_path):
    whole, half = compiled(Averaged), compiled(Averaged)
    whole.fit(data(), batch_size=4, epochs=4, verbose=0)
    half.fit(data(), batch_size=4, epochs=2, verbose=0)
    half.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    resumed.fit(data(), batch_size=4, epochs=2, verbose=0)
    for a, b in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert whole.num_free_parameters == 4 + 6


class Bilinear(keras.layers.Layer):
    """A network that has no configuration, so that no clone of it can be made."""

    def __init__(self, factory):
        super().__init__()
        self.kernel = self.add_weight(shape=(2, 2), initializer=factory)
        self.built = True

    def call(self, x):
        return x @ tf.convert_to_tensor(self.kernel)


def test_an_average_needs_no_clone_of_the_network():
    network = Bilinear(keras.initializers.RandomNormal())
    average = RunningAverage(network, 0.5)
    x = data(3)
    np.testing.assert_allclose(average(x), network(x), rtol=1e-6)
    network.kernel.assign(2 * np.eye(2))
    before = average(x)
    average.update(0)
    # The first update takes a tenth of the average.
    np.testing.assert_allclose(average(x), 0.1 * before + 0.9 * 2 * x, rtol=1e-5)
    assert not average.trainable_weights and len(average.weights) == 1


@pytest.mark.parametrize("decay", [-0.1, 1.0, True])
def test_a_decay_out_of_range_is_refused(decay):
    with pytest.raises(ValueError, match="Received"):
        RunningAverage(Line().network, decay)


def test_a_network_without_weights_yet_has_no_average():
    with pytest.raises(ValueError, match="built.*Received"):
        RunningAverage(keras.layers.Dense(2), 0.5)


def test_batch_statistics_are_averaged_like_weights():
    network = keras.Sequential([keras.Input((2,)), keras.layers.BatchNormalization()])
    average = RunningAverage(network, 0.5)
    network.layers[0].moving_mean.assign([1.0, 2.0])
    average.update(0)
    moved = average(np.zeros((1, 2), "float32"))
    expected = -np.array([[0.9, 1.8]]) / np.sqrt(1 + 1e-3)
    np.testing.assert_allclose(moved, expected, rtol=1e-5)


def test_a_phase_is_one_line():
    phase = Phase("name", lambda batch, seed, training: {}, ())
    assert phase.every == 1
