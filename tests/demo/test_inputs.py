"""What a browser may send is read exactly, or refused in a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from test_contract import TEXTS

from tfgen.conditions import Attributes, CaptionedVector, Captions, Classes, SmallImage, Vector
from tfgen.demo import inputs
from tfgen.demo.inputs import Choice, Choices, ImageFile, Number, Region, Text
from tfgen.demo.method_inputs import condition_input

GREY = ImageFile("x", "image", (2, 3, 1), 3)
SEED = Number("seed", "seed", 0, 9, 0)


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        (SEED, 4.0, 4),
        (Number("a", "a", -1, 1, 0, 0.5), 1, 1.0),
        (Number("a", "a", 1, 9, 1, then=lambda n: n + 1), 4, 5),
        (Choice("a", "a", ("0", "1"), then=int), "1", 1),
        (Choices("a", "a", ("p", "q", "r")), ["r", "p"], ["p", "r"]),
        (Text("a", "a"), None, ""),
    ],
)
def test_an_answer_becomes_an_argument(asked, answer, expected):
    found = asked.read(answer)
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("asked", "answer", "message"),
    [
        (SEED, None, "seed from 0 to 9. Received: None"),
        (SEED, "4", "seed from 0 to 9. Received: '4'"),
        (SEED, True, "seed from 0 to 9. Received: True"),
        (SEED, 10, "seed from 0 to 9. Received: 10"),
        (SEED, float("nan"), "seed from 0 to 9. Received: nan"),
        (SEED, 0.5, "seed from 0 to 9, a whole number. Received: 0.5"),
        (Choice("a", "class", ("0", "1")), "2", "class to be one of 0, 1. Received: '2'"),
        (Choice("a", "class", ("0", "1")), ["0"], "one of 0, 1. Received: "),
        (Choices("a", "hair", ("long",)), ["short"], "hair among long. Received: "),
        (Choices("a", "hair", ("long",)), "long", "hair among long. Received: 'long'"),
        (Text("a", "caption"), "x" * 3000, "at most 2000 characters. Received: 'xxx"),
        (Text("a", "caption"), {"a": 1}, "at most 2000 characters. Received: "),
        (GREY, None, "expected an image as image. Received: none"),
        (GREY, {"path": "x"}, "expected an image as image. Received: none"),
        (Region("m", "m", GREY), None, "at least one painted pixel. Received: none"),
        (Region("m", "m", GREY), [], "at least one painted pixel. Received: none"),
        (Region("m", "m", GREY), [6], "painted pixels from 0 to 5, row by row. Received: 6"),
        (Region("m", "m", GREY), [-1], "from 0 to 5, row by row. Received: -1"),
        (Region("m", "m", GREY), ["0"], "from 0 to 5, row by row. Received: '0'"),
    ],
)
def test_what_the_page_cannot_have_sent_is_refused(asked, answer, message):
    with pytest.raises(ValueError) as caught:
        asked.read(answer)
    assert message in str(caught.value) and len(str(caught.value)) < 200


def test_painted_pixels_are_drawn_in_all_channels():
    kept = Region("m", "m", ImageFile("x", "image", (2, 3, 3))).read([1, 5, 5])
    expected = np.ones((2, 3, 3), "float32")
    expected[0, 1] = expected[1, 2] = 0
    np.testing.assert_array_equal(kept, expected)


def test_an_image_file_becomes_the_nearest_levels(upload):
    x = np.array([[0, 0.2, 0.3], [0.7, 0.8, 1]])[..., None]
    expected = np.array([[0, 0, 0.5], [0.5, 1, 1]], "float32")[..., None]
    np.testing.assert_array_equal(GREY.read(upload(x)), expected)


def test_a_file_of_any_size_keeps_it(upload):
    x = np.linspace(0, 1, 12).reshape(4, 3, 1)
    read = ImageFile("x", "patch", (None, None, 1)).read(upload(x))
    np.testing.assert_allclose(read, x, atol=0.5 / 255 + 1e-6)


def test_what_is_no_such_image_is_named_without_its_folder(upload, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    for path, message in (
        (upload(np.zeros((3, 2, 1)), "tall"), "tall.png: expected an image of height 2 and width"),
        (str(tmp_path / "text.png"), "text.png: expected an image that decodes"),
        (str(tmp_path / "none.png"), "none.png: expected a file that reads"),
        (str(tmp_path), "expected a regular file. Received: a folder"),
    ):
        with pytest.raises(ValueError, match="Received: ") as caught:
            GREY.read(path)
        assert message in str(caught.value)
        assert str(tmp_path) not in str(caught.value)


def test_too_large_an_upload_is_refused_before_it_is_decoded(upload, monkeypatch, tmp_path):
    path = upload(np.zeros((2, 3, 1)))
    monkeypatch.setattr(inputs, "MAX_UPLOAD", 20)
    with pytest.raises(ValueError, match=r"^x\.png: expected at most 20 bytes\. Received: \d+$"):
        GREY.read(path)
    monkeypatch.setattr(inputs, "MAX_UPLOAD", 2**20)
    # A small file of very many pixels.
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png_of_zeros(12000, 12000))
    assert bomb.stat().st_size < 2**20
    with pytest.raises(ValueError, match=r"12000 x 12000 pixels, more than 1,073,741,824 bytes"):
        GREY.read(str(bomb))


def png_of_zeros(width, height):
    """The bytes of a grey PNG file, which need never be in memory unpacked."""
    packed, out = zlib.compressobj(), io.BytesIO()
    body = b"".join(packed.compress(bytes(1 + width)) for _ in range(height)) + packed.flush()
    out.write(b"\x89PNG\r\n\x1a\n")
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    for kind, data in ((b"IHDR", head), (b"IDAT", body), (b"IEND", b"")):
        out.write(struct.pack(">I", len(data)) + kind + data)
        out.write(struct.pack(">I", zlib.crc32(kind + data)))
    return out.getvalue()


def test_a_condition_is_asked_for_by_its_kind():
    classes = condition_input(Classes(3))
    assert classes.choices == ("0", "1", "2") and classes.read("2") == 2
    assert condition_input(Classes(3), np.array([2, 1])).known == ("2", "1")
    hair = condition_input(Attributes(("long", "bold")))
    np.testing.assert_array_equal(hair.read(["bold"]), [0, 1])
    known = condition_input(Attributes(("long", "bold")), np.array([[1.0, 1.0], [0.0, 1.0]])).known
    assert known == (["long", "bold"], ["bold"])
    captions = Captions.from_corpus(TEXTS)
    text = condition_input(captions, np.array([b"a blue one", b"a red seven"]))
    assert text.initial() == "a blue one" and text.read("a seven") == "a seven"
    assert "blue" in text.help
    np.testing.assert_array_equal(condition_input(Vector(2)).read("(0.5, 1)"), [0.5, 1])
    assert condition_input(Vector(2), np.float32([[0.5, 1]])).initial() == "(0.5, 1.0)"
    assert condition_input(CaptionedVector(captions, 2)).read("a red seven") == "a red seven"


def test_a_small_image_is_uploaded_and_no_path_is_typed(upload):
    asked = condition_input(SmallImage((2, 3, 1)))
    assert isinstance(asked, ImageFile)
    x = np.linspace(0, 1, 6).reshape(2, 3, 1)
    np.testing.assert_allclose(asked.read(upload(x)), x, atol=0.5 / 255 + 1e-6)
