"""idx files, the format of LeCun's MNIST page, plain or gzipped."""

import math
import struct
from pathlib import Path

import numpy as np

from tfgen.data.files import check_unpacked, naming, open_bytes, read_at_most


def read_idx(file: Path) -> np.ndarray:
    """Read an idx file of unsigned bytes.

    Args:
        file: `pathlib.Path`; `.gz` is unpacked, as far as its header says.
    Returns:
        uint8 array of the shape that the header gives.
    Raises:
        ValueError: when the file is cut short, is no gzip file, is not idx, or unpacks to more than
            `unpack_limit()` bytes; names the file.
    """
    with naming(file), open_bytes(file) as stream:
        head = bytes(read_at_most(stream, 4))
        zeros, kind, rank = struct.unpack(">HBB", head)
        if zeros != 0 or kind != 8 or rank == 0:
            raise ValueError(f"no idx header of unsigned bytes, but {head!r}")
        shape = struct.unpack(f">{rank}I", read_at_most(stream, 4 * rank))
        size = math.prod(shape)
        if file.suffix == ".gz":
            check_unpacked(size)
        data = read_at_most(stream, size + 1)
        if len(data) != size:
            found = f"{len(data)} bytes" if len(data) < size else "more bytes"
            raise ValueError(f"{found} for an array of shape {shape}")
        return np.frombuffer(data, np.uint8).reshape(shape)
