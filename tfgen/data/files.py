"""The bytes of files: of regular files alone, and of compressed ones no more than a limit."""

import contextlib
import gzip
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

LIMIT_VARIABLE = "TFGEN_UNPACK_LIMIT"
_DEFAULT_LIMIT = 2**30
_CHUNK = 2**20
_CORRUPT = (
    OSError,
    EOFError,
    MemoryError,
    NotImplementedError,  # a zip file's way of packing
    RuntimeError,  # a zip file with a password
    struct.error,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def unpack_limit() -> int:
    """Bytes to which one compressed file may unpack: 1 GiB, or what TFGEN_UNPACK_LIMIT says.

    Raises:
        ValueError: the environment variable is no positive integer.
    """
    text = os.environ.get(LIMIT_VARIABLE, str(_DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ValueError(f"{LIMIT_VARIABLE}: expected a number of bytes. Received: {text!r}")
    return int(text)


def check_unpacked(size: int) -> None:
    """Checks the bytes to which a compressed file unpacks, or says that it does.

    Raises:
        ValueError: they are more than `unpack_limit()`.
    """
    if size > unpack_limit():
        raise ValueError(
            f"more than {unpack_limit():,} bytes when unpacked; set the environment variable "
            f"{LIMIT_VARIABLE}, in bytes, to read it"
        )


def check_regular(file: Path) -> None:
    """Checks that a path, its links followed, is a file: reading a pipe or a device may never end.

    Raises:
        ValueError: it is something else, or nothing; names it.
    """
    try:
        kind = stat.S_IFMT(file.stat().st_mode)
    except OSError as error:
        raise ValueError(
            f"{file}: expected a file that reads. Received: {error.strerror}"
        ) from error
    if kind != stat.S_IFREG:
        raise ValueError(
            f"{file}: expected a regular file. Received: {_KINDS.get(kind, 'something else')}"
        )


@contextlib.contextmanager
def naming(file: Path) -> Iterator[None]:
    """Turns whatever reading a file raises into a ValueError that names the file."""
    try:
        yield
    except _CORRUPT as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{file}: expected a file that reads. Received: {what}") from error


@contextlib.contextmanager
def open_bytes(file: Path) -> Iterator[BinaryIO]:
    """A regular file, opened for reading; one that ends in `.gz` is unpacked as it is read."""
    check_regular(file)
    with gzip.open(file) if file.suffix == ".gz" else open(file, "rb") as stream:
        yield stream


def read_at_most(stream: BinaryIO, size: int) -> bytearray:
    """The next bytes, `size` of them or as many as there are."""
    data = bytearray()
    # By chunks, so that a size that is not true costs no memory.
    while chunk := stream.read(min(_CHUNK, size - len(data))):
        data += chunk
    return data


def read_whole(file: Path) -> bytes | bytearray:
    """All bytes of a file, unpacked where it ends in `.gz`.

    Raises:
        ValueError: no regular file, or one that unpacks to more than `unpack_limit()`.
    """
    with open_bytes(file) as stream:
        if file.suffix != ".gz":
            return stream.read()
        data = read_at_most(stream, unpack_limit() + 1)
    check_unpacked(len(data))
    return data
