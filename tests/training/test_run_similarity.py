"""`tfgen similarity`: cosines of a user's images and captions, or an error of one line."""

import re

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import tfgen
from tfgen.conditions import Captions
from tfgen.networks import DenseNetworks
from tfgen_cli.main import main

CAPTIONS = ("a red seven", "a blue one", "")
TINY = {"embedding_dim": 3, "architecture": DenseNetworks((4,)), "width": 4, "num_heads": 2}


def call(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the command reads of a finished run, and images."""
    folder = tmp_path_factory.mktemp("similarity")
    keras.utils.set_random_seed(0)
    model = tfgen.CLIP.default((5, 4, 3), Captions.from_corpus(CAPTIONS), num_layers=1, **TINY)
    (folder / "run").mkdir()
    model.save(folder / "run" / "model.keras")
    random = np.random.default_rng(0)
    for name in "ab":
        Image.fromarray(random.integers(0, 256, (5, 4, 3), "uint8")).save(folder / f"{name}.png")
    Image.fromarray(random.integers(0, 256, (4, 4, 3), "uint8")).save(folder / "flat.png")
    (folder / "text.png").write_text("no image")
    x = np.stack([np.asarray(Image.open(folder / f"{name}.png")) for name in "ab"])
    return folder, model.similarity(x.astype("float32") / 255, CAPTIONS).numpy()


def arguments(folder, images, captions):
    given = [part for image in images for part in ("--image", folder / image)]
    return (folder / "run", *given, *(part for text in captions for part in ("--caption", text)))


def test_a_row_for_each_image_and_the_best_caption_has_a_star(run, monkeypatch):
    folder, expected = run
    monkeypatch.chdir(folder)
    images = ("--image", "a.png", "--image", "b.png")
    captions = [part for text in CAPTIONS for part in ("--caption", text)]
    result = call("similarity", "run", *images, *captions)
    assert result.exit_code == 0, result.output
    head, *rows = result.output.splitlines()
    assert re.split(r"\s{2,}", head.strip()) == ["image", "a red seven", "a blue one", '""']
    assert [row.split()[0] for row in rows] == ["a.png", "b.png"]
    for row, values in zip(rows, expected, strict=True):
        cells = row.split()[1:]
        np.testing.assert_allclose([float(each.rstrip("*")) for each in cells], values, atol=6e-4)
        assert [each.endswith("*") for each in cells] == list(values == values.max())


def test_a_line_for_each_pair_where_captions_are_long(run, monkeypatch):
    folder, expected = run
    monkeypatch.chdir(folder)
    texts = (CAPTIONS[0], f"{CAPTIONS[1]}\n {'of no known word ' * 6}")
    captions = [part for text in texts for part in ("--caption", text)]
    result = call("similarity", "run", "--image", "b.png", *captions)
    assert result.exit_code == 0, result.output
    lines = [line.split(maxsplit=2) for line in result.output.splitlines()]
    assert lines[0] == ["image", "cosine", "caption"]
    assert [(name, text) for name, _, text in lines[1:]] == [
        ("b.png", " ".join(text.split())) for text in texts
    ]
    assert lines[1][1].rstrip("*") == f"{expected[1, 0]:.3f}"
    assert sum(cell.endswith("*") for _, cell, _ in lines[1:]) == 1


@pytest.mark.parametrize(
    ("images", "captions", "message"),
    [
        (("a.png", "flat.png"), ("x",), "flat.png: expected an image of height 5 and width 4"),
        (("text.png",), ("x",), "text.png: expected an image that decodes"),
        (("none.png",), ("x",), "none.png: expected a file"),
        ((), ("x",), "Missing option '--image'"),
        (("a.png",), (), "Missing option '--caption'"),
    ],
)
def test_bad_files_and_missing_captions_end_in_one_line(run, images, captions, message):
    result = call("similarity", *arguments(run[0], images, captions))
    errors = [line for line in result.output.splitlines() if "Error:" in line]
    assert result.exit_code == 2 and len(errors) == 1 and message in errors[0]
    assert "Traceback" not in result.output


def test_a_run_of_another_model_is_refused_with_what_it_has(run, tmp_path):
    (tmp_path / "run").mkdir()
    model = tfgen.VAE.default((5, 4, 1), latent_dim=2, architecture=DenseNetworks((3,)))
    model.save(tmp_path / "run" / "model.keras")
    images = ("--image", run[0] / "a.png", "--caption", "x")
    result = call("similarity", tmp_path / "run", *images)
    message = "a VAE, which has the commands anomaly, evaluate, export, sample\n"
    assert result.exit_code == 2 and result.output.endswith(message), result.output
