import json

import keras
import numpy as np
import pytest
from core.toy import Line, Pair

import tfgen
from tfgen.training import (
    BestEpoch,
    Checkpoint,
    RunFolder,
    image_grid,
    load_run,
    read_history,
    train,
)

X = np.random.default_rng(0).random((8, 2)).astype("float32")


class Scripted(Line):
    """Its validation says what a test wants, epoch by epoch; training moves as it always does."""

    VALUES = ()

    def evaluate(self, *args, **kwargs):
        return {"error": self.VALUES[self.epochs_seen - 1]}


class Killed(Exception):
    """Stands for a process that ends."""


def fit(model, folder, patience, epochs=20):
    best = BestEpoch(folder / "best.keras", patience)
    checkpoint = Checkpoint(folder / "last.keras", best=best)
    options = dict(epochs=epochs, initial_epoch=model.epochs_seen, verbose=0)
    history = model.fit(X, batch_size=4, validation_data=(X,), callbacks=[checkpoint], **options)
    return best, history.history


@pytest.fixture
def scripted(monkeypatch):
    def new(*values):
        monkeypatch.setattr(Scripted, "VALUES", values)
        keras.utils.set_random_seed(0)
        model = Scripted()
        model.compile()
        return model

    return new


def assert_equal(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("values", "patience", "trained", "kept"),
    [
        ((3, 2, 1, 2, 2, 0), 2, 5, 3),
        ((3, 2, 1, 2, 0, 1, 1, 1), 2, 7, 5),
        ((3, 3, 3), 1, 2, 1),
        ((3, 2, 4, 4, 4, 1), None, 6, 6),
        ((3, 2, 4, 4, 4, 3), None, 6, 2),
    ],
)
def test_the_best_epoch_is_kept_and_patience_ends(
    scripted, tmp_path, values, patience, trained, kept
):
    model = scripted(*values)
    best, history = fit(model, tmp_path, patience, epochs=len(values))
    assert (model.epochs_seen, best.epoch, best.value) == (trained, kept, values[kept - 1])
    last = keras.saving.load_model(tmp_path / "last.keras")
    assert_equal(last, model)
    twin = scripted(*values)
    twin.fit(X, batch_size=4, epochs=kept, verbose=0)
    assert_equal(keras.saving.load_model(tmp_path / "best.keras"), twin)


@pytest.mark.parametrize(
    ("moment", "epoch"),
    [("see", 3), ("write_into", 3), ("copy", 3), ("write_into", 4), ("write_into", 5)],
)
def test_training_that_was_killed_keeps_and_ends_as_if_it_was_not(
    scripted, tmp_path, monkeypatch, epoch, moment
):
    """Epoch 2 is no better, 3 is the best one, 5 the last."""
    values = (3, 4, 1, 2, 2, 0, 0, 0)
    whole = scripted(*values)
    (tmp_path / "whole").mkdir()
    fit(whole, tmp_path / "whole", 2)
    original = getattr(BestEpoch, moment)

    def end(self, *args):
        if model.epochs_seen == epoch:
            raise Killed
        return original(self, *args)

    model = scripted(*values)
    with monkeypatch.context() as patch:
        patch.setattr(BestEpoch, moment, end)
        with pytest.raises(Killed):
            fit(model, tmp_path, 2)
    model = keras.saving.load_model(tmp_path / "last.keras")
    best, history = fit(model, tmp_path, 2)
    assert (model.epochs_seen, best.epoch) == (5, 3)
    assert_equal(model, whole)
    kept = [keras.saving.load_model(f / "best.keras") for f in (tmp_path, tmp_path / "whole")]
    assert_equal(*kept)
    # One that had ended trains no epoch more.
    assert_equal(keras.saving.load_model(tmp_path / "last.keras"), whole)
    assert fit(model, tmp_path, 2)[1] == {}


def test_an_epoch_that_is_not_finite_is_not_the_best(scripted, tmp_path):
    best, _ = fit(scripted(2, float("nan"), 3, 3), tmp_path, 2)
    assert best.epoch == 1


def test_what_cannot_be_told_is_refused(scripted, tmp_path):
    model = Pair(every=1)
    model.compile()
    with pytest.raises(ValueError, match="one phase.*Pair has often, seldom.*Received: patience=2"):
        fit(model, tmp_path, 2)
    best = BestEpoch(tmp_path / "best.keras", 2, monitor="val_often_loss")
    assert best.monitored(model) == "val_often_loss"
    model = scripted(1)
    with pytest.raises(ValueError, match="val_error in every epoch.*Received: error, loss"):
        checkpoint = Checkpoint(tmp_path / "last.keras", best=BestEpoch(tmp_path / "best.keras"))
        model.fit(X, verbose=0, callbacks=[checkpoint])
    for patience in (0, -1, 1.5):
        with pytest.raises(ValueError, match=f"at least 1. Received: {patience}"):
            BestEpoch(tmp_path / "best.keras", patience)
    with pytest.raises(ValueError, match="ends in .keras. Received"):
        BestEpoch(tmp_path / "best")


def test_a_checkpoint_that_knows_no_best_epoch_and_a_lost_file_are_refused(scripted, tmp_path):
    model = scripted(1, 2, 3)
    fit(model, tmp_path, None, epochs=2)
    (tmp_path / "best.keras").unlink()
    with pytest.raises(ValueError, match="best.keras to hold epoch 1.*Received: no such file"):
        fit(model, tmp_path, None)
    model.save(tmp_path / "last.keras")
    with pytest.raises(ValueError, match="kept its best epoch. Received: .*last.keras"):
        fit(model, tmp_path, None)


class Judged(tfgen.NADE):
    """Its third epoch is the best one, and with a patience of two the fifth the last."""

    def evaluate(self, *args, **kwargs):
        return {"negative_log_prob": (3.0, 4.0, 1.0, 2.0, 2.0, 0.0)[self.epochs_seen - 1]}


def build(info):
    return Judged.default(info.event_shape, num_hidden=4)


OPTIONS = dict(epochs=20, batch_size=650, patience=2, verbose=0)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    return folder, train(build, "digits", output=folder, **OPTIONS)


def test_a_run_with_patience_is_that_of_its_best_epoch(run, tmp_path):
    folder, model = run
    assert [row["epoch"] for row in read_history(folder / "history.csv")] == [1, 2, 3, 4, 5]
    assert model.epochs_seen == 3
    assert_equal(load_run(folder), model)
    x = tfgen.data.load_arrays("digits", "train[90%:]", binarize="threshold")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["kept_epoch"], metrics["epochs"]) == (3, 5)
    assert metrics["final"]["val_negative_log_prob"] == 1
    protocol = {"data": "digits", "split": "train[90%:]", "binarization": "threshold"}
    expected = tfgen.evaluation.likelihood(model, x, protocol=protocol)
    assert metrics["validation"] == {"likelihood": expected.to_json()}
    picture = keras.utils.load_img(folder / "samples.png", color_mode="grayscale")
    expected = image_grid(model.sample(64, seed=0))[..., 0]
    np.testing.assert_array_equal(np.array(picture), expected)
    three = train(build, "digits", output=tmp_path / "three", **{**OPTIONS, "epochs": 3})
    assert_equal(three, model)
    assert keras.saving.load_model(folder / "checkpoint.keras").epochs_seen == 5
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    train(build, "digits", output=folder, resume=True, **OPTIONS)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert RunFolder(folder).to_do() == []


@pytest.mark.parametrize("epoch", [3, 5])
def test_a_run_that_was_killed_ends_with_the_same_files(run, tmp_path, monkeypatch, epoch):
    folder, model = run
    write = Checkpoint.write

    def end(self, better):
        if self.model.epochs_seen != epoch:
            return write(self, better)
        # Behind the checkpoint, before the copy.
        write(self, False)
        raise Killed

    other = tmp_path / "run"
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Checkpoint, "write", end)
        train(build, "digits", output=other, **OPTIONS)
    assert_equal(train(build, "digits", output=other, resume=True, **OPTIONS), model)
    assert_equal(load_run(other), model)
    for name in ("samples.png", "curves.png"):
        assert (other / name).read_bytes() == (folder / name).read_bytes(), name
    rows, expected = (read_history(each / "history.csv") for each in (other, folder))
    for row in (*rows, *expected):
        assert row.pop("seconds") > 0
    assert rows == expected


def test_a_run_of_several_phases_has_no_patience(tmp_path):
    gan = lambda info: tfgen.GAN.default(info.event_shape, latent_dim=2, hidden=(4,))
    with pytest.raises(ValueError, match="GAN has discriminator, generator"):
        train(gan, "digits", output=tmp_path / "run", epochs=1, patience=1)
    assert not (tmp_path / "run").exists()


def test_a_run_does_not_go_back(run):
    folder, _ = run
    with pytest.raises(ValueError, match="at least 5.*Received: 4"):
        train(build, "digits", output=folder, resume=True, **{**OPTIONS, "epochs": 4})
