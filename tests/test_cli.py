import errno
import json
import os
import re
import shutil

import keras
import numpy as np
import pytest
from click.testing import CliRunner

import tfgen
from tfgen import registry, training
from tfgen.training import image_grid, load_run, run_pictures
from tfgen_cli.main import main

TINY = ("--set", "latent_dim=2", "--set", "architecture=DenseNetworks((8,))")


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


def test_guidance_is_that_of_the_samples(conditional, tmp_path):
    keras.utils.set_random_seed(0)
    condition = tfgen.conditions.Classes(10)
    model = tfgen.DDPM.default((8, 8, 1), num_steps=2, base_channels=2, condition=condition)
    rng, network = np.random.default_rng(0), model.averaged_denoiser
    network.set_weights([rng.normal(scale=0.2, size=w.shape) for w in network.get_weights()])
    run, path = tmp_path / "run", tmp_path / "a.png"
    shutil.copytree(conditional, run)
    model.save(run / "model.keras")
    for options, arguments, columns in (
        (("--condition", "7", "--guidance", "2"), {"condition": 7, "guidance": 2.0}, None),
        (("--guidance", "3"), {"condition": np.arange(10), "guidance": 3.0}, 1),
    ):
        result = call("sample", run, "-n", 10, *options, "--output", path)
        assert result.exit_code == 0, result.output
        expected = image_grid(model.sample(10, seed=0, **arguments), num_columns=columns)
        np.testing.assert_array_equal(picture(path), expected[..., 0])
        plain = model.sample(10, seed=0, condition=arguments["condition"])
        assert np.any(image_grid(plain, num_columns=columns) != expected)
    result = call("sample", conditional, "--guidance", "2", "--output", tmp_path / "b.png")
    assert result.exit_code == 2 and "a diffusion model alone. Received: 2.0" in result.output


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
    result = call("sample", run, "--output", tmp_path / "b.PNG")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "b.PNG").read_bytes()[:4] == b"\x89PNG"
    for name in ("a.gif", "a", "png"):
        result = call("sample", run, "--output", tmp_path / name)
        assert result.exit_code == 2 and "ends in .png" in result.output
        assert not (tmp_path / name).exists()


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    np.save(folder / "x.npy", np.random.default_rng(0).normal(size=(60, 3)).astype("float32"))
    settings = (*TINY, "--set", "likelihood=Normal")
    command = ("train", "VAE", "--data", folder / "x.npy", "--epochs", 1)
    result = call(*command, "--output", folder / "run", *settings)
    assert result.exit_code == 0, result.output
    return folder / "run"


def test_samples_are_written_as_arrays(run, vectors, tmp_path):
    for folder, ending, read in (
        (vectors, ".npy", np.load),
        (vectors, ".npz", lambda path: np.load(path)["x"]),
        (vectors, ".csv", lambda path: np.loadtxt(path, "float32", delimiter=",")),
        (run, ".npy", np.load),
        (run, ".NPZ", lambda path: np.load(path)["x"]),
    ):
        path = tmp_path / f"a{ending}"
        result = call("sample", folder, "-n", 5, "--seed", 4, "--output", path)
        assert result.exit_code == 0, result.output
        x, expected = read(path), load_run(folder).sample(5, seed=4)
        assert x.dtype == np.float32
        np.testing.assert_array_equal(x, expected)


def test_samples_that_a_file_cannot_hold_are_refused_with_the_endings_that_can(
    run, vectors, tmp_path
):
    for folder, name, message in (
        (vectors, "a.png", r"ends in \.npy, \.npz, \.csv for samples of shape \(3,\)"),
        (
            run,
            "a.csv",
            r"ends in \.png, \.jpg, \.jpeg, \.npy, \.npz for samples of shape \(8, 8, 1",
        ),
    ):
        result = call("sample", folder, "--output", tmp_path / name)
        assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
        assert re.search(message, result.stderr)
        assert not list(tmp_path.iterdir())


def test_training_that_diverges_has_exit_status_2_and_one_line(tmp_path):
    settings = (*TINY, "--set", "objective=ELBO(1e39)")
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


def test_terms_of_a_bound_are_for_models_that_have_them(run):
    result = call("evaluate", run, "--num-terms", 3)
    assert result.exit_code == 2
    assert re.fullmatch("Error: expected num_terms .* 3 for a VAE", result.stderr.strip())
    result = call("evaluate", run, "--num-terms", 3, "--num-samples", 3)
    assert result.exit_code == 2 and "different models" in result.stderr
    result = call("evaluate", run, "--num-samples", 3)
    found = json.loads(result.stdout)["likelihood"]
    x = tfgen.data.load_arrays("digits", "test", binarize="threshold")
    expected = load_run(run).iwae_bound(x, 3, seed=0).numpy().mean()
    assert found["kind"] == "IWAE, k = 3"
    np.testing.assert_allclose(found["mean"], expected, rtol=1e-5)


def test_evaluate_adds_the_gap_to_more_samples_on_a_few_images(run):
    result = call("evaluate", run, "--num-samples", 2, "--gap-samples", 6, "--gap-examples", 30)
    assert result.exit_code == 0, result.output
    found = json.loads((run / "metrics.json").read_text())["test"]["likelihood"]
    x = tfgen.data.load_arrays("digits", "test", binarize="threshold")
    few, many = (tfgen.evaluation.ImportanceWeighted(k) for k in (2, 6))
    expected = tfgen.evaluation.two_phase_likelihood(
        load_run(run), x, cheap=few, dear=many, num_examples=30
    )
    np.testing.assert_allclose(found["mean"], expected.mean, rtol=1e-6)
    np.testing.assert_allclose(found["standard_error"], expected.standard_error, rtol=1e-5)
    assert found["kind"] == "IWAE, k = 2, and its mean gap to IWAE, k = 6"
    assert found["protocol"]["num_dear_examples"] == 30
    assert found["protocol"]["num_examples"] == len(x) and found["protocol"]["split"] == "test"
    # Without --num-samples it is the gap to the bound that the model is trained by.
    result = call("evaluate", run, "--gap-samples", 2, "--gap-examples", 30)
    kind = json.loads(result.stdout)["likelihood"]["kind"]
    assert kind == "ELBO, and its mean gap to IWAE, k = 2"


def test_anomaly_prints_figures_and_writes_the_worst_images(run, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "noise.npz", x_test=rng.integers(0, 256, (60, 8, 8), dtype="uint8"))
    arguments = ("--data", tmp_path / "noise.npz", "--output", tmp_path / "worst.png")
    result = call("anomaly", run, *arguments, "--false-alarm-rate", 0.1)
    assert result.exit_code == 0, result.output
    expected = training.anomaly(
        run, tmp_path / "noise.npz", false_alarm_rate=0.1, output=tmp_path / "again.png"
    )
    assert json.loads(result.stdout) == expected
    assert (tmp_path / "worst.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    result = call("anomaly", run, *arguments, "--score", "ratio")
    assert result.exit_code == 2 and len(result.output.splitlines()) == 1
    assert "Error: expected a background" in result.output


def test_the_scores_of_the_help_are_those_that_there_are():
    assert main.commands["anomaly"].params[2].type.choices == training.run_anomaly.SCORES


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
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--set", "architecture"), "key=value"),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--set", "latent_dim=x"), "x"),
        (
            ("train", "VAE", "--data", "digits", "--epochs", 1, "--set", "objective=ELBO(-1)"),
            "beta",
        ),
        (("train", "NADE", "--data", "digits", "--epochs", 1, "--set", "num_hidden=0"), "least 1"),
        (("train", "DDPM", "--data", "digits", "--epochs", 1, "--binarize", "threshold"), "binar"),
        (
            ("train", "NADE", "--data", "digits", "--epochs", 1, "--set", "condition=Classes"),
            "NADE",
        ),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--distribute", "all"), "mirrored"),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--seed", 2**31), "2147483648"),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--learning-rate", "nan"), "above 0"),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--learning-rate", 0), "above 0"),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--channels", 2), "channels"),
        (("train", "GAN", "--data", "digits", "--epochs", 1, "--patience", 3), "one phase"),
        (("train", "VAE", "--data", "digits", "--epochs", 1, "--set", "likelihood=5"), "a Head"),
        (("train", "VAE", "--config", "no-such-file"), "no-such-file"),
        (("train", "VAE", "--data", "digits", "--minutes", "nan"), "above 0"),
        (("compare", "VAEE", "--data", "digits", "--minutes", 1), "or folders"),
        (("compare", "VAE", "--data", "digits", "--minutes", 0), "above 0"),
        (("compare", "VAE", "--minutes", 1), "a data set"),
        (("compare", "VAE", "--data", "digits"), "epochs or minutes"),
        (("compare", "VAE", "--data", "digits", "--set", "latent_dim=2"), "MODEL.KEY=VALUE"),
        (("sample", "no-such-run"), "no-such-run"),
        (("evaluate", "."), "finished run"),
        (("anomaly", "."), "--data"),
        (("anomaly", ".", "--data", "digits", "--score", "x"), "likelihood"),
        (("anomaly", ".", "--data", "digits", "--false-alarm-rate", 1), "0<x<1"),
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


ANSWERED = """
import sys
from click.testing import CliRunner
from tfgen_cli.main import main

train = ["train", "VAE", "--data", "digits", "--epochs", "1", "--output", "run"]
for arguments, status in [
    (["--help"], 0),
    (["--version"], 0),
    (["models"], 0),
    (["train", "--help"], 0),
    (["anomaly", "--help"], 0),
    (["anomaly", ".", "--data", "digits", "--score", "x"], 2),
    (["edit", ".", "--image", "a.png", "--region", "1,2,3", "--output", "b.png"], 2),
    (["similarity", "."], 2),
    (["compare", "VAEE", "--output", "compared"], 2),
    (["compare", "VAE", "--set", "VAE", "--output", "compared"], 2),
    (["train", "VAEE", *train[2:]], 2),
    (train[:4], 2),
    ([*train, "--depth", "3"], 2),
    ([*train, "--set", "depth=3"], 2),
    ([*train, "--set", "depth"], 2),
    ([*train, "--epochs", "0"], 2),
    ([*train[:4], *train[6:]], 2),
]:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == status, (arguments, result.output)
print(sorted({"tensorflow", "keras", "numpy"} & set(sys.modules)))
"""


def test_help_models_and_errors_of_use_import_nothing_heavy(python):
    assert python("-c", ANSWERED).stdout == "[]\n"


def test_a_command_says_what_it_has_to_say_and_nothing_else(python, tmp_path):
    """TensorFlow's own lines come past Python, at its import and later."""
    code = f"""
import os, sys
os.environ.pop("TF_CPP_MIN_LOG_LEVEL")
sys.argv = ["tfgen", "sample", {str(tmp_path)!r}, "--output", "a.png"]
from tfgen_cli.main import main
main()
"""
    done = python("-c", code, check=False)
    expected = f"Error: expected the folder of a finished run. Received: {tmp_path}, without"
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{expected} model.keras\n"


@pytest.fixture
def trained(monkeypatch):
    """What `tfgen train` gives to `tfgen.training.train`, which does nothing here."""
    calls = []
    monkeypatch.setattr(training, "train", lambda build, data, **o: calls.append((data, o)))
    return calls


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_a_file_gives_what_the_command_line_does_not(tmp_path, trained, ending):
    values = {
        "model": "GAN",
        "data": "digits",
        "epochs": 30,
        "output": "run",
        "batch-size": 50,
        "learning_rate": 1e-3,
        "overwrite": True,
        "set": {"hidden": [8, 4], "dropout": 0.5, "loss_pair": "Minimax"},
    }
    file = tmp_path / f"run.{ending}"
    lines = [f"{key}: {json.dumps(value)}\n" for key, value in values.items()]
    file.write_text(json.dumps(values) if ending == "json" else "".join(lines))
    result = call("train", "--config", file, "--epochs", 2, "--set", "dropout=0.2")
    assert result.exit_code == 0, result.output
    [(data, options)] = trained
    settings = {"hidden": "(8, 4, )", "dropout": "0.2", "loss_pair": "Minimax"}
    assert (data, options["arguments"]) == ("digits", {"model": "GAN", "set": settings})
    names = ("epochs", "output", "batch_size", "learning_rate", "overwrite", "seed", "patience")
    assert [options[name] for name in names] == [2, "run", 50, 1e-3, True, 0, None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epocs: 3", "Received: epocs"),
        ("epochs: 1.5", "'1.5' is not a valid integer"),
        ("set: [1]", "set to be a table"),
        ("a: [", "expected YAML or JSON"),
        ("data: \udcff", "expected YAML or JSON"),
        ("- 3", "expected a table of arguments"),
    ],
)
def test_a_file_that_says_something_else_is_refused(tmp_path, trained, text, message):
    (tmp_path / "run.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    result = call(
        *("train", "VAE", "--data", "digits", "--output", "run"),
        *("--config", tmp_path / "run.yaml"),
    )
    assert (result.exit_code, trained) == (2, []) and message in result.output


def test_options_reach_the_training_and_the_arguments_of_the_run(tmp_path):
    folder = tmp_path / "run"
    command = ("train", "VAE", "--data", "digits", "--output", folder, *TINY)
    command += ("--learning-rate", "0.01", "--patience", 5)
    assert call(*command, "--epochs", 1).exit_code == 0
    np.testing.assert_allclose(load_run(folder).optimizer.learning_rate, 0.01, rtol=1e-6)
    written = json.loads((folder / "arguments.json").read_text())
    assert (written["learning_rate"], written["patience"]) == (0.01, 5)
    assert written["batch_size"] == tfgen.VAE.default_batch_size
    result = call(*command, "--epochs", 1, "--resume", "--batch-size", written["batch_size"])
    assert result.exit_code == 0, result.output
    result = call(*command, "--epochs", 1, "--resume", "--batch-size", 50)
    assert result.exit_code == 2 and "batch_size=100. Received: batch_size=50" in result.output


DAMAGES = {
    "model.keras": lambda content: content[:2000] + bytes([content[2000] ^ 1]) + content[2001:],
    "metrics.json": lambda content: b"[1, 2]",
    "checkpoint.keras": lambda content: content[: len(content) // 2],
    "history.csv": lambda content: content[: len(content) - 5],
    "arguments.json": lambda content: content[:-9],
}


@pytest.mark.parametrize("name", list(DAMAGES))
def test_a_damaged_file_is_named_and_what_to_do(run, tmp_path, name):
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / name).write_bytes(DAMAGES[name]((run / name).read_bytes()))
    train = ("train", "VAE", "--data", "digits", "--epochs", 2, "--output", folder, *TINY)
    read = {"model.keras": ("export", folder), "metrics.json": ("evaluate", folder)}
    result = call(*read.get(name, (*train, "--resume")))
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    assert re.search(rf"expected {folder / name} as a run .*(--overwrite|--resume)", result.stderr)


def test_a_disk_that_is_full_ends_in_one_line_and_leaves_what_can_be_resumed(tmp_path, monkeypatch):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "checkpoint.keras")

    def failing(epoch):
        def fail(self, better):
            if self.model.epochs_seen == epoch:
                raise full
            write(self, better)

        return fail

    write = training.Checkpoint.write
    command = ("train", "VAE", "--data", "digits", "--epochs", 2, "--output", tmp_path / "run")
    for epoch, left in ((1, False), (2, True)):
        with monkeypatch.context() as patch:
            patch.setattr(training.Checkpoint, "write", failing(epoch))
            result = call(*command, *TINY)
        assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
        assert re.search("No space left.*checkpoint.keras.*no room.*--resume", result.stderr)
        assert (tmp_path / "run" / "checkpoint.keras").exists() == left
        assert (tmp_path / "run").exists() == left
    assert call(*command, *TINY, "--resume").exit_code == 0


def test_a_bug_shows_where_it_is(run, monkeypatch, tmp_path):
    def bug(*args, **kwargs):
        raise RuntimeError("a bug")

    monkeypatch.setattr(run_pictures, "write_drawn", bug)
    result = call("sample", run, "--output", tmp_path / "a.png")
    assert isinstance(result.exception, RuntimeError)


def test_what_was_written_meanwhile_is_shown_where_an_import_fails(capfd):
    from tfgen_cli.quiet import _silence

    with _silence():
        os.write(2, b"not seen")
    with pytest.raises(ImportError), _silence():
        os.write(2, b"seen")
        raise ImportError
    os.write(2, b", and later")
    assert capfd.readouterr().err == "seen, and later"
