import keras
import pytest

from tfgen import NADE, UnCLIP
from tfgen.conditions import Captions
from tfgen.training import History, RunFolder, Stopwatch, read_history, stopwatch, train


@pytest.fixture
def clock(monkeypatch):
    """A clock that is moved by hand."""

    class Clock:
        now = 100.0

    monkeypatch.setattr(stopwatch.time, "monotonic", lambda: Clock.now)
    return Clock


@pytest.fixture
def watch(tmp_path):
    watch = Stopwatch(tmp_path / "history.csv", budget=10)
    watch.set_model(keras.Model())
    watch.model.stop_training = False
    return watch


def test_training_steps_count_and_validation_does_not(clock, watch):
    logs = [{}, {}]
    for each in logs:
        watch.on_epoch_begin(0)
        clock.now += 3
        watch.on_train_batch_end(0)
        watch.on_test_begin()
        clock.now += 50
        watch.on_epoch_end(0, each)
        clock.now += 50
    assert [each["seconds"] for each in logs] == [3, 6]
    assert not watch.spent and not watch.model.stop_training


def test_training_ends_in_the_step_that_uses_up_the_budget(clock, watch):
    watch.on_epoch_begin(0)
    stopped = []
    for _ in range(4):
        clock.now += 4
        watch.on_train_batch_end(0)
        stopped.append(watch.model.stop_training)
    assert stopped == [False, False, True, True]
    watch.on_epoch_end(0, {})
    assert watch.spent and watch.seconds == 16


def test_a_process_that_goes_on_has_what_those_before_it_took(clock, watch, tmp_path):
    assert watch.restore(0) is None and watch.seconds == 0
    history = History(tmp_path / "history.csv")
    history.set_model(watch.model)
    for epoch in range(2):
        history.on_epoch_end(epoch, {"loss": 1.0, "seconds": 4.0 * (epoch + 1)})
    watch.restore(1)
    assert watch.seconds == 4 and not watch.spent
    # An epoch without a checkpoint is done again.
    watch.restore(2)
    assert watch.seconds == 8


def nade(info):
    return NADE.default(info.event_shape, num_hidden=4)


def test_a_run_of_minutes_ends_within_an_epoch_and_is_not_gone_on_with(tmp_path, monkeypatch):
    options = dict(output=tmp_path / "run", batch_size=300, verbose=0)
    # So little that the first steps use it up.
    model = train(nade, "digits", minutes=1e-6, **options)
    folder = RunFolder(tmp_path / "run")
    assert model.epochs_seen == 1 and folder.read_metrics()["epochs"] == 1
    [row] = read_history(folder.history)
    assert folder.read_metrics()["seconds"] == round(row["seconds"], 1) > 0
    assert "seconds" not in folder.read_metrics()["final"]
    written = folder.checkpoint.stat().st_mtime_ns
    train(nade, "digits", minutes=1e-6, resume=True, **options)
    assert folder.checkpoint.stat().st_mtime_ns == written
    longer = train(nade, "digits", minutes=1e6, epochs=3, resume=True, **options)
    assert longer.epochs_seen == 3
    seconds = [each["seconds"] for each in read_history(folder.history)]
    assert len(seconds) == 3 and seconds == sorted(seconds)


def test_limits_that_do_not_suit_are_refused(tmp_path):
    train_nade = lambda **limits: train(nade, "digits", output=tmp_path / "run", **limits)
    with pytest.raises(ValueError, match="epochs or minutes.*Received: neither"):
        train_nade()
    for minutes in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="minutes to be above 0.*Received: "):
            train_nade(minutes=minutes)
    with pytest.raises(ValueError, match="clocks differ.*Received: "):
        train_nade(minutes=1, distribute="multi-worker")

    def unclip(info):
        captions = Captions.from_corpus(["a"])
        return UnCLIP.default((8, 8, 1), captions, base_channels=4, prior_width=8, prior_layers=1)

    with pytest.raises(ValueError, match="stage its share.*Received: "):
        train(unclip, "digits", output=tmp_path / "run", minutes=1)
    assert not (tmp_path / "run").exists()
