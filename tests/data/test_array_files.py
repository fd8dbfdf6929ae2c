import gzip
import struct

import numpy as np
import pytest
from PIL import Image

from tfgen.data import DataInfo, info, load_arrays


def write_idx(file, array):
    data = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
    file.write_bytes(gzip.compress(data, mtime=0) if file.suffix == ".gz" else data)


def write_text(file, rows):
    text = "".join(" ".join(map(str, row)) + "\n" for row in rows).encode()
    file.write_bytes(gzip.compress(text, mtime=0) if file.suffix == ".gz" else text)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (12, 3, 4), np.uint8)


@pytest.mark.parametrize("gz", ["", ".gz"])
def test_idx_files_come_back(tmp_path, images, gz):
    labels = np.arange(12, dtype=np.uint8) % 7
    write_idx(tmp_path / f"train-images-idx3-ubyte{gz}", images)
    write_idx(tmp_path / f"train-labels-idx1-ubyte{gz}", labels)
    write_idx(tmp_path / f"t10k-images-idx3-ubyte{gz}", images[:5])
    write_idx(tmp_path / f"t10k-labels-idx1-ubyte{gz}", labels[:5])
    x, y = load_arrays(tmp_path, "train", labels=True)
    np.testing.assert_array_equal(x[..., 0], images.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(y, labels)
    assert info(str(tmp_path), "test") == DataInfo((3, 4, 1), 256, 7, 5)
    np.testing.assert_array_equal(load_arrays(tmp_path, "test[1:3]"), x[1:3])
    with pytest.raises(ValueError, match=r"\['test', 'train'\]. Received: 'valid'"):
        load_arrays(tmp_path, "valid")


def test_npz_keys_with_labels_come_back(tmp_path, images):
    labels = np.arange(12)[:, None]
    file = tmp_path / "set.npz"
    np.savez(file, x_train=images, y_train=labels, x_test=images[:4] / 255.0, x_val=images[:2])
    x, y = load_arrays(tmp_path, "train", labels=True)
    np.testing.assert_array_equal(y, np.arange(12))
    np.testing.assert_allclose(load_arrays(file, "test"), x[:4], atol=1e-7)
    assert info(file, "test") == DataInfo((3, 4, 1), None, None, 4)
    assert info(file, "validation") == DataInfo((3, 4, 1), 256, None, 2)
    assert info(file, "train") == DataInfo((3, 4, 1), 256, 12, 12)


def test_npz_keys_of_images_alone_come_back(tmp_path, images):
    np.savez_compressed(tmp_path / "set.npz", train=images > 127, test=images[:1])
    np.testing.assert_array_equal(load_arrays(tmp_path, "train")[..., 0], images > 127)
    assert info(tmp_path, "train").levels == 2
    with pytest.raises(ValueError, match="labels: expected .* Received: "):
        load_arrays(tmp_path, "train", labels=True)


@pytest.mark.parametrize("gz", ["", ".gz"])
def test_amat_files_come_back(tmp_path, gz):
    bits = np.random.default_rng(0).integers(0, 2, (6, 16))
    write_text(tmp_path / f"some_train.amat{gz}", bits)
    write_text(tmp_path / f"some_valid.amat{gz}", bits[:2] / 3)
    x = load_arrays(tmp_path, "train")
    np.testing.assert_array_equal(x, bits.reshape(6, 4, 4, 1))
    np.testing.assert_allclose(load_arrays(tmp_path, "validation"), x[:2] / 3, rtol=1e-6)
    assert info(tmp_path, "train") == DataInfo((4, 4, 1), 2, None, 6)
    assert info(tmp_path, "valid").levels is None


def test_the_quick_and_the_general_text_reader_agree(tmp_path):
    bits = np.random.default_rng(0).integers(0, 2, (6, 4))
    write_text(tmp_path / "train.amat", bits)
    (tmp_path / "test.amat").write_text("\n".join("  ".join(map(str, row)) for row in bits))
    np.testing.assert_array_equal(load_arrays(tmp_path, "train"), load_arrays(tmp_path, "test"))


@pytest.mark.parametrize(
    "name, content, received",
    [
        ("train-images-idx3-ubyte", b"\x00\x00\x0d\x03" + b"\x00" * 12, "no idx header"),
        ("train-images-idx3-ubyte", b"\x89PNG\r\n", "no idx header"),
        ("train-images-idx3-ubyte", b"\x00\x00\x08\x03\x00", "unpack"),
        ("train-images-idx3-ubyte", b"", "unpack"),
        (
            "train-images-idx3-ubyte",
            struct.pack(">HBB3I", 0, 8, 3, 2, 2, 2) + b"1234567",
            "7 bytes",
        ),
        ("train-images-idx3-ubyte.gz", b"no gzip", "gzip"),
        (
            "train-images-idx3-ubyte.gz",
            gzip.compress(b"\0\0\x08\1\0\0\0\xc8" + bytes(range(200)), mtime=0)[:-20],
            "Compressed|ended",
        ),
        ("set.npz", b"PK\x03\x04 cut", "zip"),
        ("set.npz", b"", "zip"),
        ("train.amat", b"0 1 0 1\n0 1\n", "columns"),
        ("train.amat", b"0 one 0 1\n", "one"),
        ("train.amat.gz", gzip.compress(b"0 1 0 1\n" * 99, mtime=0)[:-9], "Compressed|ended"),
    ],
)
def test_corrupt_files_are_named(tmp_path, name, content, received):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}.*: expected .* Received: .*({received})"):
        load_arrays(tmp_path, "train")


def test_a_corrupt_npz_member_is_named(tmp_path, images):
    file = tmp_path / "set.npz"
    np.savez(file, train=images)
    data = bytearray(file.read_bytes())
    data[200] ^= 255
    file.write_bytes(data)
    with pytest.raises(ValueError, match="set.npz.*: expected .* Received: .*CRC"):
        load_arrays(file, "train")


@pytest.mark.parametrize(
    "array, message",
    [
        (np.zeros((2, 3, 3), np.int64), r'x.astype\("float32"\) / 255 .* Received: dtype int64'),
        (np.full((2, 3, 3), np.nan, np.float32), "Received: NaN or infinity"),
        (np.zeros((2, 3, 3, 4), np.float32), r"Received: shape \(2, 3, 3, 4\)"),
        (np.array([None]), "Received: .*pickle"),
    ],
)
def test_bad_arrays_are_named(tmp_path, array, message):
    np.savez(tmp_path / "set.npz", x_train=array)
    with pytest.raises(ValueError, match=f"set.npz.*{message}"):
        load_arrays(tmp_path, "train")


def test_labels_that_do_not_fit_are_named(tmp_path, images):
    np.savez(tmp_path / "set.npz", x_train=images, y_train=np.arange(11))
    with pytest.raises(
        ValueError, match=r"set.npz\['x_train'\] labels: expected 12 integer labels"
    ):
        load_arrays(tmp_path, "train", labels=True)


def test_unknown_npz_keys_are_listed(tmp_path, images):
    np.savez(tmp_path / "set.npz", pixels=images, others=images)
    received = r"Received: .*set.npz\['pixels'\], .*set.npz\['others'\]"
    with pytest.raises(ValueError, match=f"expected one array .* x_train, .* {received}"):
        load_arrays(tmp_path, "train")


def test_two_files_of_one_split_are_refused(tmp_path):
    for name in ("a_train.amat", "b_train.amat"):
        write_text(tmp_path / name, [[0, 1, 0, 1]])
    with pytest.raises(
        ValueError, match="expected one array .* Received: .*a_train.amat and .*b_train"
    ):
        load_arrays(tmp_path, "train")


def test_grey_arrays_become_colour_and_colour_ones_grey(tmp_path, images):
    np.savez(tmp_path / "set.npz", train=images)
    x = load_arrays(tmp_path, "train", channels=3)
    np.testing.assert_array_equal(x, np.repeat(load_arrays(tmp_path, "train"), 3, axis=-1))
    assert info(tmp_path, channels=3) == DataInfo((3, 4, 3), 256, None, 12)
    colours = np.random.default_rng(1).integers(0, 256, (9, 3, 4, 3), np.uint8)
    np.savez(tmp_path / "set.npz", train=colours, test=colours / 255, valid=colours > 127)
    grey = [np.asarray(Image.fromarray(colour).convert("L")) for colour in colours]
    expected = np.array(grey, np.float32)[..., None] / np.float32(255)
    np.testing.assert_array_equal(load_arrays(tmp_path, "train", channels=1), expected)
    real = load_arrays(tmp_path, "test", channels=1)
    np.testing.assert_allclose(real[..., 0], colours @ [0.299, 0.587, 0.114] / 255, atol=2e-5)
    levels = [info(tmp_path, split, channels=1).levels for split in ("train", "test", "valid")]
    assert levels == [256, None, None]
