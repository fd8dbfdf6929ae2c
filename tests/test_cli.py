import json

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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("(400, 200)", (400, 200)),
        ("data", 17),
        ("Bernoulli", tfgen.distributions.Bernoulli()),
        ("Categorical", tfgen.distributions.Categorical(17)),
        ("Categorical(4)", tfgen.distributions.Categorical(4)),
        ("LogisticMixture(5)", tfgen.distributions.LogisticMixture(5, 17)),
        ("Normal(scale=0.1)", tfgen.distributions.Normal(scale=0.1)),
        ("Minimax()", tfgen.adversarial.Minimax()),
    ],
)
def test_values_of_set_are_literals_or_values_by_name(text, value):
    assert registry.read_value(text, levels=17) == value


@pytest.mark.parametrize(
    "text", ["open", "__import__('os')", "Bernoulli(", "VAE", "Categorical(0)"]
)
def test_other_values_of_set_are_refused(text):
    with pytest.raises(ValueError, match="Received:"):
        registry.read_value(text, levels=17)
