import gzip
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tfgen.data.text_files import read_text

NUMBERS = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
)
DELIMITERS = st.sampled_from([",", ";", "\t", " ", ", ", "  "])


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("texts") / "set.csv"


def write(file, rows, delimiter, end="\n"):
    file.write_bytes("".join(delimiter.join(row) + end for row in rows).encode())


@given(
    NUMBERS,
    DELIMITERS,
    st.sampled_from(["\n", "\r\n", "\n\n"]),
    st.booleans(),
    st.sampled_from(["{}", '"{}"']),
    st.sampled_from(["", "\ufeff"]),
)
@settings(max_examples=150, deadline=None)
def test_numbers_come_back_bit_for_bit(file, x, delimiter, end, header, quoted, mark):
    rows = [[quoted.format(value) for value in row] for row in x]
    if header:
        rows.insert(0, [quoted.format(f"naïve_{index}") for index in range(x.shape[1])])
    rows[0][0] = mark + rows[0][0]
    write(file, rows, delimiter, end)
    np.testing.assert_array_equal(read_text(file), x)


@given(NUMBERS, DELIMITERS, st.data())
@settings(max_examples=150, deadline=None)
def test_the_line_that_is_not_as_the_others_is_named(file, x, delimiter, data):
    x = np.concatenate([x, x[:1], x[:1]])
    rows = [[str(value) for value in row] for row in x]
    row = data.draw(st.integers(1, len(x) - 1))
    column = data.draw(st.integers(0, x.shape[1] - 1))
    fault = data.draw(st.sampled_from(["word", "nan", "inf", "1e40", "1_0", "1 2 3", "columns"]))
    if fault == "columns":
        rows[row] += ["0"]
    elif fault == "1 2 3" and not delimiter.strip(" "):
        rows[row] += ["1", "2"]
    else:
        rows[row][column] = fault
    write(file, rows, delimiter)
    if fault == "columns" and x.shape[1] == 1:
        # The first line has no delimiter, so that none is known.
        fault = f".*{re.escape(delimiter)}0"
    place = rf"line {row + 1}(, column {column + 1}: '{fault}'| with \d+ columns)"
    with pytest.raises(ValueError, match=f"set.csv: expected .* Received: {place}"):
        read_text(file)


@given(NUMBERS.filter(lambda x: x.shape[1] > 1), st.sampled_from([",", ";", "\t", " "]))
@settings(max_examples=50, deadline=None)
def test_half_a_text_names_its_last_line(file, x, delimiter):
    x = np.concatenate([x, x[:1]])
    write(file, [[str(value) for value in row] for row in x], delimiter)
    data = file.read_bytes()
    file.write_bytes(data[: data.rindex(delimiter.encode())])
    place = f"line {len(x)} with {x.shape[1] - 1} columns, where the first line has {x.shape[1]}"
    with pytest.raises(ValueError, match=f"set.csv: expected .* Received: {place}"):
        read_text(file)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_numbers_or_an_error_with_the_name(file, data):
    file.write_bytes(data)
    try:
        x = read_text(file)
    except ValueError as error:
        assert f"{file}: expected a file that reads. Received: " in str(error)
    else:
        assert x.ndim == 2 and np.isfinite(x).all()


@pytest.mark.parametrize(
    "text, received",
    [
        ("", "no line of numbers"),
        ("alcohol,ash\n", "no line of numbers"),
        ("a,b\n1,2\n3,\n", "line 3, column 2: '', which is no number"),
        ("1,2\n\n3,x\n", "line 3, column 2: 'x', which is no number"),
        ("1,x\n3,4\n", "line 1, column 2: 'x', which is no number"),
        ("a,b,c\n1,2\n", "line 2 with 2 columns, where the header has 3"),
        ("1,5;2,5\n" * 2, "line 2, column 1: '1,5', which is no number"),
        ('"1,5","2,5"\n' * 2, "line 2, column 1: '1,5', which is no number"),
        (",a,b\n0,1,2\n", r"line 1, a header .*to_csv\(index=False\)"),
        ('{"a": [1,\n2, 3', "line 1, a header with a column without a name"),
        ("\x00\n\x00\n", "line 2, column 1"),
    ],
)
def test_what_is_wrong_is_said(file, text, received):
    file.write_text(text)
    with pytest.raises(ValueError, match=f"set.csv: expected a file .* Received: {received}"):
        read_text(file)


def test_texts_of_another_coding_are_refused(file):
    file.write_bytes("1,2\n".encode("utf-16"))
    with pytest.raises(ValueError, match="set.csv: expected .* Received: .*utf-8"):
        read_text(file)


@pytest.mark.parametrize("delimiter", [",", " "])
def test_bits_are_read_the_quick_way(file, delimiter):
    bits = np.random.default_rng(0).integers(0, 2, (7, 5))
    write(file, [list(map(str, row)) for row in bits], delimiter)
    found = read_text(file)
    assert found.dtype == bool
    np.testing.assert_array_equal(found, bits)
    packed = file.with_name("set.csv.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    np.testing.assert_array_equal(read_text(packed), bits)
