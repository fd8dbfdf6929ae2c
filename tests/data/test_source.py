import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfgen.data.source import Slice, check_images, check_labels


@given(st.integers(2, 5000), st.integers(1, 99))
def test_the_two_sides_of_a_boundary_partition_the_split(n, percent):
    cut = round(n * percent / 100)
    if 0 < cut < n:
        assert Slice.parse(f"train[:{percent}%]").bounds(n) == (0, cut)
        assert Slice.parse(f"train[{percent}%:]").bounds(n) == (cut, n)


@pytest.mark.parametrize(
    "split, bounds",
    [
        ("train", (0, 60)),
        ("train[:]", (0, 60)),
        ("train[5:7]", (5, 7)),
        ("train[-10:]", (50, 60)),
        ("train[:-25%]", (0, 45)),
        ("train[10%:20%]", (6, 12)),
    ],
)
def test_bounds_read_as_in_python(split, bounds):
    assert Slice.parse(split).bounds(60) == bounds


@pytest.mark.parametrize(
    "split", ["train[:61]", "train[:0]", "train[7:5]", "train[-61:]", "t[101%:]"]
)
def test_bounds_refuse_what_is_not_there(split):
    with pytest.raises(ValueError, match=r"which has 60 examples.* Received: \["):
        Slice.parse(split).bounds(60)


@pytest.mark.parametrize(
    "split", ["", "train[", "train[1:2:3]", "train[a:]", "train+test", 3, None]
)
def test_parse_refuses_what_is_no_split(split):
    with pytest.raises(ValueError, match="split: expected a name.* Received: "):
        Slice.parse(split)


def test_valid_and_validation_are_one_split():
    assert Slice.parse("valid").choose(["train", "validation"], "x") == "validation"
    assert Slice.parse("validation").choose(["valid"], "x") == "valid"
    with pytest.raises(ValueError, match=r"\['test', 'train'\]. Received: 'valid'"):
        Slice.parse("valid").choose(["train", "test"], "x")


def test_images_of_every_form_become_float32_in_four_axes():
    grey = np.arange(2 * 9, dtype=np.uint8)
    expected = (grey.astype(np.float32) / np.float32(255)).reshape(2, 3, 3, 1)
    for shape in [(2, 3, 3, 1), (2, 3, 3), (2, 9)]:
        np.testing.assert_array_equal(check_images(grey.reshape(shape), "x"), expected)
    real = check_images(expected.astype(np.float64), "x")
    assert real.dtype == np.float32
    np.testing.assert_array_equal(real, expected)
    bits = np.eye(3, dtype=bool)[None]
    np.testing.assert_array_equal(check_images(bits, "x")[0, ..., 0], np.eye(3))
    sixteenths = check_images(np.uint8([[[0, 16]]]), "x", levels=17)
    np.testing.assert_array_equal(sixteenths.ravel(), [0, 1])


@pytest.mark.parametrize(
    "x, message",
    [
        (np.zeros((2, 3, 3), np.int32), r'x.astype\("float32"\) / 255 .* Received: dtype int32'),
        (np.zeros((2, 3, 3), np.complex64), "Received: dtype complex64"),
        (np.full((2, 3, 3), np.nan), "finite values. Received: NaN or infinity"),
        (np.full((2, 3, 3), np.inf), "finite values. Received: NaN or infinity"),
        (np.full((2, 3, 3), 1e300), "finite values. Received: NaN or infinity"),
        (np.full((2, 3, 3), -0.5), r"in \[0, 1\]. Received: -0.5 to -0.5"),
        (np.full((2, 3, 3), 255.0), r"in \[0, 1\]. Received: 255 to 255"),
        (np.zeros((2, 3, 3, 2)), r"1 or 3 channels.* Received: shape \(2, 3, 3, 2\)"),
        (np.zeros((2, 10)), r"Received: shape \(2, 10\)"),
        (np.zeros(4), r"Received: shape \(4,\)"),
        (np.zeros((0, 3, 3)), r"Received: shape \(0, 3, 3, 1\)"),
        (np.ones((2, 3, 3), np.uint8), "0 to 255 .* Received: a largest value of 1"),
    ],
)
def test_images_that_are_none_are_refused(x, message):
    with pytest.raises(ValueError, match=f"^some.npz: expected .*{message}$"):
        check_images(x, "some.npz")


def test_levels_above_the_last_are_refused():
    with pytest.raises(ValueError, match="0 to 16 .* Received: a largest value of 17"):
        check_images(np.full((1, 2, 2), 17, np.uint8), "digits", levels=17)


@pytest.mark.parametrize(
    "y", [np.zeros(3, int), np.zeros(2), np.array([0, -1]), np.zeros((2, 2), int)]
)
def test_labels_that_are_none_are_refused(y):
    with pytest.raises(ValueError, match="y: expected 2 integer labels.* Received: shape"):
        check_labels(y, 2, "y")


def test_labels_of_one_column_are_taken():
    y = check_labels(np.array([[3], [1]], np.uint8), 2, "y")
    assert y.dtype == np.int64
    assert y.tolist() == [3, 1]
