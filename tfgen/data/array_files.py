"""Readers of array files: idx (the format of MNIST), .npz and .amat, each plain or gzipped."""

import contextlib
import functools
import gzip
import io
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgen.data.source import DataInfo, Slice, Source, check_images, check_labels

_IDX = re.compile(r"(?P<split>train|t10k|test|valid|validation)-images[-.]idx\d-ubyte(\.gz)?")
_AMAT = re.compile(r"(.*[-_.])?(?P<split>train|valid|validation|test)\.amat(\.gz)?")
_NPZ = re.compile(r"(?P<kind>x_)?(?P<split>train|valid|val|validation|test)")
_SPLIT_NAMES = {"t10k": "test", "val": "valid"}
_CORRUPT = (OSError, EOFError, zlib.error, zipfile.BadZipFile, struct.error, ValueError)


class _Arrays(NamedTuple):
    where: str
    images: object  # () -> array
    labels: object  # () -> array, or None


def open_arrays(path: Path, split: Slice, channels: int | None) -> Source | None:
    """Open one split of the array files at `path`; None when there are none.

    In a folder: idx files named as MNIST's are (`train-images-idx3-ubyte.gz`, ...,
    `t10k-labels-idx1-ubyte.gz`); or `.npz` files with the keys `x_train`, `y_train`, `x_valid`,
    `y_valid`, `x_test`, `y_test`, or `train`, `valid`, `test` (images only); or text files
    `*_train.amat`, `*_valid.amat`, `*_test.amat`, one square image a line; idx and amat also with
    `.gz`. `path` may also be one `.npz` file.

    Args:
        path: `pathlib.Path` of a folder or a file.
        split: a `Slice`.
        channels: 1 or 3: convert the images (see `convert_channels`); None: as they are.
    Returns:
        `Source` without streaming, or None.
    Raises:
        ValueError: on a corrupt file, a missing split, or images that `check_images` refuses.
    """
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    for find in (_find_idx, _find_npz, _find_amat):
        splits = find([file for file in files if file.is_file()])
        if splits:
            break
    else:
        return None
    arrays = splits[split.choose(splits, path)]
    raw = arrays.images()
    x = check_images(raw, arrays.where, channels=channels)
    y, num_classes = None, None
    if arrays.labels is not None:
        y = check_labels(arrays.labels(), len(x), f"{arrays.where} labels")
        all_labels = [other.labels() for other in splits.values() if other.labels is not None]
        num_classes = 1 + max(int(labels.max(initial=0)) for labels in all_labels)
    start, stop = split.bounds(len(x))
    info = DataInfo(x.shape[1:], _native_levels(raw, x), num_classes, stop - start)
    return Source(info, lambda: (x[start:stop], None if y is None else y[start:stop]))


def _native_levels(raw, x):
    if raw.dtype == np.uint8:
        return 256
    return 2 if np.logical_or(x == 0, x == 1).all() else None


def _add(splits, split, arrays):
    split = _SPLIT_NAMES.get(split, split)
    if split in splits:
        raise ValueError(
            f"expected one file of the {split!r} images in a folder. "
            f"Received: {splits[split].where} and {arrays.where}"
        )
    splits[split] = arrays


def _find_idx(files):
    splits = {}
    for file in files:
        match = _IDX.fullmatch(file.name)
        if not match:
            continue
        stem = re.escape(match["split"])
        labels = [
            other
            for other in files
            if re.fullmatch(rf"{stem}-labels[-.]idx1-ubyte(\.gz)?", other.name)
        ]
        read_labels = functools.partial(read_idx, labels[0]) if labels else None
        arrays = _Arrays(str(file), functools.partial(read_idx, file), read_labels)
        _add(splits, match["split"], arrays)
    return splits


def _find_npz(files):
    splits, seen = {}, {}
    for file in files:
        if file.suffix != ".npz":
            continue
        with _naming(file), np.load(file) as archive:
            keys = seen[str(file)] = archive.files
        for key in keys:
            match = _NPZ.fullmatch(key)
            if not match:
                continue
            labels = f"y_{match['split']}" if match["kind"] else None
            read_labels = functools.partial(_read_npz, file, labels) if labels in keys else None
            read_images = functools.partial(_read_npz, file, key)
            _add(splits, match["split"], _Arrays(f"{file}[{key!r}]", read_images, read_labels))
    if seen and not splits:
        raise ValueError(
            f"expected .npz keys x_train, y_train, x_test, y_test, or train, test. Received: {seen}"
        )
    return splits


def _find_amat(files):
    splits = {}
    for file in files:
        match = _AMAT.fullmatch(file.name)
        if match:
            _add(
                splits, match["split"], _Arrays(str(file), functools.partial(read_amat, file), None)
            )
    return splits


@contextlib.contextmanager
def _naming(file):
    """Turn whatever reading a file raises into a ValueError that names the file."""
    try:
        yield
    except _CORRUPT as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{file}: expected a file that reads. Received: {what}") from error


def _read_bytes(file):
    with gzip.open(file) if file.suffix == ".gz" else open(file, "rb") as stream:
        return stream.read()


def _read_npz(file, key):
    with _naming(file), np.load(file) as archive:
        return archive[key]


def read_idx(file: Path) -> np.ndarray:
    """Read an idx file of unsigned bytes (the format of LeCun's MNIST page).

    Args:
        file: `pathlib.Path`; `.gz` is unpacked.
    Returns:
        uint8 array of the shape that the header gives.
    Raises:
        ValueError: when the file is cut short, is no gzip file, or is not idx; names the file.
    """
    with _naming(file):
        data = _read_bytes(file)
        zeros, kind, rank = struct.unpack(">HBB", data[:4])
        if zeros != 0 or kind != 8 or rank == 0:
            raise ValueError(f"no idx header of unsigned bytes, but {data[:4]!r}")
        shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
        values = np.frombuffer(data, np.uint8, offset=4 + 4 * rank)
        if values.size != np.prod(shape, dtype=np.int64):
            raise ValueError(f"{values.size} bytes for an array of shape {shape}")
        return values.reshape(shape)


def read_amat(file: Path) -> np.ndarray:
    """Read a text file of numbers, one image a line, split by spaces.

    Args:
        file: `pathlib.Path`; `.gz` is unpacked.
    Returns:
        `[lines, numbers in a line]`; bool when all are single 0s and 1s, else float32.
    Raises:
        ValueError: when the file is cut short or is not such a text; names the file.
    """
    with _naming(file):
        data = _read_bytes(file)
        text = np.frombuffer(data, np.uint8)
        lines = np.count_nonzero(text == ord("\n"))
        width = text.size // lines if lines else 0
        if width and width % 2 == 0 and text.size == lines * width:
            # "0 1 ... 1\n": each digit is followed by one separator, as in the binarized MNIST.
            digits, separators = np.moveaxis(text.reshape(lines, -1, 2), -1, 0)
            ends = separators[:, -1] == ord("\n")
            if ends.all() and (separators[:, :-1] == ord(" ")).all() and (digits >> 1 == 24).all():
                return digits == ord("1")
        return np.loadtxt(io.BytesIO(data), np.float32, ndmin=2)
