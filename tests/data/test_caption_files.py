"""Captions of folders of images."""

import json

import numpy as np
import pytest
from PIL import Image

from tfgen.data import info, load, load_arrays


@pytest.fixture
def folder(tmp_path):
    """Three pictures to train on and one to test, in two folders of classes."""
    for split, name, shade in (
        ("train", "cats/a", 10),
        ("train", "cats/b", 20),
        ("train", "dogs/c", 30),
        ("test", "dogs/d", 40),
    ):
        file = tmp_path / split / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((2, 2), shade, np.uint8)).save(file)
    return tmp_path


CAPTIONS = {
    "train/cats/a.png": "a grey cat",
    "train/cats/b.png": 'a cat, ünder "glass"',
    "train/dogs/c.png": "",
    "test/dogs/d.png": "one zebra",
}


def as_json(folder, captions):
    (folder / "captions.json").write_text(json.dumps(captions))


def as_csv(folder, captions):
    quoted = [
        f'{name},"{caption.replace(chr(34), 2 * chr(34))}"' for name, caption in captions.items()
    ]
    (folder / "captions.csv").write_text("\n".join(["file,caption", *quoted, ""]), "utf-8")


@pytest.mark.parametrize("write", [as_json, as_csv])
def test_each_picture_comes_with_its_caption(folder, write):
    write(folder, CAPTIONS)
    x, y = load_arrays(folder, "train", labels=True)
    found = dict(zip(np.rint(255 * x[:, 0, 0, 0]).astype(int).tolist(), y.tolist(), strict=True))
    expected = zip((10, 20, 30), list(CAPTIONS.values())[:3], strict=True)
    assert found == dict(expected)
    for limit in (0, 2**30):
        batch = next(iter(load(folder, "test", labels=True, batch_size=1, memory_limit=limit)))
        assert batch[1].numpy().tolist() == [b"one zebra"]


def test_the_vocabulary_is_that_of_the_split(folder):
    as_json(folder, CAPTIONS)
    facts = info(folder, "train")
    assert facts.vocabulary == ("a", "cat", "glass", "grey", "ünder")
    assert (facts.length, facts.num_classes) == (4, None)
    assert info(folder, "test").vocabulary == ("one", "zebra")


def test_a_picture_without_a_caption_is_named(folder):
    as_json(folder, dict(list(CAPTIONS.items())[1:]))
    with pytest.raises(
        ValueError, match="a caption for each image. Received: none for train/cats/a.png$"
    ):
        load_arrays(folder, "train", labels=True)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("captions.json", "[1]", "an object of captions by file. Received: list"),
        ("captions.json", '{"a.png": 3}', "a text for 'a.png'. Received: 3"),
        ("captions.json", '{"a.png"', "captions that read. Received: Expecting"),
        ("captions.csv", "", "captions that read"),
        ("captions.csv", "a.png,a cat\n", "under the header file,caption"),
        ("captions.csv", "file,caption\na.png,a cat,grey\n", "'grey'.*not two columns"),
    ],
)
def test_files_that_do_not_read_are_named(folder, name, text, message):
    (folder / name).write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        load_arrays(folder, "train")
    assert name in str(error.value)


def test_two_files_of_captions_are_refused(folder):
    as_json(folder, CAPTIONS)
    as_csv(folder, CAPTIONS)
    with pytest.raises(ValueError, match="captions.json and captions.csv. Received: both"):
        load_arrays(folder, "train")
