"""What `compile` makes of optimizers, and what Keras's callbacks find."""

import keras
import numpy as np
import pytest
from core.toy import Line, Pair


def data(n=24):
    return np.random.default_rng(0).normal(size=(n, 2)).astype("float32")


def rates(model):
    return {name: float(each.learning_rate) for name, each in model.phase_optimizers.items()}


def test_one_optimizer_gives_each_phase_its_own():
    for given in ("adam", keras.optimizers.Adam(0.02)):
        model = Pair()
        model.compile(given)
        one, other = model.phase_optimizers.values()
        assert one is not other and type(one) is type(other) is keras.optimizers.Adam
        assert len(set(rates(model).values())) == 1
        model.fit(data(), batch_size=4, verbose=0)


def test_learning_rate_is_that_of_the_default_optimizers():
    model = Pair()
    model.compile(learning_rate=0.01)
    np.testing.assert_allclose(list(rates(model).values()), 0.01)
    decay = keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)
    line = Line()
    line.compile(learning_rate=decay)
    line.train_on_batch(data())
    np.testing.assert_allclose(float(line.optimizer.learning_rate), 0.25)
    assert type(line.optimizer) is keras.optimizers.SGD


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": "adam", "learning_rate": 0.1}, "has its own"),
        ({"learning_rate": -1.0}, "positive"),
        ({"learning_rate": "fast"}, "positive"),
        ({"loss": "mse"}, "no loss.*own phases"),
        ({"metrics": ["mae"]}, "no metrics.*own phases"),
        ({"loss_weights": [1.0]}, "no loss_weights"),
        ({"weighted_metrics": ["mae"]}, "no weighted_metrics"),
        ({"steps_per_execution": 0}, "steps_per_execution.*at least 1"),
        ({"steps_per_execution": -1}, "steps_per_execution.*at least 1"),
        ({"optimizer": {"often": "adam"}}, "phases"),
    ],
)
def test_compile_refuses_in_words_what_it_cannot_use(arguments, message):
    with pytest.raises(ValueError, match=f"(?s){message}.*Received: "):
        Pair().compile(**arguments)


def test_compile_takes_its_arguments_in_the_order_of_keras():
    with pytest.raises(ValueError, match="no loss"):
        Line().compile("sgd", "mse")


def test_a_reloaded_model_keeps_its_optimizers(tmp_path):
    model = Pair()
    model.compile("rmsprop", steps_per_execution=2)
    model.save(tmp_path / "model.keras")
    twin = keras.saving.load_model(tmp_path / "model.keras")
    for each in twin.phase_optimizers.values():
        assert type(each) is keras.optimizers.RMSprop
    assert twin.steps_per_execution == 2


def test_keras_s_callbacks_work_by_default_with_one_phase(tmp_path):
    model = Line()
    model.compile(keras.optimizers.SGD(1e-8))
    best = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
    model.fit(
        data(),
        epochs=9,
        validation_data=data(),
        verbose=0,
        callbacks=[
            best,
            keras.callbacks.EarlyStopping(min_delta=1.0, patience=3),
            keras.callbacks.ReduceLROnPlateau(min_delta=1.0, patience=1, cooldown=9),
        ],
    )
    assert len(model.history.epoch) == 4
    np.testing.assert_allclose(float(model.optimizer.learning_rate), 1e-9, rtol=1e-5)
    assert (tmp_path / "best.keras").exists()


def test_terminate_on_nan_stops_a_model_with_one_phase():
    model = Line()
    model.compile(keras.optimizers.SGD(1e30))
    model.fit(data(), epochs=9, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()])
    assert len(model.history.epoch) < 9
    assert not np.isfinite(model.history.history["loss"][-1])


def test_schedules_by_callbacks_scale_the_rates_of_several_phases_alike():
    model = Pair()
    model.compile({"often": keras.optimizers.SGD(0.1), "seldom": keras.optimizers.SGD(0.3)})
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    model.fit(data(), batch_size=4, epochs=2, verbose=0, callbacks=[halve])
    np.testing.assert_allclose(list(rates(model).values()), [0.025, 0.075], rtol=1e-6)
    plateau = keras.callbacks.ReduceLROnPlateau(
        "often_loss", 0.1, patience=1, mode="min", min_delta=1e9
    )
    model.fit(data(), batch_size=4, epochs=2, verbose=0, callbacks=[plateau])
    np.testing.assert_allclose(list(rates(model).values()), [0.0025, 0.0075], rtol=1e-5)


@pytest.mark.parametrize(
    "callback",
    [
        keras.callbacks.EarlyStopping(),
        keras.callbacks.ReduceLROnPlateau(),
        keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True),
        keras.callbacks.TerminateOnNaN(),
    ],
    ids=lambda callback: type(callback).__name__,
)
def test_callbacks_that_would_wait_for_ever_are_refused(callback):
    model = Pair()
    model.compile()
    with pytest.raises(ValueError, match="often_loss, seldom_loss.*Received: "):
        model.fit(data(), batch_size=4, callbacks=callback)


def test_averages_of_keras_s_own_are_finalized_for_each_phase():
    model = Pair()
    model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    model.fit(data(), batch_size=4, verbose=0)
    for phase in model.phases():
        optimizer = model.phase_optimizers[phase.name]
        averages = optimizer._model_variables_moving_average
        for network in phase.networks:
            for weight, average in zip(network.trainable_variables, averages, strict=True):
                np.testing.assert_array_equal(weight, average)


def test_the_progress_bar_counts_the_steps_that_were_run(capsys):
    model = Line()
    model.compile(steps_per_execution=5)
    seen = []
    counter = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batch)
    )
    model.fit(data(26), batch_size=2, epochs=1, verbose=1, callbacks=[counter])
    assert seen == [4, 9, 12]
    out = capsys.readouterr().out
    assert "13/13" in out and "15/13" not in out


def test_steps_per_epoch_takes_the_first_steps_of_each_order_and_no_more_than_there_are():
    model = Line()
    model.compile(steps_per_execution=2)
    model.fit(data(), batch_size=4, steps_per_epoch=3, epochs=2, verbose=0)
    assert int(model.steps_seen) == 6
    with pytest.raises(ValueError, match="at most 6.*Received: 7"):
        model.fit(data(), batch_size=4, steps_per_epoch=7)
    for bad in (-1, 0, 2.5):
        with pytest.raises(ValueError, match="steps_per_epoch.*Received"):
            model.fit(data(), batch_size=4, steps_per_epoch=bad)


def test_evaluate_takes_its_arguments_in_the_order_of_keras():
    model = Line()
    model.compile()
    terms = model.evaluate(data(), None, 8, 0, None, 2, None, True)
    expected = model.evaluate(data(16), batch_size=8, verbose=0, return_dict=True)
    assert terms == expected
