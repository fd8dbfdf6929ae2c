import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfgen.data import DataInfo, info, load_arrays
from tfgen.data.split_names import SplitName, read_name

SPLITS = {
    "train": ["train", "training"],
    "valid": ["valid", "validation", "val", "dev"],
    "test": ["test", "testing"],
}
ROLES = {
    "x": ["x", "data", "image", "images", "features", "inputs"],
    "y": ["y", "label", "labels", "target", "targets", "classes"],
}
CASES = [str.lower, str.upper, str.title, str]


def choices(table):
    return st.sampled_from([(kind, word) for kind, words in table.items() for word in words])


@given(
    choices(SPLITS),
    choices(ROLES),
    st.booleans(),
    st.sampled_from(["", "_", "-", ".", " "]),
    st.sampled_from(CASES),
)
def test_a_split_and_a_role_are_read_in_either_order(split, role, role_first, separator, case):
    words = (role[1], split[1]) if role_first else (split[1], role[1])
    name = separator.join(map(case, words))
    assert read_name(name) == SplitName(split[0], role[0])
    for prefix in ("wine_", "x-ray ", "my.old-"):
        assert read_name(prefix + name, prefix=True) == SplitName(split[0], role[0])
        assert read_name(prefix + name) != SplitName(split[0], role[0])
    assert read_name(case(split[1])) == SplitName(split[0], "x")
    assert read_name(case(role[1])) == SplitName(None, role[0])


@given(st.text(alphabet="axytrinesvld_-. 01", max_size=12), st.booleans())
def test_any_other_name_is_read_as_none(name, prefix):
    split, role = read_name(name, prefix)
    words = [word for words in (*SPLITS.values(), *ROLES.values()) for word in words]
    if not any(word in name.lower() for word in (*words, "set", "sample", "feature", "input")):
        assert (split, role) == (None, None)


@pytest.mark.parametrize("name", ["trained", "attest", "values", "arr_0", "pixels", "", "y_pred"])
def test_words_that_only_look_alike_are_no_names(name):
    assert read_name(name) == SplitName()
    assert read_name(name, prefix=True) == SplitName()


@pytest.mark.parametrize(
    "names",
    [
        ("train_data", "train_labels", "val_data", "val_labels", "test_data", "test_labels"),
        ("X_train", "Y_train", "X_valid", "Y_valid", "X_test", "Y_test"),
        ("train_x", "train_y", "validation_x", "validation_y", "test_x", "test_y"),
        ("trainX", "trainY", "devX", "devY", "testX", "testY"),
    ],
)
def test_an_npz_under_the_usual_names_is_a_data_set(tmp_path, names):
    sizes = (5, 3, 2)
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(n, 3)).astype(np.float32) for n in sizes]
    y = [np.arange(n) for n in sizes]
    arrays = dict(zip(names[::2], x, strict=True)) | dict(zip(names[1::2], y, strict=True))
    np.savez(tmp_path / "set.npz", **arrays, feature_names=["a", "b", "c"])
    for split, expected, labels in zip(("train", "valid", "test"), x, y, strict=True):
        found = load_arrays(tmp_path / "set.npz", split, labels=True)
        np.testing.assert_array_equal(found[0], expected)
        np.testing.assert_array_equal(found[1], labels)
    assert info(tmp_path, "test") == DataInfo((3,), None, 5, 2)
