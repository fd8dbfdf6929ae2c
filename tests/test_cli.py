import json
import re

import keras
import numpy as np
import pytest
from click.testing import CliRunner

import tfgen
from tfgen import registry
from tfgen.cli import main
from tfgen.training import image_grid, load_run

TINY = ("--set", "latent_dim=2", "--set", "hidden=(8,)")


def call(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "run"
    result = call("train", "VAE", "--data", "digits", "--epochs", 1, "--output", folder, *TINY)
    assert result.exit_code == 0, result.output
    return folder


def test_train_builds_what_set_says(run):
    model = load_run(run)
    assert model.prior == tfgen.distributions.StandardNormal(2)
    assert model.encoder.layers[2].units == 8


def test_sample_draws_the_same_picture_for_the_same_seed(run, tmp_path):
    for name in ("a.png", "b.png"):
        result = call("sample", run, "-n", 9, "--seed", 4, "--output", tmp_path / name)
        assert result.exit_code == 0, result.output
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    picture = np.array(keras.utils.load_img(tmp_path / "a.png", color_mode="grayscale"))
    np.testing.assert_array_equal(picture, image_grid(load_run(run).sample(9, seed=4))[..., 0])


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "conditional"
    settings = (*TINY, "--set", "condition=Classes")
    result = call("train", "VAE", "--data", "digits", "--epochs", 1, "--output", folder, *settings)
    assert result.exit_code == 0, result.output
    return folder


def picture(path):
    return np.array(keras.utils.load_img(path, color_mode="grayscale"))


def test_sample_draws_what_condition_says(conditional, tmp_path):
    model = load_run(conditional)
    assert model.condition == tfgen.conditions.Classes(10)
    result = call(
        "sample", conditional, "-n", 4, "--condition", "7", "--output", tmp_path / "a.png"
    )
    assert result.exit_code == 0, result.output
    samples = model.sample(4, condition=7, seed=0)
    np.testing.assert_array_equal(picture(tmp_path / "a.png"), image_grid(samples)[..., 0])


def test_sample_without_a_condition_shows_a_row_for_each(conditional, tmp_path):
    result = call("sample", conditional, "-n", 20, "--seed", 3, "--output", tmp_path / "a.png")
    assert result.exit_code == 0, result.output
    samples = load_run(conditional).sample(20, condition=np.repeat(np.arange(10), 2), seed=3)
    expected = image_grid(samples, num_columns=2)[..., 0]
    np.testing.assert_array_equal(picture(tmp_path / "a.png"), expected)


def test_conditions_that_do_not_fit_are_refused_in_one_line(run, conditional, tmp_path):
    for folder, text, message in (
        (run, "7", "expected a condition for a model .* '7' for a VAE"),
        (conditional, "seven", "a class from 0 to 9. Received: seven"),
        (conditional, "10", "from 0 to 9. Received: 10"),
    ):
        result = call("sample", folder, "--condition", text, "--output", tmp_path / "a.png")
        assert result.exit_code == 2 and len(result.output.splitlines()) == 1
        assert re.search(message, result.output)
    assert not (tmp_path / "a.png").exists()


def test_a_picture_is_written_as_its_ending_says(run, tmp_path):
    result = call("sample", run, "--output", tmp_path / "a.jpg")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "a.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    result = call("sample", run, "--output", tmp_path / "a.gif")
    assert result.exit_code == 2 and "ends in .png" in result.output


def test_training_that_diverges_has_exit_status_2_and_one_line(tmp_path):
    settings = (*TINY, "--set", "beta=1e39")
    command = ("train", "VAE", "--data", "digits", "--epochs", 3, "--output", tmp_path / "run")
    result = call(*command, *settings)
    assert result.exit_code == 2
    assert re.fullmatch("Error: .*loss = nan.* in epoch 1; no epoch .*", result.stderr.strip())
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [
        "arguments.json",
        "history.csv",
        "logs",
    ]


def test_evaluate_prints_what_it_writes(run):
    result = call("evaluate", run)
    assert result.exit_code == 0, result.output
    written = json.loads((run / "metrics.json").read_text())["test"]
    assert json.loads(result.stdout) == written


def test_export_writes_the_saved_model_where_it_is_told(run, tmp_path):
    result = call("export", run, "--output", tmp_path / "served")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "served" / "saved_model.pb").exists()
    assert "sample" in result.output


def test_models_lists_every_model_with_its_density():
    result = call("models")
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.output.splitlines()}
    assert set(lines) == {"name", *registry.models()}
    for name, density in {
        "NADE": "exact",
        "VAE": "bound",
        "DDPM": "bound",
        "GAN": "implicit",
    }.items():
        assert density in lines[name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "VAEE", "--data", "digits", "--epochs", 1), "one of the models"),
        (("train", "VAE", "--data", "digits", "--epochs", 0), "0"),
        (("train", "VAE", "--data", "digits"), "--epochs"),
        (("train", "VAE", "--data", "no-such-data", "--epochs", 1), "no-such-data"),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--set", "depth=3"), "latent_dim"),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--set", "hidden"), "key=value"),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--set", "latent_dim=x"), "x"),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--set", "beta=-1"), "beta"),
        (("train", "GAN", "--data", "digits", "--epochs", 1, "--binarize", "threshold"), "binar"),
        (
            ("train", "NADE", "--data", "digits", "--epochs", 1, "--set", "condition=Classes"),
            "NADE",
        ),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--distribute", "all"), "mirrored"),
        (("sample", "no-such-run"), "no-such-run"),
        (("evaluate", "."), "finished run"),
    ],
)
def test_errors_are_one_line_and_exit_status_2(tmp_path, arguments, message):
    if arguments[0] != "evaluate":
        arguments = (*arguments, "--output", tmp_path / "out")
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    error = [line for line in result.output.splitlines() if line.startswith("Error:")]
    assert len(error) == 1
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()
