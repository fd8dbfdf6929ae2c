import json

import numpy as np
import pytest
from PIL import Image

from tfgen.data import DataInfo, info, load, load_arrays, splits

RNG = np.random.default_rng(0)
REAL = RNG.normal(3, 50, (10, 4)).astype(np.float32)
BITS = RNG.integers(0, 2, (10, 5))


def write(file, x):
    """`x` as a file of the kind that its ending says."""
    if file.suffix == ".npy":
        np.save(file, x)
    elif file.suffix == ".npz":
        np.savez(file, x)
    else:
        np.savetxt(file, x, fmt="%.9g", delimiter="," if file.suffix == ".csv" else " ")


@pytest.mark.parametrize("end", ["npz", "npy", "csv", "amat"])
def test_one_array_is_split_by_its_seeded_order(tmp_path, end):
    file = tmp_path / f"wine.{end}"
    write(file, REAL)
    order = np.random.RandomState(0).permutation(10)
    for place in (file, tmp_path):
        assert splits(place) == ("test", "train")
        np.testing.assert_array_equal(load_arrays(place, "train"), REAL[order[:8]])
        np.testing.assert_array_equal(load_arrays(place, "test"), REAL[order[8:]])
        assert info(place, "train[:3]") == DataInfo((4,), None, None, 3)
        with pytest.raises(ValueError, match=r"\['test', 'train'\]. Received: 'valid'"):
            load_arrays(place, "valid")


@pytest.mark.parametrize("end", ["npy", "csv", "amat"])
def test_a_folder_of_files_named_by_their_splits(tmp_path, end):
    for split, rows in (("train", slice(0, 5)), ("valid", slice(5, 8)), ("test", slice(8, 10))):
        write(tmp_path / f"adult_{split}.{end}", BITS[rows])
        write(tmp_path / f"adult_{split}_labels.{end}", np.arange(10)[rows, None])
    (tmp_path / "._adult_train.csv").write_text("left by another system")
    assert splits(tmp_path) == ("test", "train", "valid")
    for split, rows in (
        ("train", slice(0, 5)),
        ("validation", slice(5, 8)),
        ("test", slice(8, 10)),
    ):
        x, y = load_arrays(tmp_path, split, labels=True)
        np.testing.assert_array_equal(x, BITS[rows])
        np.testing.assert_array_equal(y, np.arange(10)[rows])
    assert info(tmp_path, "train") == DataInfo((5,), 2, 10, 5)
    # A file of one split is that split.
    assert splits(tmp_path / f"adult_train.{end}") == ("train",)


def test_one_array_with_labels_keeps_them_together(tmp_path):
    np.savez(tmp_path / "a.npz", data=REAL, target=np.arange(10), feature_names=["a"] * 4)
    write(tmp_path / "b.csv", REAL)
    for place, labelled in ((tmp_path / "a.npz", True), (tmp_path / "b.csv", False)):
        assert info(place).num_classes == (10 if labelled else None)
    x, y = load_arrays(tmp_path / "a.npz", "train", labels=True)
    np.testing.assert_array_equal(x, REAL[y])
    with pytest.raises(ValueError, match="expected one array .*a.npz.*b.csv"):
        load_arrays(tmp_path, "train")


def test_values_of_vectors_stand_for_themselves(tmp_path):
    for name, x in (("ints", np.arange(21).reshape(3, 7)), ("bytes", np.uint8([[0, 7], [9, 255]]))):
        np.save(tmp_path / f"{name}.npy", x)
        rows = load_arrays(tmp_path / f"{name}.npy", "train")
        assert rows.dtype == np.float32 and info(tmp_path / f"{name}.npy").levels is None
        assert set(map(tuple, rows)) <= set(map(tuple, x))
    np.savez(tmp_path / "bits.npz", train=BITS, test=BITS * 2, valid=BITS > 0)
    levels = [info(tmp_path / "bits.npz", split).levels for split in ("train", "test", "valid")]
    assert levels == [2, None, 2]


def test_square_vectors_are_images_where_those_of_training_are(tmp_path):
    file = tmp_path / "set.npz"
    unit = RNG.random((6, 64))
    np.savez(file, train=unit, test=unit[:2])
    assert info(file, "test").event_shape == (8, 8, 1)
    np.savez(file, train=unit * 9, test=unit[:2])
    np.testing.assert_array_equal(load_arrays(file, "test"), unit[:2].astype(np.float32))
    np.savez(file, train=unit, test=unit[:2] * 9)
    with pytest.raises(ValueError, match=r"test'\]: expected values in \[0, 1\]. Received: "):
        load_arrays(file, "test")
    write(tmp_path / "set.csv", unit)
    assert info(tmp_path / "set.csv").event_shape == (64,)
    np.savez(file, train=unit[:, :9], valid=unit[:1, :9])
    assert info(file, "valid").event_shape == info(file, "train").event_shape == (9,)
    np.savez(file, train=np.rint(unit[:, :9]), valid=unit[:1, :9])
    assert info(file, "valid").event_shape == info(file, "train").event_shape == (3, 3, 1)


def test_vectors_come_in_batches_with_their_labels(tmp_path):
    np.savez(tmp_path / "set.npz", x_train=REAL, y_train=np.arange(10))
    dataset = load(tmp_path, "train", batch_size=4, labels=True)
    assert dataset.element_spec[0].shape == (None, 4)
    for x, y in dataset:
        np.testing.assert_array_equal(x, REAL[y.numpy()])


@pytest.mark.parametrize("options", [{"binarize": "threshold"}, {"levels": 3}])
def test_real_vectors_are_never_made_binary_or_levels_in_silence(tmp_path, options):
    write(tmp_path / "set.npy", REAL)
    for function in (load, load_arrays):
        with pytest.raises(ValueError, match=r"set.npy: expected values in \[0, 1\].* RNADE"):
            function(tmp_path / "set.npy", "train", **options)
    write(tmp_path / "set.npy", BITS)
    order = np.random.RandomState(0).permutation(10)[:8]
    np.testing.assert_array_equal(load_arrays(tmp_path, "train", **options), BITS[order])


@pytest.mark.parametrize(
    "x, message",
    [
        ([[1, 2], [3, np.nan]], "finite .* Received: nan in row 1, column 1"),
        ([[1, -1e39]], "finite values of float32. Received: -inf in row 0, column 1"),
        (np.zeros((3, 0)), r"vectors .* shape \(3, 0\)"),
        (np.zeros((0, 3)), r"vectors .* shape \(0, 3\)"),
        (np.array([["a", "b"]]), "vectors .* dtype <U1"),
        (np.ones((2, 3), complex), "vectors .* dtype complex128"),
    ],
)
def test_vectors_that_are_none_are_refused(tmp_path, x, message):
    np.savez(tmp_path / "set.npz", train=x)
    with pytest.raises(ValueError, match=f"set.npz.*: expected {message}"):
        load_arrays(tmp_path, "train")


def test_channels_are_for_images(tmp_path):
    write(tmp_path / "set.npy", REAL)
    with pytest.raises(ValueError, match="channels: expected images. Received: vectors, .*set.npy"):
        info(tmp_path, channels=1)


def test_pictures_beside_a_text_are_read_and_beside_splits_refused(tmp_path):
    (tmp_path / "a").mkdir()
    for index in range(5):
        Image.new("L", (2, 2), index).save(tmp_path / "a" / f"{index}.png")
    write(tmp_path / "notes.csv", REAL)
    assert splits(tmp_path) == ("test", "train")
    assert info(tmp_path) == DataInfo((2, 2, 1), 256, 1, 4)
    write(tmp_path / "train.csv", REAL)
    with pytest.raises(ValueError, match="expected images, or arrays. .* beside .*train.csv"):
        load_arrays(tmp_path, "train")


def test_files_of_another_kind_are_named(tmp_path):
    (tmp_path / "set.json").write_text(json.dumps(REAL.tolist()))
    (tmp_path / "set.txt").write_text("1 2 3")
    for name in ("set.json", "set.txt"):
        with pytest.raises(ValueError, match=f"{name}: expected a folder, or a file of idx, .npz"):
            load_arrays(tmp_path / name, "train")
    with pytest.raises(ValueError, match=r"expected images \(.* 'train'. Received: none"):
        load_arrays(tmp_path, "train")
