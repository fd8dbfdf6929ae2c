"""`tfgen edit`: regions of a user's image are redrawn, or an error of one line."""

import re

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from keras import layers
from PIL import Image

import tfgen
from tfgen.conditions import Classes
from tfgen.diffusion import LinearSchedule
from tfgen.training import RunFolder
from tfgen.training.run_editing import kept_mask
from tfgen_cli.main import main


def call(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def small(shape, condition=None, **arguments):
    """A denoiser of one convolution, which is traced in no time, of weights that matter."""
    inputs = [keras.Input(shape), keras.Input(())]
    h = layers.Conv2D(shape[-1], 3, padding="same")(inputs[0])
    if condition is not None:
        inputs.append(keras.Input(condition.given_spec.shape[1:]))
        h = h + layers.Reshape((1, 1, -1))(layers.Dense(shape[-1])(inputs[2]))
    values = {"schedule": LinearSchedule(3), "condition": condition, **arguments}
    return tfgen.DDPM(denoiser=keras.Model(inputs, h), **values)


def save(model, folder):
    """What the commands read of a finished run."""
    folder.mkdir()
    model.save(folder / "model.keras")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of a model with classes, of one with levels and none, and images for them."""
    folder = tmp_path_factory.mktemp("edit")
    keras.utils.set_random_seed(0)
    models = {
        "classes": small((8, 9, 3), Classes(4)),
        "levels": small((8, 9, 1), levels=3),
    }
    for name, model in models.items():
        save(model, folder / name)
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 256, (8, 9, 3), "uint8")).save(folder / "colour.png")
    Image.fromarray(random.integers(0, 256, (8, 9), "uint8")).save(folder / "grey.png")
    Image.fromarray(random.integers(0, 256, (8, 8), "uint8")).save(folder / "narrow.png")
    (folder / "text.png").write_text("no image")
    return folder, models


def test_a_region_is_what_the_model_draws_and_the_rest_is_the_file(runs, tmp_path, monkeypatch):
    folder, models = runs
    # What is loaded is the same model, whose sampler would be compiled a second time.
    monkeypatch.setattr(RunFolder, "load_model", lambda run: models[run.path.name])
    pixels = np.asarray(Image.open(folder / "colour.png"))
    regions = ((1, 2, 3, 4), (7, 0, 2, 1))
    given = ("--condition", 3, "--guidance", 2.5, "--seed", 4)
    options = [part for x in regions for part in ("--region", ",".join(map(str, x)))]
    image = ("--image", folder / "colour.png")
    result = call(
        "edit", folder / "classes", *image, *options, *given, "--output", tmp_path / "a.png"
    )
    assert result.exit_code == 0, result.output
    found = np.asarray(Image.open(tmp_path / "a.png"))
    inside = np.zeros((8, 9), bool)
    inside[2:6, 1:4] = inside[0, 7:] = True
    np.testing.assert_array_equal(found[~inside], pixels[~inside])
    x = pixels[None].astype("float32") / 255
    mask = np.broadcast_to(~inside[..., None], (8, 9, 3)).astype("float32")
    np.testing.assert_array_equal(kept_mask((8, 9, 3), regions), mask)
    edited = models["classes"].edit(x, mask, condition=3, guidance=2.5, seed=4)[0].numpy()
    assert np.abs(found[inside] - 255 * edited[inside]).max() <= 0.51
    assert np.mean(found[inside] != pixels[inside]) > 0.9


def test_a_model_of_levels_reads_any_grey_and_leaves_the_file_as_it_is(runs, tmp_path, monkeypatch):
    folder, _ = runs
    pixels = np.asarray(Image.open(folder / "grey.png"))
    mask = np.ones((8, 9, 1), "float32")
    mask[:3] = 0

    def edit(model, x, kept, *, seed):
        np.testing.assert_array_equal(model.check(x)[0, ..., 0], np.rint(pixels / 127.5) / 2)
        np.testing.assert_array_equal(kept, mask)
        return np.full((1, 8, 9, 1), 0.401)

    monkeypatch.setattr(tfgen.DDPM, "edit", edit)
    image = ("--image", folder / "grey.png", "--region", "0,0,9,3")
    result = call("edit", folder / "levels", *image, "--output", tmp_path / "a.PNG")
    assert result.exit_code == 0, result.output
    found = np.asarray(Image.open(tmp_path / "a.PNG"))
    np.testing.assert_array_equal(found[3:], pixels[3:])
    np.testing.assert_array_equal(found[:3], 102)


REGION = ("--region", "0,0,2,2")


@pytest.mark.parametrize(
    ("run", "image", "options", "message"),
    [
        ("levels", "grey.png", ("--region", "8,0,2,2"), "width is 9 and whose height is 8. Receiv"),
        ("levels", "grey.png", (*REGION, "--region", "0,7,1,2"), "inside of the image.*: 0,7,1,2"),
        ("levels", "grey.png", ("--region", "-1,0,2,2"), "inside of the image.*: -1,0,2,2"),
        ("levels", "grey.png", ("--region", "1,1,0,2"), "at least one pixel. Received: 1,1,0,2"),
        ("levels", "grey.png", ("--region", "1,1,2,-2"), "at least one pixel. Received: 1,1,2,-2"),
        ("levels", "grey.png", ("--region", "1,1,2"), "as X,Y,W,H, four whole .* Received: 1,1,2"),
        ("levels", "grey.png", ("--region", "a,1,2,3"), "as X,Y,W,H, four whole .*: a,1,2,3"),
        ("levels", "grey.png", (), "Missing option '--region'"),
        ("levels", "narrow.png", REGION, "narrow.png: expected an image of height 8 and width 9"),
        ("levels", "text.png", REGION, "text.png: expected an image that decodes"),
        ("levels", "none.png", REGION, "none.png: expected a file"),
        ("levels", "grey.png", (*REGION, "--output", "b.jpg"), r"ends in \.png, .*: b\.jpg"),
        ("levels", "grey.png", (*REGION, "--condition", "1"), "no condition for a DDPM .*: '1'"),
        ("levels", "grey.png", (*REGION, "--guidance", "2"), "without a condition.*Received: 2"),
        (
            "classes",
            "colour.png",
            REGION,
            "for this DDPM, which has learned with Classes. Received: none",
        ),
        ("classes", "colour.png", (*REGION, "--condition", "4"), "from 0 to 3. Received: 4"),
        ("classes", "colour.png", (*REGION, "--condition", "x"), "from 0 to 3. Received: x"),
        (".", "grey.png", REGION, "expected the folder of a finished run"),
    ],
)
def test_what_cannot_be_edited_ends_in_one_line(runs, tmp_path, run, image, options, message):
    folder, _ = runs
    output = tmp_path / "a.png"
    result = call("edit", folder / run, "--output", output, "--image", folder / image, *options)
    errors = [line for line in result.output.splitlines() if "Error:" in line]
    assert result.exit_code == 2 and len(errors) == 1 and "Traceback" not in result.output
    assert re.search(message, errors[0])
    assert not output.exists()


def test_a_run_of_a_model_that_edits_no_images_is_refused_with_what_it_has(runs, tmp_path):
    folder, _ = runs
    for name, model, commands in (
        (
            "gan",
            tfgen.GAN.default((8, 9, 1), latent_dim=2, hidden=(3,)),
            "evaluate, export, sample",
        ),
        (
            "vectors",
            tfgen.DDPM.default((3,), num_steps=2, base_channels=2),
            "anomaly, evaluate, export, sample",
        ),
    ):
        save(model, tmp_path / name)
        image = ("--image", folder / "grey.png", *REGION)
        result = call("edit", tmp_path / name, *image, "--output", tmp_path / "a.png")
        kind = type(model).__name__
        message = f"has the command edit. Received: a {kind}, which has the commands {commands}\n"
        assert result.exit_code == 2 and result.output.endswith(message), result.output
