"""Two sets of examples that do not belong together: orders, passes, stops and starts."""

import collections

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.core import Phase, UnpairedModel
from tfgen.core.unpaired_feed import UnpairedFeed
from tfgen.data.epochs import count_epochs, epoch_indices


class Means(UnpairedModel):
    """Learns the means of a and of b, of which it has seen some of each at any moment."""

    term_names = ("error_a", "error_b")
    density = "none"
    event_shape, event_shape_b = (2,), (1,)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.mean_a, self.mean_b = (
            keras.Sequential([keras.Input((1,)), keras.layers.Dense(size)]) for size in (2, 1)
        )

    def phases(self):
        return (
            Phase("a", lambda batch, *_: {"error_a": self.error(0, batch)}, (self.mean_a,)),
            Phase("b", lambda batch, *_: {"error_b": self.error(1, batch)}, (self.mean_b,)),
        )

    def error(self, index, batch):
        network = (self.mean_a, self.mean_b)[index]
        return tf.reduce_mean((network(tf.ones((1, 1))) - batch[index]) ** 2)

    def default_optimizers(self):
        return {"a": keras.optimizers.SGD(0.05), "b": keras.optimizers.Adam(0.1)}

    def call(self, x, training=False):
        return x + self.mean_a(tf.ones((1, 1)))

    def preview(self, batch, seed=0):
        return batch[0][None]

    def signatures(self):
        return {"shift": (lambda x: {"y": self(x)}, [tf.TensorSpec((None, 2), name="x")])}


A = np.arange(44, dtype="float32").reshape(22, 2)
B = -np.arange(9, dtype="float32").reshape(9, 1)


def model(**kwargs):
    keras.utils.set_random_seed(3)
    made = Means()
    made.compile(**kwargs)
    return made


def seen_batches(made, *data, **kwargs):
    """The examples of a and b that training saw, each by the first number, and the batches."""
    batches = []
    train_step = made.train_step
    made.train_step = lambda batch: (batches.append(batch), train_step(batch))[1]
    made.fit(*data, verbose=0, **kwargs)
    made.train_step = train_step
    return *(np.concatenate([batch[i][:, 0] for batch in batches]) for i in range(2)), batches


def assert_same_weights(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("larger", ["a", "b"])
def test_the_larger_set_is_seen_once_an_epoch_and_the_other_goes_round(larger):
    a, b = (A, B) if larger == "a" else (A[:9], np.repeat(-A[:, :1], 1, axis=1))
    of_a, of_b, batches = seen_batches(
        model(run_eagerly=True, steps_per_execution=3), a, b, batch_size=4, epochs=3
    )
    assert [(len(a), len(b)) for a, b in batches] == [(n, n) for n in [4] * 5 + [2]] * 3
    large, small = (of_a, of_b) if larger == "a" else (of_b, of_a)
    epochs = large.reshape(3, 22)
    for epoch in epochs:
        assert len(set(epoch)) == 22
    assert len({tuple(epoch) for epoch in epochs}) == 3
    # 66 examples are 7 passes of 9 and 3 more: a pass goes on where an epoch ends.
    passes = small[:63].reshape(7, 9)
    for each in passes:
        assert len(set(each)) == 9
    assert len({tuple(each) for each in passes}) == 7
    assert set(collections.Counter(small).values()) == {7, 8}


def test_sets_of_one_length_have_orders_of_their_own_and_no_shuffle_keeps_both():
    numbers = (tf.range(8), tf.range(8))
    one, other = UnpairedFeed(numbers, 3, 1, order_seed=5).order(0).T
    assert sorted(one) == sorted(other) == list(range(8)) and list(one) != list(other)
    of_a, of_b, _ = seen_batches(model(run_eagerly=True), A, B, epochs=2, shuffle=False)
    np.testing.assert_array_equal(of_a, np.tile(A[:, 0], 2))
    np.testing.assert_array_equal(of_b, np.resize(B[:, 0], 44))


def test_an_epoch_of_fewer_steps_leaves_no_gap_in_the_passes_of_the_smaller_set():
    options = {"batch_size": 4, "steps_per_epoch": 2, "epochs": 9}
    of_a, of_b, _ = seen_batches(model(run_eagerly=True), A, B, **options)
    assert all(len(set(epoch)) == 8 for epoch in of_a.reshape(9, 8))
    assert all(len(set(each)) == 9 for each in of_b.reshape(8, 9))


@pytest.mark.parametrize("options", [{"jit_compile": True}, {"run_eagerly": True}])
def test_blocks_of_steps_xla_and_eager_mode_train_alike(options):
    one, other = model(), model(steps_per_execution=4, **options)
    for made in (one, other):
        made.fit(A / 44, B / 9, batch_size=4, epochs=2, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def counted(array, seed):
    """A data set whose every pass has an order of its own, as `tfgen.data.load` gives them."""

    def examples(epoch):
        indices = epoch_indices(len(array), True, seed, epoch)
        return tf.data.Dataset.from_tensor_slices(tf.gather(array, indices)).batch(4)

    return count_epochs(examples, -(-len(array) // 4), 0)


class Kill(keras.callbacks.Callback):
    """Ends the training in the middle of its third epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.epochs_seen == 3 and batch == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("kind", ["arrays", "data sets"])
def test_a_killed_training_resumes_both_orders_in_their_middle(tmp_path, kind):
    def data():
        return (A, B) if kind == "arrays" else (counted(A, 1), counted(B, 2))

    def fit(made, *callbacks):
        size = {"batch_size": 4} if kind == "arrays" else {}
        made.fit(*data(), **size, epochs=5, verbose=0, callbacks=list(callbacks))

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)

    whole, killed, resumed = model(), model(), model()
    fit(whole)
    with pytest.raises(KeyboardInterrupt):
        fit(killed, backup(), Kill())
    fit(resumed, backup())
    assert resumed.epochs_seen == 5
    assert_same_weights(resumed, whole)


def test_two_data_sets_go_in_step_and_the_smaller_one_goes_round():
    data = counted(A, 1), counted(B, 2)
    of_a, of_b, batches = seen_batches(model(run_eagerly=True), *data, epochs=2)
    assert [tuple(map(len, batch)) for batch in batches] == [
        *((4, 4), (4, 4), (4, 1), (4, 4), (4, 4), (2, 1))
    ] * 2
    assert all(sorted(epoch) == sorted(A[:, 0]) for epoch in of_a.reshape(2, 22))
    passes = of_b.reshape(4, 9)
    assert all(sorted(each) == sorted(B[:, 0]) for each in passes)
    assert len({tuple(each) for each in passes}) == 4


def test_a_data_set_of_pairs_and_a_generator_are_taken_as_they_are():
    pairs = [(A[i : i + 4], B[i : i + 4]) for i in (0, 4)]
    joined = tf.data.Dataset.from_tensor_slices((A[:8], B[:8])).batch(4)
    made = [model() for _ in range(3)]
    made[0].fit(joined, verbose=0)
    made[1].fit((pair for pair in pairs), verbose=0)
    made[2].fit(A[:8], B[:8], batch_size=4, shuffle=False, verbose=0)
    for other in made[1:]:
        for a, b in zip(made[0].get_weights(), other.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_evaluation_and_validation_go_through_the_larger_set_once():
    made = model(optimizer={"a": keras.optimizers.SGD(0.0), "b": keras.optimizers.SGD(0.0)})
    a, b = (each(np.ones((1, 1))) for each in (made.mean_a, made.mean_b))
    expected = {
        "error_a": np.mean((A - a) ** 2),
        "error_b": np.mean((np.resize(B, (22, 1)) - b) ** 2),
    }
    evaluate = lambda *data, **size: made.evaluate(*data, **size, return_dict=True, verbose=0)
    sets = [tf.data.Dataset.from_tensor_slices(each).batch(1) for each in (A, B)]
    assert evaluate(A, B, batch_size=5) == pytest.approx(expected)
    assert evaluate(*sets) == pytest.approx(expected)
    for validation in ((A, B), tuple(sets), tf.data.Dataset.zip(sets[0], sets[1].repeat())):
        history = made.fit(A, B, verbose=0, batch_size=5, validation_data=validation).history
        found = {name: history[f"val_{name}"][0] for name in expected}
        assert found == pytest.approx(expected)


def test_a_validation_split_is_taken_of_both_sets():
    made = model(run_eagerly=True)
    of_a, of_b, _ = seen_batches(made, A, B, validation_split=0.25)
    assert set(of_a) == set(A[:16, 0]) and set(of_b) == set(B[:6, 0])
    with pytest.raises(ValueError, match="both sides of 9. Received: 0.95"):
        made.fit(A, B, validation_split=0.95)


def test_predict_and_the_call_take_a_alone():
    made = model()
    expected = A + made.mean_a(np.ones((1, 1))).numpy()
    np.testing.assert_allclose(made.predict(A, batch_size=5, verbose=0), expected, rtol=1e-6)
    batches = tf.data.Dataset.from_tensor_slices(A).batch(5)
    np.testing.assert_allclose(made.predict(batches, verbose=0), expected, rtol=1e-6)
    with pytest.raises(ValueError, match="no condition.*Received: condition="):
        made.predict(A, condition=B)


def batches_of(array):
    return tf.data.Dataset.from_tensor_slices(array).batch(4)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((A,), "two sets of examples, a and b.*Received: a alone"),
        ((batches_of(A),), "two sets of examples, a and b.*Received: a alone"),
        ((A, B[:0]), r"expected b to hold at least one example. Received: shape \(0, 1\)"),
        ((A, A), r"expected b of shape \[batch, 1\]. Received: shape \(22, 2\)"),
        ((A, B * np.nan), "expected b to be finite.*Received: 9 values"),
        ((A, batches_of(B)), "two arrays or two data sets. Received: ndarray and"),
        ((batches_of(A), B), "two arrays or two data sets. Received: .* and ndarray"),
        ((batches_of(A), batches_of(A)), r"the data set's b of shape \[batch, 1\]. Received: "),
        ((batches_of(A), batches_of(B).take(0)), "Received: 6 and 0"),
        ((batches_of(A), batches_of(B).filter(lambda x: True)), "Received: 6 and -2"),
        ((batches_of(A), batches_of(B - np.inf)), "the data set's b to be finite.*Received: "),
    ],
)
def test_sets_that_do_not_fit_are_refused(data, message):
    made = model()
    with pytest.raises(ValueError, match=f"(?s){message}"):
        made.fit(*data, verbose=0)
