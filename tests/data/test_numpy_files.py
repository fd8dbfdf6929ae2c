import pickle
import zipfile

import numpy as np
import pytest

from tfgen.data.numpy_files import npz_keys, read_npy, read_npz


class Trap:
    """Unpickling it ends the test."""

    def __reduce__(self):
        return pytest.fail, ("was unpickled",)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(6, dtype=">i2"),
        np.zeros((0, 3)),
        np.float32(3),
        np.array(["a", "bc"]),
    ],
)
def test_arrays_come_back(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", a=array)
    np.savez_compressed(tmp_path / "b.npz", a=array)
    for found in (
        read_npy(tmp_path / "a.npy"),
        read_npz(tmp_path / "a.npz", "a"),
        read_npz(tmp_path / "b.npz", "a"),
    ):
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array, strict=True)
    assert npz_keys(tmp_path / "a.npz") == ["a"]


def test_python_objects_are_never_unpickled(tmp_path):
    objects = np.array([Trap(), None])
    np.save(tmp_path / "x.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "x.npz", x=objects)
    (tmp_path / "raw.npy").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "raw.npz").write_bytes(pickle.dumps(Trap()))
    for read in (
        lambda: read_npy(tmp_path / "x.npy"),
        lambda: read_npz(tmp_path / "x.npz", "x"),
    ):
        with pytest.raises(ValueError, match="x.np[yz]: expected .* Received: .*Python objects"):
            read()
    with pytest.raises(ValueError, match="raw.npy: expected .* Received: .*magic string"):
        read_npy(tmp_path / "raw.npy")
    with pytest.raises(ValueError, match="raw.npz: expected .* Received: File is not a zip file"):
        npz_keys(tmp_path / "raw.npz")


def test_archives_of_something_else_say_what_they_hold(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("word/document.xml", "<xml/>")
        archive.writestr("x.npy", "no array")
    with pytest.raises(ValueError, match="a.npz: expected .* Received: .*magic string"):
        read_npz(tmp_path / "a.npz", "x")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("word/document.xml", "<xml/>")
    with pytest.raises(ValueError, match=r"without arrays, but with \['word/document.xml'\]"):
        npz_keys(tmp_path / "a.npz")
    (tmp_path / "a.npz").write_text("1,2\n3,4\n")
    with pytest.raises(ValueError, match="a.npz: expected .* Received: File is not a zip file"):
        npz_keys(tmp_path / "a.npz")


@pytest.mark.parametrize("cut", [3, 9, 60, 130])
def test_half_a_file_is_named(tmp_path, cut):
    np.save(tmp_path / "a.npy", np.arange(30.0))
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data[:cut])
    with pytest.raises(ValueError, match="a.npy: expected a file that reads. Received: "):
        read_npy(tmp_path / "a.npy")


def test_more_than_the_header_says_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3.0))
    with open(tmp_path / "a.npy", "ab") as file:
        file.write(b"more")
    with pytest.raises(ValueError, match=r"more bytes for an array of shape \(3,\), float64"):
        read_npy(tmp_path / "a.npy")
