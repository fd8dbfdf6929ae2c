import keras
import numpy as np
import pytest

from tfgen.training import save_curves


def colours(path):
    """The colours of a picture that are neither grey nor white, by their number of pixels."""
    pixels = np.array(keras.utils.load_img(path)).reshape(-1, 3).astype(int)
    return pixels[np.ptp(pixels, axis=1) > 60]


def test_training_and_validation_are_drawn_each_in_its_colour(tmp_path):
    rows = [{"epoch": e, "loss": 1 / e, "val_loss": 2 / e} for e in range(1, 6)]
    save_curves(rows, tmp_path / "both.png")
    save_curves([{k: r[k] for k in ("epoch", "loss")} for r in rows], tmp_path / "one.png")
    blue = lambda path: (np.argmax(colours(tmp_path / path), axis=1) == 2).sum()
    orange = lambda path: (np.argmax(colours(tmp_path / path), axis=1) == 0).sum()
    assert blue("both.png") > 100 and orange("both.png") > 100
    assert blue("one.png") > 100 and orange("one.png") == 0


def test_epochs_without_validation_or_with_nan_are_left_out(tmp_path):
    rows = [{"epoch": 1, "loss": 3.0}, {"epoch": 2, "loss": np.nan, "val_loss": 2.0}]
    save_curves(rows, tmp_path / "curves.png")
    assert [path.name for path in tmp_path.iterdir()] == ["curves.png"]


def test_a_loss_that_is_one_of_the_terms_has_no_panel_of_its_own(tmp_path):
    def width(**more):
        rows = [{"epoch": e, "loss": 1 / e, **{k: v / e for k, v in more.items()}} for e in (1, 2)]
        save_curves(rows, tmp_path / "curves.png")
        return keras.utils.load_img(tmp_path / "curves.png").width

    assert width(term=1) == width() < width(term=2) == width(term=1, rest=0.5)


def test_curves_of_no_epochs_are_refused(tmp_path):
    with pytest.raises(ValueError, match="empty history"):
        save_curves([], tmp_path / "curves.png")
