"""NumPy's files, `.npy` and `.npz`; never unpickled."""

import contextlib
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfgen.data.files import check_regular, check_unpacked, naming, open_bytes, read_at_most

_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npy(file: Path) -> np.ndarray:
    """Read a `.npy` file.

    Args:
        file: `pathlib.Path`.
    Returns:
        The array, of any type that needs no pickle.
    Raises:
        ValueError: when the file is cut short, is something else, or holds Python objects; names
            the file.
    """
    with naming(file), open_bytes(file) as stream:
        return _read_array(stream)


def npz_keys(file: Path) -> list[str]:
    """The names of the arrays in a `.npz` file.

    Raises:
        ValueError: when it is no zip file, or holds no arrays; names the file.
    """
    with _opened(file) as archive:
        names = archive.namelist()
        keys = [name.removesuffix(".npy") for name in names if name.endswith(".npy")]
        if not keys:
            raise ValueError(f"a zip file without arrays, but with {names[:5]}")
        return keys


def read_npz(file: Path, key: str) -> np.ndarray:
    """Read one array of a `.npz` file.

    Args:
        file: `pathlib.Path`.
        key: one of `npz_keys(file)`.
    Returns:
        The array, of any type that needs no pickle.
    Raises:
        ValueError: as `read_npy`; also when the array unpacks to more than `unpack_limit()` bytes.
    """
    with _opened(file) as archive:
        member = archive.getinfo(f"{key}.npy")
        with archive.open(member) as stream:
            return _read_array(stream, packed=member.compress_type != zipfile.ZIP_STORED)


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    with naming(file):
        check_regular(file)
        with zipfile.ZipFile(file) as archive:
            yield archive


def _read_array(stream: BinaryIO, packed: bool = False) -> np.ndarray:
    version = np.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"an array in version {version} of NumPy's format")
    shape, by_columns, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        raise ValueError("an array of Python objects, which only a pickle could hold")
    size = math.prod(shape) * dtype.itemsize
    if size < 0:
        raise ValueError(f"an array of shape {shape}")
    if packed:
        check_unpacked(size)
    # One byte more, so that a zip file's checksum is compared.
    data = read_at_most(stream, size + 1)
    if len(data) != size:
        found = f"{len(data)} bytes" if len(data) < size else "more bytes"
        raise ValueError(f"{found} for an array of shape {shape}, {dtype}")
    array = np.frombuffer(data, dtype) if size else np.empty(math.prod(shape), dtype)
    return array.reshape(shape, order="F" if by_columns else "C")
