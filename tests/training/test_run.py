import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest

import tfgen
from tfgen.data import load_arrays
from tfgen.training import evaluate, image_grid, load_run, read_history, train


def tiny(info):
    return tfgen.VAE.default(info.event_shape, latent_dim=2, hidden=(8,))


def tiny_nade(info):
    return tfgen.NADE.default(info.event_shape, num_hidden=4, levels=info.levels)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "vae"
    return folder, train(tiny, "digits", epochs=2, output=folder, verbose=0)


def test_a_run_leaves_what_it_promises(run):
    folder, model = run
    assert sorted(path.name for path in folder.iterdir()) == [
        "arguments.json",
        "checkpoint.keras",
        "curves.png",
        "history.csv",
        "logs",
        "metrics.json",
        "model.keras",
        "samples.png",
        "saved_model",
    ]
    metrics = json.loads((folder / "metrics.json").read_text())
    assert (metrics["binarize"], metrics["levels"]) == ("threshold", None)
    assert (
        metrics["num_train"] + metrics["num_validation"] == tfgen.data.info("digits").num_examples
    )
    assert metrics["num_parameters"] == model.count_params()
    rows = read_history(folder / "history.csv")
    assert [row["epoch"] for row in rows] == [1, 2]
    assert metrics["final"] == {k: v for k, v in rows[-1].items() if k != "epoch"}
    for row in rows:
        np.testing.assert_allclose(row["distortion"] + row["rate"], row["negative_elbo"], rtol=1e-5)


def test_the_loaded_run_is_the_trained_model(run):
    folder, model = run
    loaded = load_run(folder)
    for a, b in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_samples_png_holds_the_samples_of_the_seed(run):
    folder, model = run
    picture = keras.utils.load_img(folder / "samples.png", color_mode="grayscale")
    np.testing.assert_array_equal(np.array(picture), image_grid(model.sample(64, seed=0))[..., 0])


def test_evaluate_adds_the_test_set_to_the_metrics(run):
    folder, model = run
    figures = evaluate(folder)
    x = load_arrays("digits", "test", binarize="threshold")
    elbo = model.elbo(x, seed=0, batch_size=100).numpy()
    assert figures["num_examples"] == len(x)
    np.testing.assert_allclose(figures["elbo"], elbo.mean(), rtol=1e-5)
    np.testing.assert_allclose(figures["bits_per_dim"], -elbo.mean() / 64 / np.log(2), rtol=1e-5)
    np.testing.assert_allclose(
        figures["standard_error"], elbo.std(ddof=1) / np.sqrt(len(x)), rtol=1e-4
    )
    assert json.loads((folder / "metrics.json").read_text())["test"] == figures


def test_a_finished_run_resumes_without_a_change(run):
    folder, model = run
    before = (folder / "model.keras").read_bytes()
    train(tiny, "digits", epochs=2, output=folder, resume=True, verbose=0)
    assert (folder / "model.keras").read_bytes() == before


def test_a_categorical_model_gets_the_levels_of_the_data(tmp_path):
    model = train(tiny_nade, "digits", epochs=1, output=tmp_path / "nade", verbose=0)
    metrics = json.loads((tmp_path / "nade" / "metrics.json").read_text())
    assert (metrics["levels"], metrics["binarize"], model.levels) == (17, None, 17)
    assert metrics["validation"]["kind"] == "exact"


class Killed(Exception):
    """Stands for a process that ends."""


@pytest.mark.parametrize("binarize", ["threshold", "stochastic"])
@pytest.mark.parametrize("moment", ["before the row", "before the checkpoint", "during the epoch"])
def test_a_run_that_ended_anywhere_resumes_bit_for_bit(tmp_path, monkeypatch, moment, binarize):
    def options(name):
        return dict(output=tmp_path / name, epochs=3, batch_size=300, binarize=binarize, verbose=0)

    whole = train(tiny, "digits", **options("whole"))

    owner, method = {
        "before the row": ("History", "on_epoch_end"),
        "before the checkpoint": ("Checkpoint", "on_epoch_end"),
        "during the epoch": ("Checkpoint", "on_train_batch_end"),
    }[moment]

    def end(self, index, logs=None, calls=[]):  # noqa: B006
        calls.append(index)
        if self.model.epochs_seen == 2:
            raise Killed
        if method == "on_epoch_end":
            original(self, index, logs)

    original = getattr(getattr(tfgen.training, owner), method)
    with monkeypatch.context() as patch:
        patch.setattr(getattr(tfgen.training, owner), method, end)
        with pytest.raises(Killed):
            train(tiny, "digits", **options("killed"))
    resumed = train(tiny, "digits", resume=True, **options("killed"))
    for a, b in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert read_history(tmp_path / "killed/history.csv") == read_history(
        tmp_path / "whole/history.csv"
    )


def test_a_killed_process_resumes_bit_for_bit(tmp_path):
    def command(name, *more):
        return [
            *(sys.executable, "-m", "tfgen.cli", "train", "NADE", "--data", "digits"),
            *("--epochs", "12", "--batch-size", "20", "--set", "num_hidden=16"),
            *("--output", str(tmp_path / name), *more),
        ]

    subprocess.run(command("whole"), check=True, capture_output=True)
    killed = subprocess.Popen(
        command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (tmp_path / "killed/history.csv").exists() and killed.poll() is None:
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed/model.keras").exists()
    subprocess.run(command("killed", "--resume"), check=True, capture_output=True)
    whole, resumed = load_run(tmp_path / "whole"), load_run(tmp_path / "killed")
    assert resumed.epochs_seen == 12
    for a, b in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_existing_folder_is_not_overwritten(run, tmp_path):
    folder, _ = run
    with pytest.raises(ValueError, match="resume or overwrite"):
        train(tiny, "digits", epochs=1, output=folder)
    (tmp_path / "mine.txt").write_text("not a run")
    with pytest.raises(ValueError, match="folder of a run to overwrite"):
        train(tiny, "digits", epochs=1, output=tmp_path, overwrite=True)
    assert (tmp_path / "mine.txt").exists()


def test_resume_wants_the_same_arguments(run):
    with pytest.raises(ValueError, match="seed=0.*Received: seed=1"):
        train(tiny, "digits", epochs=2, output=run[0], seed=1, resume=True)


def test_binarize_is_for_binary_models(tmp_path):
    with pytest.raises(ValueError, match="17 levels"):
        train(tiny_nade, "digits", epochs=1, output=tmp_path / "run", binarize="threshold")
    assert not (tmp_path / "run").exists()


def test_what_is_no_run_is_said_to_be_none(tmp_path):
    with pytest.raises(ValueError, match="finished run"):
        load_run(tmp_path)
