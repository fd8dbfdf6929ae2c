"""`tfgen assemble`: a user's image files become a whole image, or an error of one line."""

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import tfgen
from tfgen.training import image_grid
from tfgen_cli.main import main

SIDES = ((5, 7), (8, 8), (30, 20))


def call(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What the command reads of a finished run, and three patches."""
    folder = tmp_path_factory.mktemp("assembly")
    keras.utils.set_random_seed(0)
    model = tfgen.PuzzleGAN.default((8, 8, 1), latent_dim=3, base_filters=2, embedding_dim=4)
    model.compile()
    (folder / "run").mkdir()
    model.save(folder / "run" / "model.keras")
    random = np.random.default_rng(0)
    for name, sides in zip("abc", SIDES, strict=True):
        Image.fromarray(random.integers(0, 256, sides, "uint8")).save(folder / f"{name}.png")
    (folder / "text.png").write_text("no image")
    return folder, model


def test_files_of_any_size_in_any_order_become_the_same_whole(run, tmp_path):
    folder, model = run
    patches = [np.asarray(Image.open(folder / f"{name}.png")) / 255.0 for name in "abc"]
    patches = [each[None, ..., None].repeat(2, axis=0) for each in patches]
    expected = model.assemble(patches, seed=4).numpy()
    for order in ("abc", "cab"):
        files = [folder / f"{name}.png" for name in order]
        output = tmp_path / f"{order}.npz"
        result = call("assemble", folder / "run", *files, "-n", 2, "--seed", 4, "--output", output)
        assert result.exit_code == 0, result.output
        np.testing.assert_allclose(np.load(output)["x"], expected, atol=1e-5)
    result = call("assemble", folder / "run", *files, "--output", tmp_path / "whole.png")
    assert result.exit_code == 0, result.output
    found = np.array(Image.open(tmp_path / "whole.png").convert("L"))
    one = model.assemble([each[:1] for each in patches], seed=0)
    assert np.abs(found - image_grid(one)[..., 0].astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("files", "output", "message"),
    [
        (("a.png", "b.png"), "x.png", "a list of 3 patches"),
        (("a.png", "b.png", "c.png", "a.png"), "x.png", "a list of 3 patches"),
        (("a.png", "b.png", "text.png"), "x.png", "text.png: expected an image"),
        (("a.png", "b.png", "none.png"), "x.png", "none.png: expected a file"),
        (("a.png", "b.png", "run"), "x.png", "run: expected a regular file"),
        (("a.png", "b.png", "c.png"), "x.txt", "ends in"),
        (("a.png", "b.png", "c.png"), "x.csv", "ends in"),
        ((), "x.png", "PATCHES"),
    ],
)
def test_bad_files_and_counts_end_in_one_line(run, tmp_path, files, output, message):
    folder, _ = run
    paths = [folder / name for name in files]
    result = call("assemble", folder / "run", *paths, "--output", tmp_path / output)
    assert result.exit_code == 2 and message in result.output
    assert len([line for line in result.output.splitlines() if "Error:" in line]) == 1
    assert "Traceback" not in result.output and not (tmp_path / output).exists()


def test_a_run_of_another_model_is_refused(run, tmp_path):
    folder, _ = run
    (tmp_path / "run").mkdir()
    tfgen.GAN.default((8, 8, 1), latent_dim=2, hidden=(3,)).save(tmp_path / "run" / "model.keras")
    result = call("assemble", tmp_path / "run", folder / "a.png", "--output", tmp_path / "x.png")
    assert result.exit_code == 2 and "such as PuzzleGAN. Received: GAN" in result.output
