"""The training contract, on a model small enough to follow by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgen.core import GenerativeModel, Phase


class Mean(GenerativeModel):
    """Two phases: `low` learns the mean of x, `high` the mean of what `low` leaves over."""

    term_names = ("low_loss", "high_loss", "noise")
    density = "none"

    def __init__(self, *, size=2, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.event_shape = (size,)
        self.low = keras.Sequential(
            [keras.Input((size,)), keras.layers.Dense(size), keras.layers.BatchNormalization()]
        )
        self.high = keras.Sequential([keras.Input((size,)), keras.layers.Dense(size)])

    def phases(self):
        return (
            Phase("low", self.low_loss, (self.low,)),
            Phase("high", self.high_loss, (self.high,)),
        )

    def low_loss(self, batch, seed, training):
        (x,) = batch
        return {"low_loss": tf.reduce_mean((self.low(x, training=training) - x) ** 2)}

    def high_loss(self, batch, seed, training):
        (x,) = batch
        # `low` runs in training mode here, so that its statistics would move.
        rest = x - self.low(x, training=training)
        noise = tf.random.stateless_normal((), seed)
        loss = tf.reduce_mean((self.high(x, training=training) - rest) ** 2)
        return {"high_loss": loss + 0.01 * noise, "noise": noise}

    def default_optimizers(self):
        return {"low": keras.optimizers.SGD(0.1), "high": keras.optimizers.Adam(0.1)}

    def call(self, x, training=False):
        return self.low(x, training=training)

    def preview(self, batch, seed=0):
        return self.low(batch[0])[None]

    def signatures(self):
        spec = tf.TensorSpec((None, self.size), tf.float32, name="x")
        return {"low": (lambda x: {"y": self(x)}, [spec])}


def data(n=22):
    return np.random.default_rng(0).normal(size=(n, 2)).astype("float32")


def model(**kwargs):
    keras.utils.set_random_seed(3)
    made = Mean()
    made.compile(**kwargs)
    return made


def weights(made):
    return [np.array(v) for v in made.variables if "trackers" not in v.path]


def assert_same_weights(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def recorded_batches(made, x, **kwargs):
    """The batches that training saw, by epoch."""
    seen = []
    train_step = made.train_step
    made.train_step = lambda batch: (seen.append(batch[0].numpy()), train_step(batch))[1]
    made.fit(x, verbose=0, **kwargs)
    made.train_step = train_step
    return seen


def test_each_example_is_seen_once_an_epoch_and_every_epoch_has_its_order():
    x = np.arange(44, dtype="float32").reshape(22, 2)
    seen = recorded_batches(
        model(run_eagerly=True, steps_per_execution=3), x, batch_size=4, epochs=2
    )
    assert [len(batch) for batch in seen] == [4, 4, 4, 4, 4, 2] * 2
    first, second = np.concatenate(seen[:6]), np.concatenate(seen[6:])
    np.testing.assert_array_equal(np.sort(first, axis=0), x)
    np.testing.assert_array_equal(np.sort(second, axis=0), x)
    assert not np.array_equal(first, second)


def test_a_second_fit_has_another_order_and_no_shuffle_keeps_it():
    x = np.arange(44, dtype="float32").reshape(22, 2)
    made = model(run_eagerly=True)
    first = recorded_batches(made, x, batch_size=22)[0]
    second = recorded_batches(made, x, batch_size=22)[0]
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(recorded_batches(made, x, batch_size=22, shuffle=False)[0], x)


@pytest.mark.parametrize("steps", [2, 6, 7])
def test_steps_per_execution_does_not_change_the_result(steps):
    one, other = model(steps_per_execution=1), model(steps_per_execution=steps)
    history = one.fit(data(), batch_size=4, epochs=2, verbose=0).history
    other_history = other.fit(data(), batch_size=4, epochs=2, verbose=0).history
    for name in history:
        np.testing.assert_allclose(history[name], other_history[name], rtol=1e-5)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("options", [{"jit_compile": True}, {"run_eagerly": True}])
def test_xla_and_eager_mode_train_alike(options):
    one, other = model(), model(steps_per_execution=2, **options)
    # The two draw different noise, which is a constant of the loss.
    one.fit(data(), batch_size=4, verbose=0)
    other.fit(data(), batch_size=4, verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_arrays_and_a_data_set_of_the_same_batches_train_alike():
    one, other = model(), model()
    one.fit(data(), batch_size=4, shuffle=False, verbose=0)
    other.fit(tf.data.Dataset.from_tensor_slices(data()).batch(4), verbose=0)
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_history_is_the_mean_over_examples_of_each_term():
    made = model(optimizer={"low": keras.optimizers.SGD(0.0), "high": keras.optimizers.SGD(0.0)})
    x = data()
    history = made.fit(x, batch_size=5, validation_data=x, verbose=0).history
    assert sorted(history) == sorted(
        [*made.term_names, *("val_" + name for name in made.term_names)]
    )
    expected = np.mean((made(x) - x) ** 2)
    np.testing.assert_allclose(history["val_low_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(
        made.evaluate(x, batch_size=7, return_dict=True, verbose=0)["low_loss"], expected, rtol=1e-5
    )


def test_two_epochs_saved_and_two_more_equal_four(tmp_path):
    whole, half = model(steps_per_execution=2), model(steps_per_execution=2)
    whole.fit(data(), batch_size=4, epochs=4, verbose=0)
    half.fit(data(), batch_size=4, epochs=2, verbose=0)
    half.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    assert resumed.epochs_seen == 2
    resumed.fit(data(), batch_size=4, epochs=4, initial_epoch=2, verbose=0)
    assert_same_weights(resumed, whole)


def test_keras_backup_and_restore_resumes_the_order_too(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False)

    whole, killed, resumed = model(), model(), model()
    whole.fit(data(), batch_size=4, epochs=4, verbose=0)
    with pytest.raises(KeyboardInterrupt):
        killed.fit(data(), batch_size=4, epochs=4, verbose=0, callbacks=[backup(), Stop()])
    resumed.fit(data(), batch_size=4, epochs=4, verbose=0, callbacks=[backup()])
    assert_same_weights(resumed, whole)


def test_a_phase_moves_its_own_weights_and_leaves_the_statistics_of_others():
    for own, other in (("low", "high"), ("high", "low")):
        made = model()
        frozen = {own: keras.optimizers.SGD(0.1), other: keras.optimizers.SGD(0.0)}
        made.compile(frozen)
        kept = [np.array(v) for v in getattr(made, other).trainable_variables]
        moved = [np.array(v) for v in getattr(made, own).trainable_variables]
        statistics = np.array(made.low.layers[-1].moving_mean)
        made.train_on_batch(data())
        after = [np.array(v) for v in getattr(made, other).trainable_variables]
        assert all(map(np.array_equal, kept, after))
        after = [np.array(v) for v in getattr(made, own).trainable_variables]
        assert not any(map(np.array_equal, moved[:1], after[:1]))
        # `low`'s own phase moves its statistics by one update, the other phase by none.
        mean = data() @ moved[0] + moved[1] if own == "low" else data() @ kept[0] + kept[1]
        expected = 0.99 * statistics + 0.01 * mean.mean(axis=0)
        np.testing.assert_allclose(made.low.layers[-1].moving_mean, expected, atol=1e-6)


def test_evaluation_moves_no_weights():
    made = model()
    before = made.get_weights()
    made.evaluate(data(), verbose=0)
    assert all(map(np.array_equal, before, made.get_weights()))


def test_regularisers_of_a_network_are_minimised_with_its_loss():
    keras.utils.set_random_seed(0)
    made = Mean()
    dense = keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(10.0))
    made.high = keras.Sequential([keras.Input((2,)), dense])
    made.compile({"low": keras.optimizers.SGD(0.0), "high": keras.optimizers.SGD(0.01)})
    size = np.abs(dense.kernel).sum()
    made.fit(data() * 1e-6, batch_size=22, epochs=3, verbose=0)
    np.testing.assert_allclose(np.abs(dense.kernel).sum(), size * 0.8**3, rtol=1e-3)


def test_optimizers_must_match_the_phases():
    with pytest.raises(ValueError, match=r"phases \['low', 'high'\].*Received"):
        Mean().compile({"low": "adam"})
    with pytest.raises(ValueError, match="Received"):
        Mean().compile({"low": "adam", "middle": "adam"})


@pytest.mark.parametrize(
    "arguments",
    [
        {"y": np.zeros(22)},
        {"sample_weight": np.ones(22)},
        {"class_weight": {0: 1.0}},
        {"validation_data": (data(), np.zeros(22))},
        {"validation_data": data()[:, :1]},
        {"validation_split": 0.999},
    ],
)
def test_fit_refuses_what_it_would_not_use(arguments):
    with pytest.raises(ValueError, match="Received:"):
        model().fit(data(), verbose=0, **arguments)


def test_fit_refuses_a_data_set_of_other_shapes_or_with_labels():
    x = tf.data.Dataset.from_tensor_slices(data())
    with pytest.raises(ValueError, match=r"shape \[batch, 2\]"):
        model().fit(x)
    with pytest.raises(ValueError, match="expected no y"):
        model().fit(x.map(lambda x: (x, 0)).batch(4))


def test_validation_split_takes_the_last_examples():
    x = data(20)
    made = model(optimizer={"low": keras.optimizers.SGD(0.0), "high": keras.optimizers.SGD(0.0)})
    history = made.fit(x, batch_size=4, validation_split=0.25, verbose=0).history
    expected = np.mean((made(x[15:]) - x[15:]) ** 2)
    np.testing.assert_allclose(history["val_low_loss"], expected, rtol=1e-5)


def test_export_replaces_a_folder_and_refuses_other_formats(tmp_path):
    made = model()
    made.export(tmp_path / "served")
    made.export(tmp_path / "served")
    served = tf.saved_model.load(tmp_path / "served").signatures["low"](x=tf.constant(data()))
    np.testing.assert_allclose(served["y"], made(data()), rtol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == ["served"]
    with pytest.raises(ValueError, match="tf_saved_model"):
        made.export(tmp_path / "other", format="onnx")


@pytest.mark.parametrize("taken", ["folder", "file", "run", ""])
def test_export_deletes_nothing_that_it_did_not_write(tmp_path, monkeypatch, taken):
    (tmp_path / "folder").mkdir()
    (tmp_path / "run/saved_model").mkdir(parents=True)
    for name in ("folder/mine.txt", "file", "run/metrics.json"):
        (tmp_path / name).write_text("mine")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match="expected a new path.*Received: "):
        model().export(taken)
    assert sorted(tmp_path.rglob("*")) == before
    (tmp_path / "empty").mkdir()
    model().export("empty")
    assert (tmp_path / "empty/saved_model.pb").exists()


def test_a_data_set_with_an_epoch_counter_gets_the_model_s_count():
    seen = []
    dataset = tf.data.Dataset.from_tensor_slices(data()).batch(22)
    dataset.epoch_counter = tf.Variable(0, dtype=tf.int64)

    class Record(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(int(dataset.epoch_counter))

    made = model()
    made.fit(data(), epochs=2, verbose=0)
    made.fit(dataset, epochs=2, verbose=0, callbacks=[Record()])
    assert seen == [2, 3]
    assert made.epochs_seen == 4
