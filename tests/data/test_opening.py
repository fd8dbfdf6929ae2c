import os

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfgen.data import info, load_arrays, splits


@pytest.mark.parametrize(
    "name",
    [
        "huggingface:mnist",
        "huggingface:no/such",
        "digits:9.9.9",
        "digits:x",
        "digits/no_such_configuration",
        "digits/version=1",
        "~nouser",
        "~nouser/data",
        "",
        " ",
        "no\0such",
        "x" * 300,
        "/" + "x" * 300,
        "\ud800",
    ],
)
def test_odd_names_end_in_one_sentence(digits_dir, name):
    for function in (
        lambda: load_arrays(name, "train", data_dir=digits_dir),
        lambda: splits(name, data_dir=digits_dir),
    ):
        with pytest.raises(ValueError, match=r"^data: expected .* Received: ") as error:
            function()
        assert repr(name) in str(error.value) and "\n" not in str(error.value)


@example("./~")
@given(st.text(alphabet="digts:/=.*~9 ,()[]-_\0é", max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_other_name_is_refused_in_one_sentence(digits_dir, name):
    if os.path.exists(name.replace("\0", "")) or name.lower().startswith(("digits", "/", "~")):
        return
    with pytest.raises(ValueError, match="^data: expected .* Received: "):
        info(name, data_dir=digits_dir)


def test_splits_are_those_that_can_be_read(digits_dir, pictures):
    assert splits("digits", data_dir=digits_dir) == ("test", "train")
    assert splits(pictures) == ("test", "train")
    (pictures / "empty").mkdir()
    with pytest.raises(ValueError, match=r"empty: expected images .* Received: none"):
        load_arrays(pictures / "empty", "train")
    with pytest.raises(ValueError, match="expected a name or a path. Received: None"):
        splits(None)
