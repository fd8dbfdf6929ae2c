import gzip
import os
import re
import socket
import struct
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from tfgen.data import load_arrays
from tfgen.data.files import unpack_limit

KINDS = {"pipe": "a named pipe", "socket": "a socket", "device": "a device", "folder": "a folder"}


def make(kind, path):
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        # Its name may be too long for a socket of its own.
        folder = os.open(path.parent, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()


@pytest.mark.parametrize("name", ["x.png", "x.npz", "x.npy", "train.csv", "train.amat.gz"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_refused_without_reading_it(tmp_path, kind, name):
    make(kind, tmp_path / name)
    message = re.escape(f"{tmp_path / name}: expected a regular file. Received: {KINDS[kind]}")
    with pytest.raises(ValueError, match=message):
        load_arrays(tmp_path, "train[:1]")
    if kind != "folder" and name != "x.png":
        with pytest.raises(ValueError, match=message):
            load_arrays(tmp_path / name, "train")


@pytest.mark.parametrize("name", ["x.png", "train.npy", "train-images-idx3-ubyte"])
def test_a_link_to_nothing_is_named(tmp_path, name):
    (tmp_path / name).symlink_to(tmp_path / "gone")
    with pytest.raises(ValueError, match=f"{name}: expected a file .*: No such file"):
        load_arrays(tmp_path, "train[:1]")


def idx_header(*shape):
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)


def bombs(folder):
    """Files of about 4 MB of zeros, packed to some kB."""
    zeros = np.zeros((1000, 64, 64), np.uint8)
    (folder / "idx").mkdir()
    (folder / "idx" / "train-images-idx3-ubyte.gz").write_bytes(
        gzip.compress(idx_header(1000, 64, 64) + zeros.tobytes())
    )
    (folder / "train.amat.gz").write_bytes(gzip.compress(b"0 1\n" * 1_000_000))
    (folder / "train.csv.gz").write_bytes(gzip.compress(b"0,1\n" * 1_000_000))
    np.savez_compressed(folder / "train.npz", train=zeros)
    return [folder / "idx", *(folder / f"train.{end}" for end in ("amat.gz", "csv.gz", "npz"))]


def test_what_unpacks_to_more_than_the_limit_is_refused_and_not_unpacked(tmp_path, monkeypatch):
    for file in bombs(tmp_path):
        monkeypatch.setenv("TFGEN_UNPACK_LIMIT", "100000")
        tracemalloc.start()
        with pytest.raises(ValueError, match="more than 100,000 bytes .*TFGEN_UNPACK_LIMIT") as e:
            load_arrays(file, "train")
        assert tracemalloc.get_traced_memory()[1] < 2e6, file
        tracemalloc.stop()
        assert str(file) in str(e.value)
        monkeypatch.setenv("TFGEN_UNPACK_LIMIT", "4096000")
        assert load_arrays(file, "train[:2]").size


def test_an_idx_file_is_read_as_far_as_its_header_says(tmp_path):
    file = tmp_path / "train-images-idx3-ubyte.gz"
    file.write_bytes(gzip.compress(idx_header(2, 3, 3) + bytes(4_000_000)))
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"more bytes for an array of shape \(2, 3, 3\)"):
        load_arrays(tmp_path, "train")
    assert tracemalloc.get_traced_memory()[1] < 2e6
    tracemalloc.stop()


@pytest.mark.parametrize("name", ["train.npy", "train-images-idx3-ubyte"])
def test_a_header_that_promises_too_much_costs_no_memory(tmp_path, name):
    if name == "train.npy":
        np.save(tmp_path / name, np.zeros((1, 4, 4), np.uint8))
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data.replace(b"(1, 4, 4), ", b"(9**9, 4), "))
        short = data.replace(b"(1, 4, 4),", b"(99999999999, 4, 4),")[: len(data)]
        (tmp_path / name).write_bytes(short)
    else:
        (tmp_path / name).write_bytes(idx_header(4_000_000_000, 28, 28) + bytes(16))
    tracemalloc.start()
    with pytest.raises(ValueError, match=f"{name}: expected .* bytes for an array of shape"):
        load_arrays(tmp_path, "train")
    assert tracemalloc.get_traced_memory()[1] < 2e6
    tracemalloc.stop()


def test_pictures_larger_than_the_limit_are_refused(tmp_path, monkeypatch):
    Image.new("L", (100, 50)).save(tmp_path / "x.png")
    monkeypatch.setenv("TFGEN_UNPACK_LIMIT", str(12 * 100 * 50 - 1))
    message = "x.png: expected an image file. Received: 100 x 50 pixels.*TFGEN_UNPACK_LIMIT"
    with pytest.raises(ValueError, match=message):
        load_arrays(tmp_path, "train")
    monkeypatch.setenv("TFGEN_UNPACK_LIMIT", str(12 * 100 * 50))
    assert load_arrays(tmp_path, "train").shape == (1, 50, 100, 1)


def test_the_limit_is_1_gib_or_a_number_of_bytes(monkeypatch):
    monkeypatch.delenv("TFGEN_UNPACK_LIMIT", raising=False)
    assert unpack_limit() == 2**30
    for text in ("", "1G", "0", "-5", "²"):
        monkeypatch.setenv("TFGEN_UNPACK_LIMIT", text)
        with pytest.raises(ValueError, match=f"expected a number of bytes. Received: {text!r}"):
            unpack_limit()
