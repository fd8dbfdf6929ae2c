"""Text files of numbers, `.csv` and `.amat`: one example a line."""

import csv
import io
from pathlib import Path

import numpy as np

from tfgen.data.files import naming, read_whole


def read_text(file: Path) -> np.ndarray:
    """Read a text file of numbers, one example a line.

    Numbers are split by semicolons, commas, tabs or spaces, and may be quoted. A first line without
    any number is a header. Lines that are empty do not count.

    Args:
        file: `pathlib.Path`; `.gz` is unpacked.
    Returns:
        `[lines, numbers in a line]`; bool when all are single 0s and 1s, else float32.
    Raises:
        ValueError: when the file is cut short, unpacks to more than `unpack_limit()` bytes, or is
            not such a text, all of it finite numbers, as many in each line; names the file and the
            line.
    """
    with naming(file):
        data = read_whole(file)
        bits = _read_bits(np.frombuffer(data, np.uint8))
        return _read_numbers(str(data, "utf-8-sig")) if bits is None else bits


def _read_bits(text):
    """The quick way through "0 1 ... 1\\n", the form of the binarized MNIST; None otherwise."""
    lines = np.count_nonzero(text == ord("\n"))
    width = text.size // lines if lines else 0
    if not width or width % 2 or text.size != lines * width:
        return None
    digits, separators = np.moveaxis(text.reshape(lines, -1, 2), -1, 0)
    ends, between = separators[:, -1] == ord("\n"), separators[:, :-1]
    split = (between == ord(" ")).all() or (between == ord(",")).all()
    return digits == ord("1") if ends.all() and split and (digits >> 1 == 24).all() else None


def _read_numbers(text):
    lines = ((number, line) for number, line in _lines(text) if line.strip())
    first, second = next(lines, (1, "")), next(lines, (1, ""))
    delimiter = _delimiter(second[1]) or _delimiter(first[1])
    names = _fields(first[1], delimiter)
    header = not any(map(_is_number, names))
    if header and "" in map(str.strip, names) and second[1]:
        raise ValueError(
            f"line {first[0]}, a header with a column without a name (pandas writes its index so; "
            "DataFrame.to_csv(index=False) leaves it out)"
        )
    if header and not second[1]:
        raise ValueError("no line of numbers")
    try:
        values = np.loadtxt(
            io.StringIO(text.replace('"', ""), newline=None),
            np.float64,
            comments=None,
            delimiter=delimiter,
            skiprows=first[0] if header else 0,
            ndmin=2,
        )
        with np.errstate(over="ignore"):
            values = values.astype(np.float32)
        if np.isfinite(values).all() and values.shape[1] == len(names):
            return values
        fault = "a value that is no number"
    except ValueError as error:
        fault = str(error)
    raise ValueError(_first_fault(text, delimiter, names, first[0] if header else 0) or fault)


def _first_fault(text, delimiter, names, header):
    """What is wrong with the first line that is not as it should be; None where all are."""
    for number, line in _lines(text):
        if number <= header or not line.strip("\n"):
            continue
        fields = _fields(line, delimiter)
        if len(fields) != len(names):
            before = "the header" if header else "the first line"
            return f"line {number} with {len(fields)} columns, where {before} has {len(names)}"
        for column, field in enumerate(fields, start=1):
            if not _is_number(field):
                return f"line {number}, column {column}: {field.strip()!r}, which is no number"
            with np.errstate(over="ignore"):
                finite = np.isfinite(np.float32(field))
            if not finite:
                return f"line {number}, column {column}: {field.strip()!r}, which is not finite"
    return None


def _lines(text):
    return enumerate(io.StringIO(text, newline=None), start=1)


def _delimiter(line):
    return next((delimiter for delimiter in ";,\t" if delimiter in line), None)


def _fields(line, delimiter):
    if delimiter is None:
        return [field.strip('"') for field in line.split()]
    try:
        reader = csv.reader([line.rstrip("\n")], delimiter=delimiter, skipinitialspace=True)
        return next(reader, [])
    except csv.Error as error:
        raise ValueError(f"a line that is no text ({error})") from error


def _is_number(field):
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field
