import math

import keras
import pytest

from tfgen.training import History, read_history


class Model(keras.Model):
    epochs_seen = 0


@pytest.fixture
def history(tmp_path):
    callback = History(tmp_path / "history.csv")
    callback.set_model(Model())
    return callback


def test_rows_come_back_as_they_were_logged(history):
    history.on_train_begin()
    history.on_epoch_end(0, {"loss": 0.1, "rate": 1 / 3})
    history.on_epoch_end(1, {"loss": math.nan, "rate": -math.inf})
    first, second = read_history(history.path)
    assert first == {"epoch": 1, "loss": 0.1, "rate": 1 / 3}
    assert (second["epoch"], second["rate"]) == (2, -math.inf) and math.isnan(second["loss"])


def test_a_term_that_comes_at_some_epochs_only_leaves_the_others_empty(history):
    history.on_train_begin()
    for epoch, logs in enumerate([{"loss": 3.0}, {"loss": 2.0, "val_loss": 4.0}, {"loss": 1.0}]):
        history.on_epoch_end(epoch, logs)
    assert read_history(history.path) == [
        {"epoch": 1, "loss": 3.0},
        {"epoch": 2, "loss": 2.0, "val_loss": 4.0},
        {"epoch": 3, "loss": 1.0},
    ]


def test_rows_of_epochs_that_the_model_has_not_seen_are_dropped(history):
    history.on_train_begin()
    for epoch in range(3):
        history.on_epoch_end(epoch, {"loss": float(epoch)})
    history.model.epochs_seen = 2
    history.on_train_begin()
    history.on_epoch_end(2, {"loss": 9.0})
    assert [row["loss"] for row in read_history(history.path)] == [0, 1, 9]


def test_a_table_that_is_cut_off_anywhere_is_damaged_or_shorter(history):
    history.on_train_begin()
    history.on_epoch_end(0, {"loss": 0.125, "rate": 0.25})
    history.on_epoch_end(1, {"loss": 0.0625, "rate": 0.5})
    with open(history.path, newline="") as file:
        text = file.read()
    rows = read_history(history.path)
    for length in range(1, len(text)):
        with open(history.path, "w", newline="") as file:
            file.write(text[:length])
        if text[:length].endswith("\n"):
            assert read_history(history.path) == rows[: text[:length].count("\n") - 1]
        else:
            with pytest.raises(ValueError, match=f"{history.path} as a run.*delete it.*Received: "):
                read_history(history.path)


@pytest.mark.parametrize("row", ["1,0.1", "1,0.1,0.2,0.3", "x,0.1,0.2", ",0.1,0.2", "1,a,0.2"])
def test_a_row_of_something_else_is_damaged(history, row):
    with open(history.path, "w", newline="") as file:
        file.write(f"epoch,loss,rate\r\n{row}\r\n")
    with pytest.raises(ValueError, match="delete it"):
        read_history(history.path)
